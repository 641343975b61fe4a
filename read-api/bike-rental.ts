import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, schema } from '../schemas/bike-rental.ts';
import type { ReadContext } from './kernel/context.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const shown = { projection: { _id: 0, _position: 0 } };
    const bikes = db.collection<Overview['bikes'][number]>('bike-rental.bikes');
    const rentals = db.collection<Overview['rentals'][number] & { kind: string; at: string }>('bike-rental.rentals');
    const [all, available, inUse, outOfService, openBills, byLocation, newest] = await Promise.all([
      bikes.countDocuments({ status: { $ne: 'retired' } }),
      bikes.countDocuments({ status: 'available' }),
      bikes.countDocuments({ status: 'in-use' }),
      bikes.countDocuments({ status: 'out-of-service' }),
      db.collection('bike-rental.bills').countDocuments({ status: 'open' }),
      bikes
        .find({ status: { $ne: 'retired' } }, shown)
        .sort({ location: 1, _id: 1 })
        .limit(200)
        .toArray(),
      rentals
        .find({ kind: 'rental' }, { projection: { _id: 0, _position: 0, kind: 0, at: 0 } })
        .sort({ at: -1, _id: -1 })
        .limit(50)
        .toArray(),
    ]);
    return { totals: { bikes: all, available, inUse, outOfService, openBills }, bikes: byLocation, rentals: newest };
  },
};
