import type { Static } from 'typebox';
import { type queries, schema as screening } from '../../schemas/screening.ts';
import { projection } from '../kernel/projection.ts';

type Slot = Static<typeof queries.slot.item>;

const withBooked = (slot: Slot, booked: number): Slot => ({ ...slot, booked, left: slot.capacity - booked });

export const slots = projection({
  context: screening,
  name: 'screening.slots',
  version: 1,
  events: ['SlotOpened', 'ScreeningBooked', 'BookingCanceled', 'SlotDeleted', 'BookingForceCanceled'],
  key: (event) => event.data.slotId,
  evolve: (slot: Slot | null, event) => {
    if (event.type === 'SlotOpened') {
      const { slotId, hospitalName, date, capacity } = event.data;
      return { slotId, hospitalName, date, status: 'open', capacity, booked: 0, left: capacity };
    }
    if (!slot) throw new Error(`${event.type} for a slot that was never opened`);
    switch (event.type) {
      case 'ScreeningBooked':
        return withBooked(slot, slot.booked + 1);
      case 'BookingCanceled':
      case 'BookingForceCanceled':
        return withBooked(slot, slot.booked - 1);
      case 'SlotDeleted':
        return { ...slot, status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { date: 1, _id: 1 },
    { left: 1, _id: 1 },
    { status: 1, _id: 1 },
    { status: 1, date: 1, _id: 1 },
    { status: 1, left: 1, _id: 1 },
    { hospitalName: 1, _id: 1 },
    { hospitalName: 1, date: 1, _id: 1 },
    { date: 1, left: 1, _id: 1 },
    { hospitalName: 1, left: 1, _id: 1 },
  ],
});
