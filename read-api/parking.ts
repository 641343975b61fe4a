import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, schema } from '../schemas/parking.ts';
import type { ReadContext } from './kernel/context.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const shown = { projection: { _id: 0, _position: 0 } };
    const lots = db.collection<Overview['lots'][number]>('parking.lots');
    const reservations = db.collection<Overview['reservations'][number]>('parking.reservations');
    const sums = {
      lots: { $sum: 1 },
      spots: { $sum: '$spots' },
      reserved: { $sum: '$reserved' },
      free: { $sum: '$free' },
    };
    const [[totals], byName, newest] = await Promise.all([
      lots
        .aggregate<Overview['totals']>([
          { $match: { status: 'open' } },
          { $group: { _id: null, ...sums } },
          { $unset: '_id' },
        ])
        .toArray(),
      lots.find({}, shown).sort({ name: 1, _id: 1 }).limit(200).toArray(),
      reservations.find({}, shown).sort({ reservedAt: -1, _id: -1 }).limit(50).toArray(),
    ]);
    return {
      totals: totals ?? { lots: 0, spots: 0, reserved: 0, free: 0 },
      lots: byName,
      reservations: newest,
    };
  },
};
