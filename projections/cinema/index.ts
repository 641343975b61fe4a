import { schema as cinema, placesOf, showingPlaces } from '../../schemas/cinema.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { limitedPlaces } from '../kernel/limited-places.ts';
import { report } from '../kernel/report.ts';
import { movies } from './movies.ts';
import { reservations } from './reservations.ts';
import { reviews } from './reviews.ts';
import { seats } from './seats.ts';
import { showings } from './showings.ts';

const views = [
  movies,
  showings,
  seats,
  reservations,
  reviews,
  ...limitedPlaces(cinema, showingPlaces, 'SeatHeld', placesOf),
];

export const projections = [
  ...views,
  history(cinema, views),
  activity(cinema, { ReservationConfirmed: placesOf, SeatReservationCanceled: (data) => -placesOf(data) }),
  report(cinema, {
    version: 1,
    counts: {
      ReservationConfirmed: () => ({ bookings: 1 }),
      SeatReservationCanceled: () => ({ cancellations: 1 }),
      PaymentApproved: ({ amount }) => ({ revenue: amount }),
      PaymentRefunded: ({ amount }) => ({ refunds: amount }),
    },
  }),
];
