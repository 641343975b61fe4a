import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, queries, schema } from '../schemas/food-court.ts';
import type { ReadContext } from './kernel/context.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const shops = db.collection<Overview['shops'][number]>('food-court.shops');
    const [totals, raised, busiest, newest] = await Promise.all([
      sumsOf(shops, {}, { shops: 1, openOrders: '$openOrders' }),
      db.collection('food-court.alarms').countDocuments({ status: 'raised' }),
      firstOf(db, queries.shop, {}, '-openOrders', 200),
      firstOf(db, queries.board, { status: 'raised' }, '-raisedAt', 200),
    ]);
    return { totals: { ...totals, alarms: raised }, shops: busiest, board: newest };
  },
};
