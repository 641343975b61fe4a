import { schema as cinema } from '../../schemas/cinema.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { messages } from './messages.ts';
import { movies } from './movies.ts';
import { reservations } from './reservations.ts';
import { reviews } from './reviews.ts';
import { showings } from './showings.ts';

export const projections = [
  movies,
  showings,
  reservations,
  messages,
  reviews,
  history(cinema),
  activity(cinema, { ReservationConfirmed: 1, SeatReservationCanceled: -1 }),
];
