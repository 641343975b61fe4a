import type { Static } from 'typebox';
import { schema as cinema, type queries } from '../../schemas/cinema.ts';
import { messageIdOf, messageOf } from '../../schemas/cinema-messages.ts';
import { projection } from '../kernel/projection.ts';

type Message = Static<typeof queries.customerMessages.item>;

export const messages = projection({
  context: cinema,
  name: 'cinema.messages',
  version: 1,
  events: ['ReservationConfirmed', 'SeatReservationCanceled', 'PaymentRefunded', 'MessageSent'],
  key: messageIdOf,
  evolve: (message: Message | null, event): Message => {
    const at = event.metadata.time;
    if (event.type !== 'MessageSent') return { ...messageOf(event), status: 'kept', at };
    if (!message) throw new Error('A message was sent that nobody wrote');
    return { ...message, status: 'sent', sentAt: at };
  },
  indexes: [
    { customerId: 1, _id: 1 },
    { customerId: 1, at: 1, _id: 1 },
  ],
});
