import { queries, schema } from '../schemas/parking.ts';
import { readContext } from './kernel/context.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

export const readSide = readContext(schema, async (db) => {
  const [totals, byName, newest] = await Promise.all([
    sumsOf(db, queries.lot, { status: 'open' }, { lots: 1, spots: '$spots', reserved: '$reserved', free: '$free' }),
    firstOf(db, queries.lot, {}, 'name', 200),
    firstOf(db, queries.lotReservation, {}, '-reservedAt', 50),
  ]);
  return { totals, lots: byName, reservations: newest };
});
