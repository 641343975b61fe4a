import type { Static } from 'typebox';
import { schema as cinema, type queries } from '../../schemas/cinema.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { projection } from '../kernel/projection.ts';
import { counts, newCounts } from './showing-counts.ts';

type Showing = Static<typeof queries.showing.item>;

export const showings = projection<Showing>()({
  context: cinema,
  name: 'cinema.showings',
  version: 7,
  key: ({ showingId }) => showingId,
  on: {
    ShowingOpened: (_showing, { showingId, movieId, title, startsAt, seats, hallId, price, cancelUntil, holdFor }) => ({
      showingId,
      movieId,
      title,
      startsAt,
      seats,
      price,
      ...defined({ cancelUntil, holdFor, hallId }),
      ...newCounts(seats),
    }),
  },
  onExisting: {
    ShowingMoved: (showing, { startsAt }) => ({ ...showing, startsAt }),
    ...counts,
  },
  missing: 'a showing that was never opened',
});
