import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, schema } from '../schemas/bike-rental.ts';
import type { ReadContext } from './kernel/context.ts';
import { firstOf } from './kernel/overviews.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const bikes = db.collection<Overview['bikes'][number]>('bike-rental.bikes');
    const rentals = db.collection<Overview['rentals'][number] & { kind: string; at: string }>('bike-rental.rentals');
    const [all, available, inUse, outOfService, openBills, byLocation, newest] = await Promise.all([
      bikes.countDocuments({ status: { $ne: 'retired' } }),
      bikes.countDocuments({ status: 'available' }),
      bikes.countDocuments({ status: 'in-use' }),
      bikes.countDocuments({ status: 'out-of-service' }),
      db.collection('bike-rental.bills').countDocuments({ status: 'open' }),
      firstOf(bikes, { status: { $ne: 'retired' } }, 'location', 200),
      firstOf(rentals, { kind: 'rental' }, '-at', 50, 'kind', 'at'),
    ]);
    return { totals: { bikes: all, available, inUse, outOfService, openBills }, bikes: byLocation, rentals: newest };
  },
};
