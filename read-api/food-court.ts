import { queries, schema } from '../schemas/food-court.ts';
import { readContext } from './kernel/context.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

export const readSide = readContext(schema, async (db) => {
  const [totals, raised, busiest, newest] = await Promise.all([
    sumsOf(db, queries.shop, {}, { shops: 1, openOrders: '$openOrders' }),
    db.collection('food-court.alarms').countDocuments({ status: 'raised' }),
    firstOf(db, queries.shop, {}, '-openOrders', 200),
    firstOf(db, queries.board, { status: 'raised' }, '-raisedAt', 200),
  ]);
  return { totals: { ...totals, alarms: raised }, shops: busiest, board: newest };
});
