import type { BikeRentalCommand, BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { OrderedSet } from '../kernel/collections.ts';
import { type Decider, type Decision, type DecisionInput, refuse, unreachable } from '../kernel/decider.ts';
import { remember } from './once.ts';

type Event = Extract<BikeRentalEvent, { type: 'BikeRegistered' | 'BikeRented' | 'BikeReturned' | 'ConditionReported' }>;
type Command = Extract<BikeRentalCommand, { type: 'RegisterBike' | 'RentBike' | 'ReturnBike' | 'ReportCondition' }>;

type RunningRental = { rentalId: string; userId: string; rentedAt: string };

type State = {
  registered: boolean;
  location: string;
  usable: boolean;
  rental: RunningRental | null;
  /** The ids of the rentals that ended last, oldest first. */
  returned: OrderedSet<string>;
  /** The ids of the latest reports, oldest first. */
  reports: OrderedSet<string>;
};

const initialState: State = {
  registered: false,
  location: '',
  usable: true,
  rental: null,
  returned: OrderedSet(),
  reports: OrderedSet(),
};

const evolve = (state: State, event: Event): State => {
  switch (event.type) {
    case 'BikeRegistered':
      return { ...state, registered: true, location: event.data.location };
    case 'BikeRented': {
      const { rentalId, userId, rentedAt } = event.data;
      return { ...state, rental: { rentalId, userId, rentedAt } };
    }
    case 'BikeReturned': {
      const { rentalId, location } = event.data;
      return { ...state, location, rental: null, returned: remember(state.returned, rentalId) };
    }
    case 'ConditionReported': {
      const { reportId, usable } = event.data;
      return { ...state, usable, reports: remember(state.reports, reportId) };
    }
    default:
      return unreachable(event);
  }
};

const decide = (command: Command, state: State, { now }: DecisionInput): Decision<Event> => {
  if (command.type === 'RegisterBike')
    return state.registered
      ? refuse('bike-already-registered')
      : [{ type: 'BikeRegistered', data: { bikeId: command.data.bikeId, location: command.data.location } }];
  if (!state.registered) return refuse('bike-not-found');

  switch (command.type) {
    case 'RentBike': {
      const { bikeId, rentalId, userId } = command.data;
      const { rental, returned, usable, location } = state;
      if (rental?.rentalId === rentalId || returned.has(rentalId)) return refuse('rental-already-exists');
      if (rental) return refuse('bike-not-available', 'the bike is in use');
      if (!usable) return refuse('bike-not-available', 'the bike is out of service');
      return [{ type: 'BikeRented', data: { bikeId, rentalId, userId, location, rentedAt: now } }];
    }

    case 'ReturnBike': {
      const { bikeId, rentalId, location } = command.data;
      const { rental, returned } = state;
      if (rental?.rentalId !== rentalId)
        return refuse(returned.has(rentalId) ? 'already-returned' : 'rental-not-found');
      const { userId, rentedAt } = rental;
      // Another instance's clock may be behind the one that began the rental.
      const returnedAt = now > rentedAt ? now : rentedAt;
      return [{ type: 'BikeReturned', data: { bikeId, rentalId, userId, location, rentedAt, returnedAt } }];
    }

    case 'ReportCondition': {
      const { bikeId, reportId, managerId, batteryLevel, usable } = command.data;
      if (state.reports.has(reportId)) return refuse('report-already-exists');
      return [
        { type: 'ConditionReported', data: { bikeId, reportId, managerId, batteryLevel, usable, reportedAt: now } },
      ];
    }

    default:
      return unreachable(command);
  }
};

const answer = (command: Command, events: readonly Event[]): object => {
  const [event] = events;
  switch (event?.type) {
    case 'BikeRegistered':
      return { ...event.data, status: 'available' };
    case 'BikeRented': {
      const { bikeId, rentalId, userId, rentedAt } = event.data;
      return { bikeId, rentalId, userId, status: 'in-use', rentedAt };
    }
    case 'BikeReturned':
      return { ...event.data, status: 'returned' };
    default:
      return command.data;
  }
};

type Saved = Omit<State, 'returned' | 'reports'> & { returned: string[]; reports: string[] };

/** A bike: `bike-{bikeId}`, the unit of optimistic concurrency. */
export const bike: Decider<Command, Event, State> = {
  category: 'bike',
  commands: ['RegisterBike', 'RentBike', 'ReturnBike', 'ReportCondition'],
  id: ({ bikeId }) => bikeId,
  initialState,
  evolve,
  decide,
  answer,
  scope: ({ registered, location }) => (registered ? { location } : undefined),
  owner: ({ type, data }, { rental }) =>
    type === 'ReturnBike' && rental?.rentalId === data.rentalId ? rental.userId : undefined,
  snapshot: {
    version: 1,
    save: (state): Saved => ({
      ...state,
      returned: state.returned.toArray(),
      reports: state.reports.toArray(),
    }),
    restore: (saved: Saved): State => ({
      ...saved,
      returned: OrderedSet(saved.returned),
      reports: OrderedSet(saved.reports),
    }),
  },
};
