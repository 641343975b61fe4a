import { schema as screening, slotPlaces } from '../../schemas/screening.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { limitedPlaces } from '../kernel/limited-places.ts';
import { report } from '../kernel/report.ts';
import { bookings, customerBookings } from './bookings.ts';
import { slots } from './slots.ts';

const taken = ({ places = 1 }: { places?: number }) => places;
const freed = ({ places = 1 }: { places?: number }) => -places;

const views = [slots, bookings, customerBookings, ...limitedPlaces(screening, slotPlaces, 'ScreeningBooked')];

export const projections = [
  ...views,
  history(screening, views),
  activity(screening, {
    ScreeningBooked: taken,
    BookingCanceled: freed,
    BookingForceCanceled: freed,
    BookingRescheduled: freed,
    ScreeningAttended: freed,
    BookingMissed: freed,
  }),
  report(screening, {
    version: 1,
    counts: {
      // A rescheduled booking was counted when it was made.
      ScreeningBooked: ({ from }) => ({ bookings: from === undefined ? 1 : 0 }),
      BookingCanceled: () => ({ cancellations: 1 }),
      BookingForceCanceled: () => ({ cancellations: 1 }),
      BookingMissed: () => ({ noShows: 1 }),
    },
  }),
];
