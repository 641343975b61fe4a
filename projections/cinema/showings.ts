import type { Static } from 'typebox';
import { schema as cinema, type queries, showingPlaces } from '../../schemas/cinema.ts';
import { placeCounts } from '../kernel/place-counts.ts';
import { projection } from '../kernel/projection.ts';
import { add, counts, opened } from './showing-counts.ts';

type Showing = Static<typeof queries.showing.item>;

export const showings = projection<Showing>()({
  context: cinema,
  name: 'cinema.showings',
  version: 7,
  key: ({ showingId }) => showingId,
  on: {
    ShowingOpened: (_showing, data) => opened(data),
  },
  onExisting: {
    ShowingMoved: (showing, { startsAt }) => ({ ...showing, startsAt }),
    ...counts,
    ...placeCounts(showingPlaces, (showing: Showing, _data, changes) => add(showing, changes)),
  },
  missing: 'a showing that was never opened',
});
