import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, schema } from '../schemas/food-court.ts';
import type { ReadContext } from './kernel/context.ts';
import { sumsOf } from './kernel/sums.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const shown = { projection: { _id: 0, _position: 0 } };
    const shops = db.collection<Overview['shops'][number]>('food-court.shops');
    const alarms = db.collection<Overview['board'][number] & { status: string }>('food-court.alarms');
    const [totals, raised, busiest, newest] = await Promise.all([
      sumsOf(shops, {}, { shops: 1, openOrders: '$openOrders' }),
      alarms.countDocuments({ status: 'raised' }),
      shops
        .find({}, { projection: { ...shown.projection, busySince: 0 } })
        .sort({ openOrders: -1, _id: -1 })
        .limit(200)
        .toArray(),
      alarms
        .find({ status: 'raised' }, { projection: { ...shown.projection, status: 0 } })
        .sort({ raisedAt: -1, _id: -1 })
        .limit(200)
        .toArray(),
    ]);
    return { totals: { ...totals, alarms: raised }, shops: busiest, board: newest };
  },
};
