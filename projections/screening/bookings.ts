import type { Static } from 'typebox';
import { type queries, schema as screening } from '../../schemas/screening.ts';
import { projection } from '../kernel/projection.ts';

type Booking = Static<typeof queries.booking.item>;

const statusAfter = { BookingCanceled: 'canceled', BookingForceCanceled: 'force-canceled' } as const;

/** The desk's view and my page's: every booking with its statuses. */
export const bookings = projection({
  context: screening,
  name: 'screening.bookings',
  version: 1,
  events: ['ScreeningBooked', 'BookingCanceled', 'BookingForceCanceled'],
  key: (event) => `${event.data.slotId}.${event.data.bookingId}`,
  evolve: (booking: Booking | null, event) => {
    const { time } = event.metadata;
    if (event.type === 'ScreeningBooked') {
      const { slotId, bookingId, customerId, hospitalName, date } = event.data;
      const history: Booking['history'] = [{ status: 'booked', time }];
      return { slotId, bookingId, customerId, hospitalName, date, status: 'booked', bookedAt: time, history };
    }
    if (!booking) throw new Error('A booking that was never made is cancelled');
    const status = statusAfter[event.type];
    return { ...booking, status, history: [...booking.history, { status, time }] };
  },
  indexes: [
    { bookedAt: 1, _id: 1 },
    { date: 1, _id: 1 },
    { date: 1, bookedAt: 1, _id: 1 },
    { status: 1, _id: 1 },
    { status: 1, bookedAt: 1, _id: 1 },
    { status: 1, date: 1, _id: 1 },
    { slotId: 1, _id: 1 },
    { slotId: 1, bookedAt: 1, _id: 1 },
    { slotId: 1, date: 1, _id: 1 },
    { slotId: 1, status: 1, _id: 1 },
    { slotId: 1, status: 1, bookedAt: 1, _id: 1 },
    { customerId: 1, _id: 1 },
    { customerId: 1, bookedAt: 1, _id: 1 },
    { customerId: 1, date: 1, _id: 1 },
    { customerId: 1, status: 1, _id: 1 },
  ],
});
