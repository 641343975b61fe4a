import type { Static } from 'typebox';
import { type queries, type ScreeningEvent, schema as screening } from '../../schemas/screening.ts';
import { projection } from '../kernel/projection.ts';

type Booking = Static<typeof queries.booking.item>;
type Booked = Extract<ScreeningEvent, { type: 'ScreeningBooked' }>['data'];

const withStatus = (booking: Booking, status: Booking['status'], time: string): Booking => ({
  ...booking,
  status,
  history: [...booking.history, { status, time }],
});

/** Returns a booking in its slot. One that was rescheduled keeps its history and the time when it was made. */
const bookedIn = (
  known: Booking | null,
  { from, places = 1, firstSlotId: _slot, holdId: _hold, entryId: _entry, ...booking }: Booked,
  status: 'booked' | 'rescheduled',
  time: string,
): Booking => {
  const before = from ? known : null;
  return {
    ...booking,
    places,
    status: 'booked',
    bookedAt: before?.bookedAt ?? time,
    history: [...(before?.history ?? []), { status, time }],
  };
};

type Change = (booking: Booking, data: unknown, event: { metadata: { time: string } }) => Booking;

const to =
  (status: Booking['status']): Change =>
  (booking, _data, { metadata }) =>
    withStatus(booking, status, metadata.time);

const missing = 'a booking that was never made';

/** The bookings of every slot, for the hospital's desk. */
export const bookings = projection<Booking>()({
  context: screening,
  name: 'screening.bookings',
  version: 2,
  key: ({ slotId, bookingId }) => `${slotId}.${bookingId}`,
  on: {
    ScreeningBooked: (booking, data, { metadata }) => bookedIn(booking, data, 'booked', metadata.time),
  },
  onExisting: {
    BookingCanceled: to('canceled'),
    BookingForceCanceled: to('force-canceled'),
    BookingRescheduled: to('rescheduled'),
    ScreeningAttended: to('attended'),
    BookingMissed: to('missed'),
  },
  missing,
});

/**
 * The bookings of customers, each with its history through all slots. The slot that takes a booking decides that it is
 * rescheduled; the event of the slot that it leaves may come later, and changes nothing here.
 */
export const customerBookings = projection<Booking>()({
  context: screening,
  name: 'screening.customerBookings',
  version: 1,
  key: ({ slotId, bookingId, firstSlotId = slotId }) => `${firstSlotId}.${bookingId}`,
  on: {
    ScreeningBooked: (booking, data, { metadata }) =>
      bookedIn(booking, data, data.from ? 'rescheduled' : 'booked', metadata.time),
  },
  onExisting: {
    BookingCanceled: to('canceled'),
    BookingForceCanceled: to('force-canceled'),
    ScreeningAttended: to('attended'),
    BookingMissed: to('missed'),
  },
  missing,
});
