import { CANCELLATIONS_PER_COMMAND, type CinemaCommand, type CinemaEvent, type Hold } from '../../schemas/cinema.ts';
import { ImmutableMap, ImmutableSet, OrderedMap } from '../kernel/collections.ts';
import { type Decider, type Decision, type DecisionInput, refuse, unreachable } from '../kernel/decider.ts';

type Event = Extract<
  CinemaEvent,
  {
    type:
      | 'ShowingOpened'
      | 'ShowingRefused'
      | 'ShowingCanceled'
      | 'SeatHeld'
      | 'ReservationConfirmed'
      | 'SeatReleased'
      | 'SeatReservationCanceled';
  }
>;
type Command = Extract<
  CinemaCommand,
  {
    type:
      | 'OpenShowing'
      | 'CheckShowing'
      | 'CancelShowing'
      | 'CancelRemainingSeats'
      | 'ReserveSeat'
      | 'ConfirmReservation'
      | 'ReleaseSeat'
      | 'CheckReservationId'
      | 'CheckReservation'
      | 'CancelSeat'
      | 'ProveGuest';
  }
>;

type Reservation = { status: 'held' | 'confirmed'; hold?: string; customerId: string; seat?: number; price: number };

/** Why a seat was released, or who cancelled a paid reservation: the customer or the showing. */
type Ending = Extract<Event, { type: 'SeatReleased' }>['data']['reason'] | 'canceled' | 'showing-canceled';
type Ended = { how: Ending; hold?: string };

type Showing = { movieId: string; title: string; seats: number; price: number };

type State = {
  status: 'none' | 'open' | 'canceled';
  showing: Showing;
  /** The ids of movies whose showing of this id was refused. */
  refused: ImmutableSet<string>;
  /** Those that have a seat, by reservation id. */
  open: ImmutableMap<string, Reservation>;
  /** The numbers of seats that are taken by number. */
  taken: ImmutableSet<number>;
  /** How the reservations ended that ended last, oldest first. */
  ended: OrderedMap<string, Ended>;
};

/** How many ended reservations a showing remembers by id: the state stays small however long the stream grows. */
const REMEMBERED = 2_000;

const initialState: State = {
  status: 'none',
  showing: { movieId: '', title: '', seats: 0, price: 0 },
  refused: ImmutableSet(),
  open: ImmutableMap(),
  taken: ImmutableSet(),
  ended: OrderedMap(),
};

const end = (state: State, { reservationId, hold }: Hold, how: Ending): State => {
  const seat = state.open.get(reservationId)?.seat;
  const ended = state.ended.set(reservationId, hold === undefined ? { how } : { how, hold });
  return {
    ...state,
    open: state.open.delete(reservationId),
    taken: seat === undefined ? state.taken : state.taken.delete(seat),
    ended: ended.size > REMEMBERED ? ended.delete(ended.keySeq().first() as string) : ended,
  };
};

const evolve = (state: State, event: Event): State => {
  switch (event.type) {
    case 'ShowingOpened': {
      const { movieId, title, seats, price } = event.data;
      return { ...state, status: 'open', showing: { movieId, title, seats, price } };
    }
    case 'ShowingRefused':
      return { ...state, refused: state.refused.add(event.data.movieId) };
    case 'ShowingCanceled':
      return { ...state, status: 'canceled' };
    case 'SeatHeld': {
      const { reservationId, hold, customerId, seat, price } = event.data;
      return {
        ...state,
        open: state.open.set(reservationId, {
          status: 'held',
          ...(hold === undefined ? {} : { hold }),
          customerId,
          price,
          ...(seat === undefined ? {} : { seat }),
        }),
        taken: seat === undefined ? state.taken : state.taken.add(seat),
      };
    }
    case 'ReservationConfirmed':
      return {
        ...state,
        open: state.open.update(event.data.reservationId, (held) => held && { ...held, status: 'confirmed' as const }),
      } as State;
    case 'SeatReleased':
      return end(state, event.data, event.data.reason);
    case 'SeatReservationCanceled':
      return end(state, event.data, state.status === 'canceled' ? 'showing-canceled' : 'canceled');
    default:
      return unreachable(event);
  }
};

/** Returns the data that every event of a reservation has. */
const reservationData = (
  { showing }: State,
  showingId: string,
  reservationId: string,
  { hold, customerId, seat, price }: Reservation,
) => ({
  showingId,
  movieId: showing.movieId,
  reservationId,
  ...(hold === undefined ? {} : { hold }),
  customerId,
  title: showing.title,
  ...(seat === undefined ? {} : { seat }),
  price,
});

/** Those that are being paid are left: they are cancelled when the payment has come, or released when it has not. */
const cancellations = (showingId: string, state: State): Event[] =>
  state.open
    .entrySeq()
    .filter(([, { status }]) => status === 'confirmed')
    .take(CANCELLATIONS_PER_COMMAND)
    .map(
      ([reservationId, reservation]): Event => ({
        type: 'SeatReservationCanceled',
        data: { ...reservationData(state, showingId, reservationId, reservation), reason: 'showing-canceled' },
      }),
    )
    .toArray();

const isAnothers = ({ movieId }: { movieId: string }, { status, showing }: State): boolean =>
  status !== 'none' && showing.movieId !== movieId;

/** The first movie to open a showing has it. A policy withdraws what another movie scheduled under the same id. */
const open = (data: Extract<Command, { type: 'OpenShowing' }>['data'], state: State): Decision<Event> => {
  const { showingId, movieId } = data;
  if (isAnothers(data, state))
    return state.refused.has(movieId) ? [] : [{ type: 'ShowingRefused', data: { showingId, movieId } }];
  return state.status === 'none' ? [{ type: 'ShowingOpened', data }] : [];
};

const reserve = (
  { showingId, reservationId, customerId, seat }: Extract<Command, { type: 'ReserveSeat' }>['data'],
  state: State,
  { now, revision }: DecisionInput,
): Decision<Event> => {
  const { showing, open, taken, ended } = state;
  if (open.has(reservationId) || ended.has(reservationId)) return refuse('reservation-already-exists');
  if (state.status === 'canceled') return refuse('showing-canceled');
  if (seat !== undefined && seat > showing.seats) return refuse('no-such-seat', `there are ${showing.seats}`);
  if (open.size >= showing.seats) return refuse('showing-full', `all ${showing.seats} seats are taken`);
  if (seat !== undefined && taken.has(seat)) return refuse('seat-taken');
  const held: Reservation = {
    status: 'held',
    hold: `${revision}`,
    customerId,
    price: showing.price,
    ...(seat === undefined ? {} : { seat }),
  };
  return [{ type: 'SeatHeld', data: { ...reservationData(state, showingId, reservationId, held), heldAt: now } }];
};

/** Returns the reservation that a step belongs to, unless its id was held again since. */
const heldBy = ({ open }: State, { reservationId, hold }: Hold): Reservation | undefined => {
  const reservation = open.get(reservationId);
  return reservation?.hold === hold ? reservation : undefined;
};

/** Refuses a reservation that is not confirmed, with the reason that its customer gets. */
const checkReservation = (held: Hold, state: State): Decision<Event> => {
  const reservation = heldBy(state, held);
  if (reservation) return reservation.status === 'confirmed' ? [] : refuse('reservation-pending');
  const ended = state.ended.get(held.reservationId);
  if (!ended || ended.hold !== held.hold) return refuse('reservation-not-found');
  switch (ended.how) {
    case 'declined':
      return refuse('payment-declined');
    case 'timed-out':
      return refuse('payment-declined', 'the payment provider did not answer in time');
    case 'unavailable':
      return refuse('payment-unavailable');
    case 'canceled':
      return refuse('already-canceled');
    case 'showing-canceled':
      return refuse('showing-canceled', 'the payment is refunded');
    default:
      return unreachable(ended.how);
  }
};

const decide = (command: Command, state: State, input: DecisionInput): Decision<Event> => {
  const { showingId } = command.data;
  if (command.type === 'OpenShowing') return open(command.data, state);
  if (command.type === 'CheckShowing') {
    if (isAnothers(command.data, state)) return refuse('showing-already-exists');
    return state.status === 'canceled' ? refuse('showing-canceled') : [];
  }
  if (state.status === 'none') return refuse(command.type === 'ProveGuest' ? 'not-a-guest' : 'showing-not-found');

  switch (command.type) {
    case 'CancelShowing': {
      const { movieId } = command.data;
      if (state.status === 'canceled' || isAnothers(command.data, state)) return [];
      const canceled = cancellations(showingId, state);
      const confirmed = state.open.count(({ status }) => status === 'confirmed');
      const remaining = confirmed - canceled.length;
      return [{ type: 'ShowingCanceled', data: { showingId, movieId, remaining } }, ...canceled];
    }

    case 'CancelRemainingSeats':
      return state.status === 'canceled' ? cancellations(showingId, state) : [];

    case 'ReserveSeat':
      return reserve(command.data, state, input);

    case 'ConfirmReservation': {
      const { reservationId } = command.data;
      const held = heldBy(state, command.data);
      if (held?.status !== 'held') return [];
      const data = reservationData(state, showingId, reservationId, held);
      const confirmed: Event = { type: 'ReservationConfirmed', data };
      return state.status === 'open'
        ? [confirmed]
        : [confirmed, { type: 'SeatReservationCanceled', data: { ...data, reason: 'showing-canceled' } }];
    }

    case 'ReleaseSeat': {
      const { reservationId, reason } = command.data;
      const held = heldBy(state, command.data);
      if (held?.status !== 'held') return [];
      return [{ type: 'SeatReleased', data: { ...reservationData(state, showingId, reservationId, held), reason } }];
    }

    case 'CheckReservationId': {
      const { reservationId } = command.data;
      const isUsed = state.open.has(reservationId) || state.ended.has(reservationId);
      return isUsed ? refuse('reservation-already-exists') : [];
    }

    case 'CheckReservation':
      return checkReservation(command.data, state);

    case 'CancelSeat': {
      const { reservationId, reason } = command.data;
      const reservation = state.open.get(reservationId);
      if (reservation?.status === 'held') return refuse('reservation-pending');
      if (!reservation) {
        const ended = state.ended.get(reservationId);
        if (!ended) return refuse('reservation-not-found');
        const isCanceled = ended.how === 'canceled' || ended.how === 'showing-canceled';
        return refuse(isCanceled ? 'already-canceled' : 'reservation-refused');
      }
      const data = reservationData(state, showingId, reservationId, reservation);
      return [{ type: 'SeatReservationCanceled', data: { ...data, ...(reason === undefined ? {} : { reason }) } }];
    }

    case 'ProveGuest': {
      const { movieId, reservationId, customerId } = command.data;
      const reservation = state.open.get(reservationId);
      const isGuest = reservation?.status === 'confirmed' && reservation.customerId === customerId;
      return isGuest && state.showing.movieId === movieId ? [] : refuse('not-a-guest');
    }

    default:
      return unreachable(command);
  }
};

const answer = (command: Command, [event]: readonly Event[]): object => {
  if (event?.type === 'SeatHeld') {
    const { showingId, reservationId, customerId, seat, price } = event.data;
    return { showingId, reservationId, customerId, ...(seat === undefined ? {} : { seat }), price, status: 'held' };
  }
  if (command.type === 'CancelSeat') {
    const { showingId, reservationId } = command.data;
    return { showingId, reservationId, status: 'canceled' };
  }
  return command.data;
};

type Saved = {
  status: State['status'];
  showing: Showing;
  refused: string[];
  open: [reservationId: string, Reservation][];
  ended: [reservationId: string, Ended][];
};

/** A showing's seats and their reservations: `showing-{showingId}`, the unit of optimistic concurrency. */
export const showing: Decider<Command, Event, State> = {
  category: 'showing',
  commands: [
    'OpenShowing',
    'CheckShowing',
    'CancelShowing',
    'CancelRemainingSeats',
    'ReserveSeat',
    'ConfirmReservation',
    'ReleaseSeat',
    'CheckReservationId',
    'CheckReservation',
    'CancelSeat',
    'ProveGuest',
  ],
  id: ({ showingId }) => showingId,
  initialState,
  evolve,
  decide,
  answer,
  owner: ({ type, data }, { open }) => (type === 'CancelSeat' ? open.get(data.reservationId)?.customerId : undefined),
  scope: ({ status, showing: { movieId } }) => (status === 'none' ? undefined : { movieId }),
  size: ({ open, ended }) => 1 + open.size + ended.size,
  snapshot: {
    version: 3,
    save: ({ status, showing, refused, open, ended }): Saved => ({
      status,
      showing,
      refused: [...refused],
      open: [...open],
      ended: [...ended],
    }),
    restore: ({ status, showing, refused, open, ended }: Saved): State => ({
      status,
      showing,
      refused: ImmutableSet(refused),
      open: ImmutableMap(open),
      taken: ImmutableSet(open.flatMap(([, { seat }]) => (seat === undefined ? [] : [seat]))),
      ended: OrderedMap(ended),
    }),
  },
};
