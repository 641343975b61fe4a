import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, queries, schema } from '../schemas/parking.ts';
import type { ReadContext } from './kernel/context.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const lots = db.collection<Overview['lots'][number]>('parking.lots');
    const [totals, byName, newest] = await Promise.all([
      sumsOf(lots, { status: 'open' }, { lots: 1, spots: '$spots', reserved: '$reserved', free: '$free' }),
      firstOf(db, queries.lot, {}, 'name', 200),
      firstOf(db, queries.lotReservation, {}, '-reservedAt', 50),
    ]);
    return { totals, lots: byName, reservations: newest };
  },
};
