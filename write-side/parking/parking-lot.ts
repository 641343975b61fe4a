import { CANCELLATIONS_PER_COMMAND, type ParkingCommand, type ParkingEvent } from '../../schemas/parking.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { type Decider, type Decision, refuse, unreachable } from '../kernel/decider.ts';
import {
  countOf,
  noPastIds,
  type PastIds,
  recall,
  remember,
  restorePastIds,
  type SavedPastIds,
  savePastIds,
} from '../kernel/past-ids.ts';

type Event = Extract<
  ParkingEvent,
  { type: 'LotRegistered' | 'LotSpotsChanged' | 'LotClosed' | 'ParkingReserved' | 'ReservationCanceled' }
>;
type Command = Extract<
  ParkingCommand,
  {
    type:
      | 'RegisterLot'
      | 'ChangeSpots'
      | 'CloseLot'
      | 'CancelRemainingReservations'
      | 'ReserveParking'
      | 'CancelReservation';
  }
>;

type OpenReservation = { customerId: string; carNumber: string };

/** Returns what car numbers are compared by: `10 더 8612` is the car `10더8612`, also in other Unicode forms. */
const carOf = (carNumber: string): string => carNumber.normalize('NFKC').replaceAll(/[\p{Z}\p{Cf}]/gu, '');

const withCar = (cars: State['cars'], carNumber: string): State['cars'] =>
  cars.update(carOf(carNumber), (count = 0) => count + 1);

const withoutCar = (cars: State['cars'], carNumber: string): State['cars'] => {
  const car = carOf(carNumber);
  const count = (cars.get(car) ?? 0) - 1;
  return count > 0 ? cars.set(car, count) : cars.delete(car);
};

type State = {
  status: 'unregistered' | 'open' | 'closed';
  spots: number;
  /** By reservation id. */
  open: ImmutableMap<string, OpenReservation>;
  /** Open reservations by car. Two of one car stem from before cars were compared by {@link carOf}. */
  cars: ImmutableMap<string, number>;
  /** The customers of the reservations cancelled last. */
  canceled: PastIds<string>;
};

/** Cancelled reservations that a lot remembers, at least. */
const REMEMBERED_CANCELLATIONS = 1_000;

const initialState: State = {
  status: 'unregistered',
  spots: 0,
  open: ImmutableMap(),
  cars: ImmutableMap(),
  canceled: noPastIds(REMEMBERED_CANCELLATIONS),
};

const wasCanceled = ({ canceled }: State, reservationId: string): boolean =>
  recall(canceled, reservationId) !== undefined;

const cancel = (state: State, reservationId: string): State => {
  const reservation = state.open.get(reservationId);
  if (!reservation) return state;
  const { customerId, carNumber } = reservation;
  return {
    ...state,
    open: state.open.delete(reservationId),
    cars: withoutCar(state.cars, carNumber),
    canceled: remember(state.canceled, reservationId, customerId),
  };
};

const evolve = (state: State, event: Event): State => {
  switch (event.type) {
    case 'LotRegistered':
      return { ...state, status: 'open', spots: event.data.spots };
    case 'LotSpotsChanged':
      return { ...state, spots: event.data.spots };
    case 'LotClosed':
      return { ...state, status: 'closed' };
    case 'ParkingReserved': {
      const { reservationId, customerId, carNumber } = event.data;
      return {
        ...state,
        open: state.open.set(reservationId, { customerId, carNumber }),
        cars: withCar(state.cars, carNumber),
      };
    }
    case 'ReservationCanceled':
      return cancel(state, event.data.reservationId);
    default:
      return unreachable(event);
  }
};

const cancellations = (lotId: string, state: State): Event[] =>
  state.open
    .entrySeq()
    .take(CANCELLATIONS_PER_COMMAND)
    .map(
      ([reservationId, { customerId }]): Event => ({
        type: 'ReservationCanceled',
        data: { lotId, reservationId, customerId, reason: 'lot-closed' },
      }),
    )
    .toArray();

const decide = (command: Command, state: State): Decision<Event> => {
  if (command.type === 'RegisterLot')
    return state.status === 'unregistered'
      ? [{ type: 'LotRegistered', data: command.data }]
      : refuse('lot-already-registered');
  if (state.status === 'unregistered') return refuse('lot-not-found');

  switch (command.type) {
    case 'ChangeSpots':
      if (state.status === 'closed') return refuse('lot-closed');
      if (command.data.spots < state.open.size)
        return refuse('spots-below-reserved', `${state.open.size} are reserved`);
      if (command.data.spots === state.spots) return [];
      return [{ type: 'LotSpotsChanged', data: command.data }];

    case 'CloseLot': {
      if (state.status === 'closed') return refuse('lot-closed');
      const canceled = cancellations(command.data.lotId, state);
      const remaining = state.open.size - canceled.length;
      return [{ type: 'LotClosed', data: { lotId: command.data.lotId, remaining } }, ...canceled];
    }

    case 'CancelRemainingReservations':
      return state.status === 'closed' ? cancellations(command.data.lotId, state) : [];

    case 'ReserveParking': {
      const { reservationId, carNumber } = command.data;
      if (state.status === 'closed') return refuse('lot-closed');
      if (state.open.has(reservationId) || wasCanceled(state, reservationId))
        return refuse('reservation-already-exists');
      if (state.cars.has(carOf(carNumber))) return refuse('car-already-reserved');
      if (state.open.size >= state.spots) return refuse('lot-full', `all ${state.spots} spots are reserved`);
      return [{ type: 'ParkingReserved', data: command.data }];
    }

    case 'CancelReservation': {
      const { lotId, reservationId, reason } = command.data;
      const reservation = state.open.get(reservationId);
      if (!reservation) return refuse(wasCanceled(state, reservationId) ? 'already-canceled' : 'reservation-not-found');
      const { customerId } = reservation;
      return [
        {
          type: 'ReservationCanceled',
          data: { lotId, reservationId, customerId, ...(reason === undefined ? {} : { reason }) },
        },
      ];
    }

    default:
      return unreachable(command);
  }
};

const answer = (command: Command): object => {
  switch (command.type) {
    case 'RegisterLot':
      return { ...command.data, status: 'open' };
    case 'ChangeSpots':
      return command.data;
    case 'CloseLot':
    case 'CancelRemainingReservations':
      return { lotId: command.data.lotId, status: 'closed' };
    case 'ReserveParking':
      return { ...command.data, status: 'reserved' };
    case 'CancelReservation':
      return { lotId: command.data.lotId, reservationId: command.data.reservationId, status: 'canceled' };
    default:
      return unreachable(command);
  }
};

type Saved = {
  status: State['status'];
  spots: number;
  open: [reservationId: string, customerId: string, carNumber: string][];
  canceled: SavedPastIds<string>;
};
/** A full car park is not listed at once. */
type Saving = Omit<Saved, 'open'> & { open: Iterable<Saved['open'][number]> };

/** A lot: `parkingLot-{lotId}`, the unit of optimistic concurrency. */
export const parkingLot: Decider<Command, Event, State> = {
  category: 'parkingLot',
  commands: [
    'RegisterLot',
    'ChangeSpots',
    'CloseLot',
    'CancelRemainingReservations',
    'ReserveParking',
    'CancelReservation',
  ],
  id: ({ lotId }) => lotId,
  initialState,
  evolve,
  decide,
  answer,
  owner: ({ type, data }, { open, canceled }) =>
    type === 'CancelReservation'
      ? (open.get(data.reservationId)?.customerId ?? recall(canceled, data.reservationId))
      : undefined,
  size: ({ open, canceled }) => open.size + countOf(canceled),
  snapshot: {
    version: 3,
    save: ({ status, spots, open, canceled }): Saving => ({
      status,
      spots,
      open: open.entrySeq().map(([id, { customerId, carNumber }]) => [id, customerId, carNumber]),
      canceled: savePastIds(canceled),
    }),
    restore: ({ status, spots, open, canceled }: Saved): State => ({
      status,
      spots,
      open: ImmutableMap(open.map(([id, customerId, carNumber]) => [id, { customerId, carNumber }])),
      cars: open.reduce((cars, [, , carNumber]) => withCar(cars, carNumber), ImmutableMap<string, number>()),
      canceled: restorePastIds(REMEMBERED_CANCELLATIONS, canceled),
    }),
  },
};
