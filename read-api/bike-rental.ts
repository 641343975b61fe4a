import { queries, schema } from '../schemas/bike-rental.ts';
import { readContext } from './kernel/context.ts';
import { firstOf } from './kernel/overviews.ts';

export const readSide = readContext(schema, async (db) => {
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
});
