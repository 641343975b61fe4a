import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, schema } from '../schemas/food-court.ts';
import type { ReadContext } from './kernel/context.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const shops = db.collection<Overview['shops'][number]>('food-court.shops');
    const alarms = db.collection<Overview['board'][number] & { status: string }>('food-court.alarms');
    const [totals, raised, busiest, newest] = await Promise.all([
      sumsOf(shops, {}, { shops: 1, openOrders: '$openOrders' }),
      alarms.countDocuments({ status: 'raised' }),
      firstOf(shops, {}, '-openOrders', 200, 'busySince'),
      firstOf(alarms, { status: 'raised' }, '-raisedAt', 200, 'status'),
    ]);
    return { totals: { ...totals, alarms: raised }, shops: busiest, board: newest };
  },
};
