import { schema as parking } from '../../schemas/parking.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { coupons } from './coupons.ts';
import { lots } from './lots.ts';
import { reservations } from './reservations.ts';

export const projections = [
  lots,
  reservations,
  coupons,
  history(parking),
  activity(parking, { ParkingReserved: 1, ReservationCanceled: -1 }),
];
