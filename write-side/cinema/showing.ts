import {
  CANCELLATIONS_PER_COMMAND,
  type CinemaCommand,
  type CinemaEvent,
  schema as cinema,
  type Hold,
} from '../../schemas/cinema.ts';
import { ImmutableMap, ImmutableSet } from '../kernel/collections.ts';
import { type Decision, type DecisionInput, decider, type Refusal, refuse } from '../kernel/decider.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type Event<Type extends CinemaEvent['type']> = Extract<CinemaEvent, { type: Type }>;
type Data<Type extends CinemaCommand['type']> = Extract<CinemaCommand, { type: Type }>['data'];

type Reservation = { status: 'held' | 'confirmed'; hold?: string; customerId: string; seat?: number; price: number };

/** Why a seat was released, or who cancelled a paid reservation: the customer or the showing. */
type Ending = Event<'SeatReleased'>['data']['reason'] | 'canceled' | 'showing-canceled';
type Ended = { how: Ending; hold?: string; customerId: string };

type State = {
  status: 'none' | 'open' | 'canceled';
  showing: { movieId: string; title: string; seats: number; price: number };
  /** The ids of movies whose showing of this id was refused. */
  refused: ImmutableSet<string>;
  /** Those that have a seat, by reservation id. */
  open: ImmutableMap<string, Reservation>;
  /** The numbers of seats that are taken by number. */
  taken: ImmutableSet<number>;
  /** The reservations that ended last. */
  ended: PastIds<Ended>;
};

/** Ended reservations that a showing remembers, at least. */
const REMEMBERED = 1_000;

const initialState: State = {
  status: 'none',
  showing: { movieId: '', title: '', seats: 0, price: 0 },
  refused: ImmutableSet(),
  open: ImmutableMap(),
  taken: ImmutableSet(),
  ended: noPastIds(REMEMBERED),
};

/** A showing's seats and their reservations, the unit of optimistic concurrency. */
export const showing = decider(cinema, {
  stream: 'showing-{showingId}',
  initialState,
  scope: ({ status, showing: { movieId } }) => (status === 'none' ? undefined : { movieId }),

  evolve: {
    ShowingOpened: (state, { movieId, title, seats, price }) => ({
      ...state,
      status: 'open',
      showing: { movieId, title, seats, price },
    }),
    ShowingRefused: (state, { movieId }) => ({ ...state, refused: state.refused.add(movieId) }),
    ShowingCanceled: (state) => ({ ...state, status: 'canceled' }),
    SeatHeld: (state, { reservationId, hold, customerId, seat, price }) => ({
      ...state,
      open: state.open.set(reservationId, {
        status: 'held',
        ...(hold === undefined ? {} : { hold }),
        customerId,
        ...(seat === undefined ? {} : { seat }),
        price,
      }),
      taken: seat === undefined ? state.taken : state.taken.add(seat),
    }),
    ReservationConfirmed: (state, { reservationId }) => ({
      ...state,
      open: state.open.update(reservationId, (held) => held && { ...held, status: 'confirmed' }),
    }),
    SeatReleased: (state, { reservationId, reason }) => ended(state, reservationId, reason),
    SeatReservationCanceled: (state, { reservationId }) =>
      ended(state, reservationId, state.status === 'canceled' ? 'showing-canceled' : 'canceled'),
  },

  commands: {
    OpenShowing: { decide: (data, state) => openShowing(data, state) },

    CheckShowing: {
      decide: (data, state) => {
        if (isAnothers(data, state)) return refuse('showing-already-exists');
        return state.status === 'canceled' ? refuse('showing-canceled') : [];
      },
    },

    CancelShowing: {
      decide: ({ showingId, movieId }, state) => {
        if (state.status === 'none') return notFound;
        if (state.status === 'canceled' || isAnothers({ movieId }, state)) return [];
        const canceled = cancellations(showingId, state);
        const confirmed = state.open.count(({ status }) => status === 'confirmed');
        const remaining = confirmed - canceled.length;
        return [{ type: 'ShowingCanceled', data: { showingId, movieId, remaining } }, ...canceled];
      },
    },

    CancelRemainingSeats: {
      decide: ({ showingId }, state) => {
        if (state.status === 'none') return notFound;
        return state.status === 'canceled' ? cancellations(showingId, state) : [];
      },
    },

    ReserveSeat: {
      decide: (data, state, input) => reserve(data, state, input),
      answer: ({ showingId, reservationId, customerId, seat }, [held]) => ({
        showingId,
        reservationId,
        customerId,
        ...(seat === undefined ? {} : { seat }),
        price: held?.type === 'SeatHeld' ? held.data.price : 0,
        status: 'held',
      }),
    },

    CheckReservationId: {
      decide: ({ reservationId }, state) => {
        if (state.status === 'none') return notFound;
        return isUsed(state, reservationId) ? refuse('reservation-already-exists') : [];
      },
    },

    ConfirmReservation: {
      decide: (hold, state) => {
        if (state.status === 'none') return notFound;
        const held = heldBy(state, hold);
        if (held?.status !== 'held') return [];
        const data = reservationData(state, hold, held);
        const confirmed = { type: 'ReservationConfirmed' as const, data };
        return state.status === 'open' ? [confirmed] : [confirmed, canceledByShowing(data)];
      },
    },

    ReleaseSeat: {
      decide: ({ reason, ...hold }, state) => {
        if (state.status === 'none') return notFound;
        const held = heldBy(state, hold);
        if (held?.status !== 'held') return [];
        return [{ type: 'SeatReleased', data: { ...reservationData(state, hold, held), reason } }];
      },
    },

    CheckReservation: {
      decide: (hold, state) => {
        if (state.status === 'none') return notFound;
        const reservation = heldBy(state, hold);
        if (reservation) return reservation.status === 'confirmed' ? [] : refuse('reservation-pending');
        const past = recall(state.ended, hold.reservationId);
        return past && past.hold === hold.hold ? endedRefusal(past.how) : refuse('reservation-not-found');
      },
    },

    CancelSeat: {
      owner: ({ reservationId }, { open, ended }) =>
        (open.get(reservationId) ?? recall(ended, reservationId))?.customerId,
      decide: ({ showingId, reservationId, reason }, state) => {
        if (state.status === 'none') return notFound;
        const reservation = state.open.get(reservationId);
        if (!reservation) return notCancelable(recall(state.ended, reservationId));
        if (reservation.status === 'held') return refuse('reservation-pending');
        const data = reservationData(state, { showingId, reservationId }, reservation);
        return [{ type: 'SeatReservationCanceled', data: { ...data, ...(reason === undefined ? {} : { reason }) } }];
      },
      answer: ({ showingId, reservationId }) => ({ showingId, reservationId, status: 'canceled' }),
    },

    ProveGuest: {
      decide: ({ movieId, reservationId, customerId }, { showing, open }) => {
        const reservation = open.get(reservationId);
        const isGuest = reservation?.status === 'confirmed' && reservation.customerId === customerId;
        return isGuest && showing.movieId === movieId ? [] : refuse('not-a-guest');
      },
    },
  },

  snapshotVersion: 4,
});

const notFound: Refusal = refuse('showing-not-found');

const isAnothers = ({ movieId }: { movieId: string }, { status, showing }: State): boolean =>
  status !== 'none' && showing.movieId !== movieId;

/** The first movie to open a showing has it. A policy withdraws what another movie scheduled under the same id. */
const openShowing = (
  data: Data<'OpenShowing'>,
  state: State,
): Decision<Event<'ShowingOpened'> | Event<'ShowingRefused'>> => {
  const { showingId, movieId } = data;
  if (isAnothers(data, state))
    return state.refused.has(movieId) ? [] : [{ type: 'ShowingRefused', data: { showingId, movieId } }];
  return state.status === 'none' ? [{ type: 'ShowingOpened', data }] : [];
};

const isUsed = ({ open, ended }: State, reservationId: string): boolean =>
  open.has(reservationId) || recall(ended, reservationId) !== undefined;

const reserve = (
  { showingId, reservationId, customerId, seat }: Data<'ReserveSeat'>,
  state: State,
  { now, revision }: DecisionInput,
): Decision<Event<'SeatHeld'>> => {
  const { status, showing, open, taken } = state;
  if (status === 'none') return notFound;
  if (isUsed(state, reservationId)) return refuse('reservation-already-exists');
  if (status === 'canceled') return refuse('showing-canceled');
  if (seat !== undefined && seat > showing.seats) return refuse('no-such-seat', `there are ${showing.seats}`);
  if (open.size >= showing.seats) return refuse('showing-full', `all ${showing.seats} seats are taken`);
  if (seat !== undefined && taken.has(seat)) return refuse('seat-taken');
  const held: Reservation = {
    status: 'held',
    hold: `${revision}`,
    customerId,
    ...(seat === undefined ? {} : { seat }),
    price: showing.price,
  };
  const data = reservationData(state, { showingId, reservationId }, held);
  return [{ type: 'SeatHeld', data: { ...data, heldAt: now } }];
};

/** Returns the reservation that a step belongs to, unless its id was held again since. */
const heldBy = ({ open }: State, { reservationId, hold }: Hold): Reservation | undefined => {
  const reservation = open.get(reservationId);
  return reservation?.hold === hold ? reservation : undefined;
};

/** Returns the data that every event of a reservation has. */
const reservationData = (
  { showing }: State,
  { showingId, reservationId }: Hold,
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

const ended = (state: State, reservationId: string, how: Ending): State => {
  const reservation = state.open.get(reservationId);
  if (!reservation) return state;
  const { hold, customerId, seat } = reservation;
  const past: Ended = { how, ...(hold === undefined ? {} : { hold }), customerId };
  return {
    ...state,
    open: state.open.delete(reservationId),
    taken: seat === undefined ? state.taken : state.taken.delete(seat),
    ended: remember(state.ended, reservationId, past),
  };
};

/** Returns the answer to the customer of a reservation that ended. */
const endedRefusal = (how: Ending): Refusal => {
  switch (how) {
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
      return how satisfies never;
  }
};

const notCancelable = (past: Ended | undefined): Refusal => {
  if (!past) return refuse('reservation-not-found');
  const isCanceled = past.how === 'canceled' || past.how === 'showing-canceled';
  return refuse(isCanceled ? 'already-canceled' : 'reservation-refused');
};

const canceledByShowing = (data: ReturnType<typeof reservationData>): Event<'SeatReservationCanceled'> => ({
  type: 'SeatReservationCanceled',
  data: { ...data, reason: 'showing-canceled' },
});

/** Leaves those that are being paid: they are cancelled once the payment is approved, or released when it is not. */
const cancellations = (showingId: string, state: State): Event<'SeatReservationCanceled'>[] =>
  state.open
    .entrySeq()
    .filter(([, { status }]) => status === 'confirmed')
    .take(CANCELLATIONS_PER_COMMAND)
    .map(([reservationId, reservation]) =>
      canceledByShowing(reservationData(state, { showingId, reservationId }, reservation)),
    )
    .toArray();
