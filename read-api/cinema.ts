import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, queries, schema } from '../schemas/cinema.ts';
import type { ReadContext } from './kernel/context.ts';
import { withCurrent } from './kernel/current-fields.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

/** Milliseconds for the titles and times of the latest reservations. */
const WITHIN = 5_000;

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const sums = { showings: 1, seats: '$seats', held: '$held', sold: '$sold', left: '$left' } as const;
    const [count, totals, byTitle, latest] = await Promise.all([
      db.collection('cinema.movies').countDocuments({ status: 'on' }),
      sumsOf(db.collection('cinema.showings'), { status: 'open' }, sums),
      firstOf(db, queries.movie, { status: 'on' }, 'title', 50),
      firstOf(db, queries.reservation, {}, '-since', 50),
    ]);
    const current = queries.reservations.current ?? {};
    return {
      totals: { movies: count, ...totals },
      movies: byTitle,
      reservations: latest.length > 0 ? await withCurrent(db, current, latest, WITHIN) : latest,
    };
  },
};
