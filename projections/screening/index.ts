import { schema as screening } from '../../schemas/screening.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { bookings } from './bookings.ts';
import { slots } from './slots.ts';

export const projections = [
  slots,
  bookings,
  history(screening),
  activity(screening, { ScreeningBooked: 1, BookingCanceled: -1, BookingForceCanceled: -1 }),
];
