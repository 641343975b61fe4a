import type { Static } from 'typebox';
import { schema as cinema, type queries } from '../../schemas/cinema.ts';
import { messageIdOf, messageOf } from '../../schemas/cinema-messages.ts';
import { type EventFacts, projection } from '../kernel/projection.ts';

type Message = Static<typeof queries.customerMessages.item>;

const written = (
  _message: Message | null,
  _data: unknown,
  event: Parameters<typeof messageOf>[0] & EventFacts,
): Message => ({
  ...messageOf(event),
  status: 'kept',
  at: event.metadata.time,
});

export const messages = projection<Message>()({
  context: cinema,
  name: 'cinema.messages',
  version: 1,
  key: (_data, event) => messageIdOf(event),
  on: {
    ReservationConfirmed: written,
    SeatReservationCanceled: written,
    PaymentRefunded: written,
  },
  onExisting: {
    MessageSent: (message, _data, { metadata }) => ({ ...message, status: 'sent', sentAt: metadata.time }),
  },
  missing: 'a message that was never written',
});
