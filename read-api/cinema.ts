import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, queries, schema } from '../schemas/cinema.ts';
import type { ReadContext } from './kernel/context.ts';
import { withCurrent } from './kernel/current-fields.ts';

/** Milliseconds for the titles and times of the latest reservations. */
const WITHIN = 5_000;

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const movies = db.collection<Overview['movies'][number]>('cinema.movies');
    const reservations = db.collection<Overview['reservations'][number]>('cinema.reservations');
    const sums = {
      showings: { $sum: 1 },
      seats: { $sum: '$seats' },
      held: { $sum: '$held' },
      sold: { $sum: '$sold' },
      left: { $sum: '$left' },
    };
    const [count, [totals], byTitle, latest] = await Promise.all([
      movies.countDocuments({ status: 'on' }),
      db
        .collection('cinema.showings')
        .aggregate<Omit<Overview['totals'], 'movies'>>([
          { $match: { status: 'open' } },
          { $group: { _id: null, ...sums } },
          { $unset: '_id' },
        ])
        .toArray(),
      movies
        .find({ status: 'on' }, { projection: { _id: 0, _position: 0, ratingSum: 0 } })
        .sort({ title: 1, _id: 1 })
        .limit(50)
        .toArray(),
      reservations
        .find({}, { projection: { _id: 0, _position: 0, hold: 0 } })
        .sort({ since: -1, _id: -1 })
        .limit(50)
        .toArray(),
    ]);
    const current = queries.reservations.current ?? {};
    return {
      totals: { movies: count, ...(totals ?? { showings: 0, seats: 0, held: 0, sold: 0, left: 0 }) },
      movies: byTitle,
      reservations: latest.length > 0 ? await withCurrent(db, current, latest, WITHIN) : latest,
    };
  },
};
