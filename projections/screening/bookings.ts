import type { Static } from 'typebox';
import { type queries, schema as screening } from '../../schemas/screening.ts';
import { projection } from '../kernel/projection.ts';

type Booking = Static<typeof queries.booking.item>;

const withStatus = (booking: Booking, status: Booking['status'], time: string): Booking => ({
  ...booking,
  status,
  history: [...booking.history, { status, time }],
});

/** Every booking with its statuses, for the hospital's desk and for the customer. */
export const bookings = projection<Booking>()({
  context: screening,
  name: 'screening.bookings',
  version: 1,
  key: ({ slotId, bookingId }) => `${slotId}.${bookingId}`,
  on: {
    ScreeningBooked: (_booking, { slotId, bookingId, customerId, hospitalName, date }, { metadata: { time } }) => ({
      slotId,
      bookingId,
      customerId,
      hospitalName,
      date,
      status: 'booked',
      bookedAt: time,
      history: [{ status: 'booked', time }],
    }),
  },
  onExisting: {
    BookingCanceled: (booking, _data, { metadata }) => withStatus(booking, 'canceled', metadata.time),
    BookingForceCanceled: (booking, _data, { metadata }) => withStatus(booking, 'force-canceled', metadata.time),
  },
  missing: 'a booking that was never made',
});
