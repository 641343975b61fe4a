import { schema as bikeRental } from '../../schemas/bike-rental.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { bikes } from './bikes.ts';
import { bills } from './bills.ts';
import { deposits } from './deposits.ts';
import { managers } from './managers.ts';
import { rentals } from './rentals.ts';

export const projections = [
  bikes,
  rentals,
  bills,
  deposits,
  managers,
  history(bikeRental),
  activity(bikeRental, { BikeRented: 1, BikeReturned: -1 }),
];
