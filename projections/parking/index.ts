import { schema as parking, spots } from '../../schemas/parking.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { limitedPlaces } from '../kernel/limited-places.ts';
import { report } from '../kernel/report.ts';
import { coupons } from './coupons.ts';
import { lots } from './lots.ts';
import { reservations } from './reservations.ts';

const views = [lots, reservations, coupons, ...limitedPlaces(parking, spots, 'ParkingReserved')];

export const projections = [
  ...views,
  history(parking, views),
  activity(parking, { ParkingReserved: 1, ReservationCanceled: -1, CarDeparted: -1 }),
  report(parking, {
    version: 4,
    counts: {
      ParkingReserved: ({ amount }) => ({ bookings: 1, revenue: amount, taken: 1 }),
      ReservationDiscounted: ({ discount }) => ({ revenue: -discount }),
      ReservationCanceled: ({ reason, amount = 0 }) => ({
        [reason === 'no-show' ? 'noShows' : 'cancellations']: 1,
        refunds: amount,
        taken: -1,
      }),
      CarDeparted: ({ due }) => ({ revenue: due, taken: -1 }),
    },
    capacity: {
      LotRegistered: ({ lotId, spots }) => [lotId, spots],
      LotSpotsChanged: ({ lotId, spots }) => [lotId, spots],
      LotClosed: ({ lotId }) => [lotId, 0],
    },
  }),
];
