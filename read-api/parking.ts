import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, schema } from '../schemas/parking.ts';
import type { ReadContext } from './kernel/context.ts';
import { sumsOf } from './kernel/sums.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const shown = { projection: { _id: 0, _position: 0 } };
    const lots = db.collection<Overview['lots'][number]>('parking.lots');
    const reservations = db.collection<Overview['reservations'][number]>('parking.reservations');
    const [totals, byName, newest] = await Promise.all([
      sumsOf(lots, { status: 'open' }, { lots: 1, spots: '$spots', reserved: '$reserved', free: '$free' }),
      lots.find({}, shown).sort({ name: 1, _id: 1 }).limit(200).toArray(),
      reservations.find({}, shown).sort({ reservedAt: -1, _id: -1 }).limit(50).toArray(),
    ]);
    return { totals, lots: byName, reservations: newest };
  },
};
