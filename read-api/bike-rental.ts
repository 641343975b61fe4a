import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, queries, schema } from '../schemas/bike-rental.ts';
import type { ReadContext } from './kernel/context.ts';
import { firstOf } from './kernel/overviews.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const bikes = db.collection('bike-rental.bikes');
    const [all, available, inUse, outOfService, openBills, byLocation, newest] = await Promise.all([
      bikes.countDocuments({ status: { $ne: 'retired' } }),
      bikes.countDocuments({ status: 'available' }),
      bikes.countDocuments({ status: 'in-use' }),
      bikes.countDocuments({ status: 'out-of-service' }),
      db.collection('bike-rental.bills').countDocuments({ status: 'open' }),
      firstOf(db, queries.bike, { status: { $ne: 'retired' } }, 'location', 200),
      firstOf(db, queries.rental, { kind: 'rental' }, '-at', 50),
    ]);
    return { totals: { bikes: all, available, inUse, outOfService, openBills }, bikes: byLocation, rentals: newest };
  },
};
