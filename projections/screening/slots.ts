import type { Static } from 'typebox';
import { type queries, schema as screening } from '../../schemas/screening.ts';
import { projection } from '../kernel/projection.ts';

type Slot = Static<typeof queries.slot.item>;

const withBooked = (slot: Slot, booked: number): Slot => ({ ...slot, booked, left: slot.capacity - booked });

export const slots = projection<Slot>()({
  context: screening,
  name: 'screening.slots',
  version: 1,
  key: ({ slotId }) => slotId,
  on: {
    SlotOpened: (_slot, { slotId, hospitalName, date, capacity }) => ({
      slotId,
      hospitalName,
      date,
      status: 'open',
      capacity,
      booked: 0,
      left: capacity,
    }),
  },
  onExisting: {
    ScreeningBooked: (slot) => withBooked(slot, slot.booked + 1),
    BookingCanceled: (slot) => withBooked(slot, slot.booked - 1),
    BookingForceCanceled: (slot) => withBooked(slot, slot.booked - 1),
    SlotDeleted: (slot) => ({ ...slot, status: 'deleted' }),
  },
  missing: 'a slot that was never opened',
});
