import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, schema } from '../schemas/food-court.ts';
import type { ReadContext } from './kernel/context.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const shown = { projection: { _id: 0, _position: 0 } };
    const shops = db.collection<Overview['shops'][number]>('food-court.shops');
    const alarms = db.collection<Overview['board'][number] & { status: string }>('food-court.alarms');
    const [[totals], raised, busiest, newest] = await Promise.all([
      shops
        .aggregate<Pick<Overview['totals'], 'shops' | 'openOrders'>>([
          { $group: { _id: null, shops: { $sum: 1 }, openOrders: { $sum: '$openOrders' } } },
          { $unset: '_id' },
        ])
        .toArray(),
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
    return {
      totals: { shops: 0, openOrders: 0, ...totals, alarms: raised },
      shops: busiest,
      board: newest,
    };
  },
};
