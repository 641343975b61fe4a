import { schema as bikeRental } from '../../schemas/bike-rental.ts';
import { ImmutableSet } from '../kernel/collections.ts';
import { decider, refuse } from '../kernel/decider.ts';

type State = { known: ImmutableSet<string> };

const initialState: State = { known: ImmutableSet() };

/** The locations to which staff have brought bikes: users return theirs to these. */
export const locations = decider(bikeRental, {
  stream: 'bikeLocations-all',
  initialState,

  evolve: {
    LocationAdded: ({ known }, { location }) => ({ known: known.add(location) }),
  },

  commands: {
    AddLocation: {
      decide: (data, { known }) => (known.has(data.location) ? [] : [{ type: 'LocationAdded', data }]),
    },

    CheckLocation: {
      decide: ({ location }, { known }) => (known.has(location) ? [] : refuse('station-not-found')),
    },
  },

  snapshotVersion: 1,
});
