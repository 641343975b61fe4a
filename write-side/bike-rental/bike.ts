import { schema as bikeRental } from '../../schemas/bike-rental.ts';
import { decider, refuse } from '../kernel/decider.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type State = {
  registered: boolean;
  location: string;
  usable: boolean;
  /** The running rental. */
  rental: { rentalId: string; userId: string; rentedAt: string } | null;
  /** The users of the rentals that ended last. */
  returned: PastIds<string>;
  /** The latest reports. */
  reports: PastIds<true>;
};

/** Rentals, and reports, that a bike remembers, at least. */
const REMEMBERED_IDS = 1_000;

const initialState: State = {
  registered: false,
  location: '',
  usable: true,
  rental: null,
  returned: noPastIds(REMEMBERED_IDS),
  reports: noPastIds(REMEMBERED_IDS),
};

/** A bike, the unit of optimistic concurrency. */
export const bike = decider(bikeRental, {
  stream: 'bike-{bikeId}',
  initialState,

  evolve: {
    BikeRegistered: (state, { location }) => ({ ...state, registered: true, location }),
    BikeRented: (state, { rentalId, userId, rentedAt }) => ({ ...state, rental: { rentalId, userId, rentedAt } }),
    BikeReturned: (state, { rentalId, userId, location }) => ({
      ...state,
      location,
      rental: null,
      returned: remember(state.returned, rentalId, userId),
    }),
    ConditionReported: (state, { reportId, usable }) => ({
      ...state,
      usable,
      reports: remember(state.reports, reportId, true),
    }),
  },

  commands: {
    RegisterBike: {
      decide: (data, { registered }) =>
        registered ? refuse('bike-already-registered') : [{ type: 'BikeRegistered', data }],
      answer: (data) => ({ ...data, status: 'available' }),
    },

    RentBike: {
      decide: ({ bikeId, rentalId, userId }, state, { now }) => {
        if (!state.registered) return refuse('bike-not-found');
        if (userOf(state, rentalId) !== undefined) return refuse('rental-already-exists');
        if (state.rental) return refuse('bike-not-available', 'the bike is in use');
        if (!state.usable) return refuse('bike-not-available', 'the bike is out of service');
        const { location } = state;
        return [{ type: 'BikeRented', data: { bikeId, rentalId, userId, location, rentedAt: now } }];
      },
      answer: (data, [event]) => ({
        ...data,
        status: 'in-use',
        rentedAt: event?.type === 'BikeRented' ? event.data.rentedAt : undefined,
      }),
    },

    ReturnBike: {
      owner: ({ rentalId }, state) => userOf(state, rentalId),
      decide: ({ bikeId, rentalId, location }, state, { now }) => {
        if (!state.registered) return refuse('bike-not-found');
        const { rental } = state;
        if (rental?.rentalId !== rentalId)
          return refuse(userOf(state, rentalId) === undefined ? 'rental-not-found' : 'already-returned');
        const { userId, rentedAt } = rental;
        // The clock of this process may be behind the clock of the one that decided the rental.
        const returnedAt = later(now, rentedAt);
        return [{ type: 'BikeReturned', data: { bikeId, rentalId, userId, location, rentedAt, returnedAt } }];
      },
      answer: (_data, [event]) => ({ ...event?.data, status: 'returned' }),
    },

    ReportCondition: {
      decide: (data, { registered, reports }, { now }) => {
        if (!registered) return refuse('bike-not-found');
        if (recall(reports, data.reportId)) return refuse('report-already-exists');
        return [{ type: 'ConditionReported', data: { ...data, reportedAt: now } }];
      },
    },
  },

  scope: ({ registered, location }) => (registered ? { location } : undefined),
  snapshotVersion: 2,
});

const later = (time: string, other: string): string => (time > other ? time : other);

/** The user of a rental, running or returned; undefined for an id that is unused or forgotten. */
const userOf = ({ rental, returned }: State, rentalId: string): string | undefined =>
  rental?.rentalId === rentalId ? rental.userId : recall(returned, rentalId);
