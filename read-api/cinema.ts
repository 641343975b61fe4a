import { queries, schema } from '../schemas/cinema.ts';
import { readContext } from './kernel/context.ts';
import { withCurrent } from './kernel/current-fields.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

/** Milliseconds for the titles and times of the latest reservations. */
const WITHIN = 5_000;

export const readSide = readContext(schema, async (db, { now }) => {
  const coming = { status: 'open', startsAt: { $gt: now } };
  const [count, totals, ahead, byTitle, latest] = await Promise.all([
    db.collection('cinema.movies').countDocuments({ status: 'on' }),
    sumsOf(db, queries.showing, { status: 'open' }, { seats: '$seats', held: '$held', sold: '$sold' }),
    sumsOf(db, queries.showing, coming, { showings: 1, left: '$left' }),
    firstOf(db, queries.movie, { status: 'on' }, 'title', 50),
    firstOf(db, queries.reservation, {}, '-since', 50),
  ]);
  const current = queries.reservations.current ?? {};
  return {
    totals: { movies: count, ...totals, ...ahead },
    movies: byTitle,
    reservations: latest.length > 0 ? await withCurrent(db, current, latest, WITHIN) : latest,
  };
});
