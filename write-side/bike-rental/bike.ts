import { schema as bikeRental, defaults, type Tariff } from '../../schemas/bike-rental.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { type DecisionInput, decider, type Refusal, refuse } from '../kernel/decider.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';
import type { RentalSettings } from './settings.ts';

type State = {
  registered: boolean;
  location: string;
  retired: boolean;
  usable: boolean;
  /** The condition by the last report, and the time of that report. */
  condition: { batteryLevel: number; usable: boolean; reportedAt: string } | null;
  /** The time of the last report that earned points. */
  earnedAt: string | null;
  /** The running rental. */
  rental: { rentalId: string; userId: string; rentedAt: string; tariff: Tariff | undefined } | null;
  /** The users of the rentals that ended last. */
  returned: PastIds<string>;
  /** The latest reports. */
  reports: PastIds<true>;
};

const initialState: State = {
  registered: false,
  location: '',
  retired: false,
  usable: true,
  condition: null,
  earnedAt: null,
  rental: null,
  returned: noPastIds(),
  reports: noPastIds(),
};

const bikeRetired = refuse('bike-retired');

/** A bike, the unit of optimistic concurrency. */
export const bike = decider(bikeRental, {
  stream: 'bike-{bikeId}',
  initialState,

  evolve: {
    BikeRegistered: (state, { location }) => ({ ...state, registered: true, location }),
    BikeRented: (state, { rentalId, userId, rentedAt, tariff }) => ({
      ...state,
      rental: { rentalId, userId, rentedAt, tariff },
    }),
    BikeReturned: (state, { rentalId, userId, location }) => ({
      ...state,
      location,
      rental: null,
      returned: remember(state.returned, rentalId, userId),
    }),
    BikeMoved: (state, { location }) => ({ ...state, location }),
    BikeRetired: (state) => ({ ...state, retired: true }),
    ConditionReported: (state, { reportId, batteryLevel, usable, reportedAt, points }) => ({
      ...state,
      usable,
      condition: { batteryLevel, usable, reportedAt },
      earnedAt: points === 0 ? state.earnedAt : reportedAt,
      reports: remember(state.reports, reportId, true),
    }),
  },

  missing: {
    is: ({ registered }) => !registered,
    problem: 'bike-not-found',
    unless: ['RegisterBike', 'CheckRentalId'],
  },

  commands: {
    RegisterBike: {
      decide: (data, { registered }) =>
        registered ? refuse('bike-already-registered') : [{ type: 'BikeRegistered', data }],
      ended: (_data, { retired }) => (retired ? bikeRetired : undefined),
      answer: (data) => ({ ...data, status: 'available' }),
    },

    MoveBike: {
      decide: ({ bikeId, to }, state) => {
        const refusal = unmovable(state);
        if (refusal) return refusal;
        const { location } = state;
        return location === to ? [] : [{ type: 'BikeMoved', data: { bikeId, from: location, location: to } }];
      },
      answer: ({ bikeId, to }) => ({ bikeId, location: to }),
    },

    RetireBike: {
      decide: ({ bikeId }, state) =>
        unmovable(state) ?? [{ type: 'BikeRetired', data: { bikeId, location: state.location } }],
      answer: ({ bikeId }) => ({ bikeId, status: 'retired' }),
    },

    RentBike: {
      decide: ({ bikeId, rentalId, userId }, state, { now, prepared }) => {
        if (userOf(state, rentalId) !== undefined) return refuse('rental-already-exists');
        if (state.retired) return bikeRetired;
        if (state.rental) return refuse('bike-not-available', 'the bike is in use');
        if (!state.usable) return refuse('bike-not-available', 'the bike is out of service');
        const { location } = state;
        const { tariff } = settingsIn(prepared);
        return [{ type: 'BikeRented', data: { bikeId, rentalId, userId, location, rentedAt: now, tariff } }];
      },
      ended: ({ rentalId }, { rental }) => (rental?.rentalId === rentalId ? undefined : refuse('already-returned')),
      answer: (data, [event]) =>
        event?.type === 'BikeRented'
          ? { ...data, status: 'in-use', rentedAt: event.data.rentedAt, tariff: event.data.tariff }
          : data,
    },

    CheckRentalId: {
      decide: ({ rentalId }, state) => (userOf(state, rentalId) === undefined ? [] : refuse('rental-already-exists')),
    },

    ReturnBike: {
      owner: ({ rentalId }, state) => userOf(state, rentalId),
      decide: ({ bikeId, rentalId, location }, state, { now, prepared, asOwner }) => {
        const { rental } = state;
        if (rental?.rentalId !== rentalId)
          return refuse(userOf(state, rentalId) === undefined ? 'rental-not-found' : 'already-returned');
        if (asOwner && location !== state.location && prepared?.isStation !== true) return refuse('station-not-found');
        const { userId, rentedAt, tariff } = rental;
        // The clock of this process may be behind the clock of the one that decided the rental.
        const returnedAt = later(now, rentedAt);
        const data = { bikeId, rentalId, userId, location, rentedAt, returnedAt, ...defined({ tariff }) };
        return [{ type: 'BikeReturned', data }];
      },
      answer: (data, [event]) => {
        if (event?.type !== 'BikeReturned') return data;
        const { tariff: _tariff, ...returned } = event.data;
        return { ...returned, status: 'returned' };
      },
    },

    ReportCondition: {
      decide: (data, state, { now, prepared }) => {
        if (recall(state.reports, data.reportId)) return refuse('report-already-exists');
        if (state.retired) return bikeRetired;
        const points = earnsPoints(state, data, now) ? settingsIn(prepared).perReport : 0;
        return [{ type: 'ConditionReported', data: { ...data, reportedAt: now, points } }];
      },
      answer: (data, [event]) => (event?.type === 'ConditionReported' ? { ...data, points: event.data.points } : data),
    },
  },

  scope: ({ registered, location }) => (registered ? { location } : undefined),
  snapshotVersion: 4,
});

/** The settings that the steps of a command have read. */
const settingsIn = (prepared: DecisionInput['prepared']): RentalSettings => ({ ...defaults, ...prepared });

const HOUR_MS = 3_600_000;

/** Returns whether a time has passed since a moment. A clock that was set back has not passed it. */
const hasPassed = (milliseconds: number, since: string, now: string): boolean =>
  Date.parse(now) - Date.parse(since) >= milliseconds;

/** A report earns points at most once an hour, and only if it says something new or the last one is a day old. */
const earnsPoints = (
  { condition, earnedAt }: State,
  { batteryLevel, usable }: { batteryLevel: number; usable: boolean },
  now: string,
): boolean => {
  if (earnedAt !== null && !hasPassed(HOUR_MS, earnedAt, now)) return false;
  const isNew = condition?.batteryLevel !== batteryLevel || condition.usable !== usable;
  return isNew || hasPassed(24 * HOUR_MS, condition.reportedAt, now);
};

/** The refusal to take a bike away; undefined when that is possible. */
const unmovable = ({ retired, rental }: State): Refusal | undefined => {
  if (retired) return bikeRetired;
  return rental ? refuse('bike-not-available', 'the bike is in use') : undefined;
};

const later = (time: string, other: string): string => (time > other ? time : other);

/** The user of a rental, running or returned; undefined for an id that is unused or forgotten. */
const userOf = ({ rental, returned }: State, rentalId: string): string | undefined =>
  rental?.rentalId === rentalId ? rental.userId : recall(returned, rentalId);
