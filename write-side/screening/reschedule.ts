import { defined } from '../../schemas/kernel/defined.ts';
import type { ScreeningCommand, ScreeningEvent } from '../../schemas/screening.ts';

type Event<Type extends ScreeningEvent['type']> = Extract<ScreeningEvent, { type: Type }>;
type Command<Type extends ScreeningCommand['type']> = Extract<ScreeningCommand, { type: Type }>;

/*
 * A booking moves to another slot in three steps, each in one stream: the old slot keeps the booking for the move, the
 * new slot takes or declines it for good, and the old slot then releases or keeps it. The request that asks for the
 * move takes the steps; a policy takes those that are left. Both dispatch the commands below, which repeat safely.
 */

/** Returns the command with which the new slot takes or declines a booking. */
export const takingOf = (requested: Event<'RescheduleRequested'>['data']): Command<'TakeRescheduled'> => {
  const { slotId, bookingId, customerId, places, firstSlotId = slotId, request, toSlotId, toAt } = requested;
  const from = { slotId, request };
  const data = defined({ slotId: toSlotId, bookingId, customerId, at: toAt, places, firstSlotId, from });
  return { type: 'TakeRescheduled', data };
};

type Taken = Pick<Event<'ScreeningBooked'>['data'], 'slotId' | 'bookingId' | 'from'> & {
  reason?: Event<'RescheduleDeclined'>['data']['reason'];
};

/**
 * Returns the command with which the old slot releases or keeps a booking; none for one that came from no other slot.
 */
export const settlingOf = ({ slotId, bookingId, from, reason }: Taken): Command<'SettleReschedule'>[] =>
  from === undefined || from.slotId === slotId
    ? []
    : [{ type: 'SettleReschedule', data: { bookingId, ...from, ...defined({ reason }) } }];
