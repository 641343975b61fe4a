import { schema as bikeRental } from '../../schemas/bike-rental.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { report } from '../kernel/report.ts';
import { bikes } from './bikes.ts';
import { bills } from './bills.ts';
import { deposits } from './deposits.ts';
import { managers } from './managers.ts';
import { movements } from './movements.ts';
import { rentals } from './rentals.ts';
import { reports } from './reports.ts';
import { settings } from './settings.ts';

const views = [bikes, rentals, bills, deposits, movements, managers, reports, settings];

export const projections = [
  ...views,
  history(bikeRental, views),
  activity(bikeRental, { BikeRented: 1, BikeReturned: -1 }),
  report(bikeRental, {
    version: 2,
    counts: {
      BikeRented: () => ({ bookings: 1, taken: 1 }),
      BikeReturned: () => ({ taken: -1 }),
      BillClosed: ({ fee }) => ({ revenue: fee }),
    },
    capacity: { BikeRegistered: ({ bikeId }) => [bikeId, 1], BikeRetired: ({ bikeId }) => [bikeId, 0] },
  }),
];
