import {
  type CinemaCommand,
  type CinemaEvent,
  schema as cinema,
  DEFAULT_CANCEL_UNTIL,
  type Hold,
  placesOf,
  SHOWING_CANCELED,
  seatNamesOf,
  showingPlaces,
} from '../../schemas/cinema.ts';
import { chooseSeats, findSeat, rowsOf } from '../../schemas/cinema-seats.ts';
import { plus } from '../../schemas/kernel/calendar.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { CANCELLATIONS_PER_COMMAND, DEFAULT_HOLD_FOR } from '../../schemas/kernel/limited-places.ts';
import { MAX_MONEY } from '../../schemas/kernel/money.ts';
import { ImmutableMap, ImmutableSet } from '../kernel/collections.ts';
import {
  type Decision,
  type DecisionInput,
  dataOf,
  decider,
  isRefusal,
  notDue,
  type Refusal,
  refuse,
} from '../kernel/decider.ts';
import { limitedPlaces, noPlaces, type Places, usePlaces } from '../kernel/limited-places.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type Event<Type extends CinemaEvent['type']> = Extract<CinemaEvent, { type: Type }>;
type Data<Type extends CinemaCommand['type']> = Extract<CinemaCommand, { type: Type }>['data'];

type Reservation = {
  status: 'held' | 'confirmed';
  hold?: string;
  customerId: string;
  seat?: number;
  seats?: string[];
  /** Of all its seats. */
  price: number;
  /** How often the showing had been moved when the seats were held; left out: never. */
  moves?: number;
  /** The start that its customer knows: of a confirmed reservation. */
  startsAt?: string;
  /** Whether it was paid after the showing was cancelled, which cancels it at once. */
  isPaidInVain?: true;
};

/** Why a seat was released, or who cancelled a paid reservation: the customer or the showing. */
type Ending = Event<'SeatReleased'>['data']['reason'] | 'canceled' | 'showing-canceled';
type Ended = {
  how: Ending;
  hold?: string;
  customerId: string;
  /** Whether its customer was answered that it is confirmed. */
  stood?: true;
};

/** A showing as it was opened; `price` is that of one seat. */
type Opened = Omit<Event<'ShowingOpened'>['data'], 'showingId'>;

type State = {
  status: 'none' | 'open' | 'canceled';
  showing: Opened & Required<Pick<Opened, 'cancelUntil' | 'holdFor'>>;
  /** Whether holds and the waiting list were closed, because the showing began. */
  isClosed: boolean;
  /** The ids of movies whose showing of this id was refused. */
  refused: ImmutableSet<string>;
  /** How often the showing was moved. */
  moves: number;
  /** The slots of the hall that the showing left, or to which it never moved. */
  pastSlots: PastIds<true>;
  /** Those that have seats, by reservation id. */
  open: ImmutableMap<string, Reservation>;
  /** The number of seats that they have, with or without a name. */
  reserved: number;
  /** Holds and the waiting list. */
  places: Places;
  /** The seats of the holds that name them, by hold id. Such a hold is used as a whole. */
  heldSeats: ImmutableMap<string, readonly string[]>;
  /** The names of seats that are taken by name, by reservations and holds. */
  taken: ImmutableSet<string>;
  /** The reservations that ended last. */
  ended: PastIds<Ended>;
};

const initialState: State = {
  status: 'none',
  showing: { movieId: '', title: '', startsAt: '', seats: 0, price: 0, cancelUntil: 0, holdFor: DEFAULT_HOLD_FOR },
  isClosed: false,
  refused: ImmutableSet(),
  moves: 0,
  pastSlots: noPastIds(),
  open: ImmutableMap(),
  reserved: 0,
  places: noPlaces,
  heldSeats: ImmutableMap(),
  taken: ImmutableSet(),
  ended: noPastIds(),
};

const hasBegun = ({ isClosed, showing: { startsAt } }: State, now: string): boolean => isClosed || now >= startsAt;

/**
 * Offered places, and those of a hold that names no seats, are a number of seats: a reservation that takes them still
 * needs free seats by name.
 */
const kept = limitedPlaces(showingPlaces, {
  unreserved: ({ status, isClosed, showing, reserved }: State) =>
    status === 'open' && !isClosed ? showing.seats - reserved : 0,
  holdFor: ({ showing }) => showing.holdFor,
  refusal: (state, { now }) => {
    if (state.status === 'canceled') return refuse('showing-canceled');
    return hasBegun(state, now) ? refuse('too-late', 'the showing has begun') : undefined;
  },
  facts: ({ showing: { movieId }, heldSeats }, { data }) =>
    defined({ movieId, seats: 'holdId' in data ? heldSeats.get(String(data.holdId)) : undefined }),
  messageFields: ({ showing: { title, startsAt, hallId } }) => defined({ title, startsAt, hallId }),
});

const withTaken = ({ taken }: State, seats: readonly string[]): State['taken'] =>
  seats.reduce((names, name) => names.add(name), taken);

const withoutTaken = ({ taken }: State, seats: readonly string[]): State['taken'] =>
  seats.reduce((names, name) => names.delete(name), taken);

const withHeldSeats = (state: State, holdId: string, seats: readonly string[] | undefined): State =>
  seats === undefined
    ? state
    : { ...state, heldSeats: state.heldSeats.set(holdId, seats), taken: withTaken(state, seats) };

/** Frees the named seats of a hold that ended; a reservation that uses the hold then takes them. */
const withoutHeldSeats = (state: State, holdId: string | undefined): State => {
  const seats = holdId === undefined ? undefined : state.heldSeats.get(holdId);
  if (holdId === undefined || seats === undefined) return state;
  return { ...state, heldSeats: state.heldSeats.delete(holdId), taken: withoutTaken(state, seats) };
};

/** The rules of a showing, without the ends of what is due. */
const rules = decider(cinema, {
  stream: 'showing-{showingId}',
  initialState,
  scope: ({ status, showing: { movieId } }) => (status === 'none' ? undefined : { movieId }),

  evolve: {
    ...kept.evolve,
    ShowingPlaceHeld: (state, data) =>
      withHeldSeats(kept.evolve.ShowingPlaceHeld(state, data), data.holdId, data.seats),
    ShowingPlaceHoldExpired: (state, data) =>
      withoutHeldSeats(kept.evolve.ShowingPlaceHoldExpired(state, data), data.holdId),
    ShowingPlaceHoldReleased: (state, data) =>
      withoutHeldSeats(kept.evolve.ShowingPlaceHoldReleased(state, data), data.holdId),
    ShowingOpened: (state, { showingId: _, ...showing }) => ({
      ...state,
      status: 'open',
      showing: { cancelUntil: DEFAULT_CANCEL_UNTIL, holdFor: DEFAULT_HOLD_FOR, ...showing },
    }),
    ShowingPlacesClosed: (state) => ({ ...state, isClosed: true }),
    ShowingRefused: (state, { movieId }) => ({ ...state, refused: state.refused.add(movieId) }),
    ShowingCanceled: (state) => ({ ...state, status: 'canceled' }),
    ShowingMoved: (state, { startsAt, slot, formerSlot }) => {
      const { showing, ...moved } = withStart(state, startsAt);
      const inHall = slot === undefined ? showing : { ...showing, slot };
      const pastSlots = formerSlot === undefined ? state.pastSlots : remember(state.pastSlots, formerSlot, true);
      return { ...moved, showing: inHall, moves: state.moves + 1, pastSlots };
    },
    ShowingMoveVoided: (state, { slot }) => ({ ...state, pastSlots: remember(state.pastSlots, slot, true) }),
    SeatHeld: (before, { reservationId, hold, customerId, seat, seats, price, holdId, entryId }) => {
      const state = withoutHeldSeats(before, holdId);
      const moves = state.moves === 0 ? undefined : state.moves;
      const reservation = defined({ status: 'held' as const, hold, customerId, seat, seats, price, moves });
      return {
        ...state,
        open: state.open.set(reservationId, reservation),
        reserved: state.reserved + placesOf(reservation),
        places: usePlaces(state.places, { holdId, entryId }, placesOf(reservation)),
        taken: withTaken(state, seatNamesOf(reservation)),
      };
    },
    ReservationConfirmed: (state, { reservationId }) =>
      changed(state, reservationId, {
        status: 'confirmed',
        startsAt: state.showing.startsAt,
        ...(state.status === 'canceled' ? { isPaidInVain: true as const } : {}),
      }),
    SeatReservationMoved: (state, { reservationId, startsAt }) => changed(state, reservationId, defined({ startsAt })),
    SeatReleased: (state, { reservationId, reason }) => ended(state, reservationId, reason),
    SeatReservationCanceled: (state, { reservationId }) =>
      ended(state, reservationId, state.status === 'canceled' ? 'showing-canceled' : 'canceled'),
  },

  missing: {
    is: ({ status }) => status === 'none',
    problem: 'showing-not-found',
    unless: ['OpenShowing', 'CheckShowing', 'ReadShowing', 'ProveGuest', 'SettleShowingPlaces'],
  },

  commands: {
    ...kept.commands,

    HoldShowingPlace: {
      ...kept.commands.HoldShowingPlace,
      decide: ({ seats, ...data }, state, input) => {
        const held = kept.commands.HoldShowingPlace.decide(data, state, input);
        if (seats === undefined || isRefusal(held)) return held;
        if (seats.length !== data.places)
          return refuse('seats-differ', `${data.places} places, but ${seats.length} seats`);
        return named(seats, state) ?? held.map((event) => ({ ...event, data: { ...event.data, seats } }));
      },
    },

    // The first movie to open a showing has it. A policy withdraws what another movie scheduled under the same id.
    OpenShowing: {
      decide: (data, state) => {
        const { showingId, movieId } = data;
        if (!isAnothers(data, state)) return state.status === 'none' ? [{ type: 'ShowingOpened', data }] : [];
        return state.refused.has(movieId) ? [] : [{ type: 'ShowingRefused', data: { showingId, movieId } }];
      },
    },

    CheckShowing: {
      decide: (data, state) => {
        if (isAnothers(data, state)) return refuse('showing-already-exists');
        return state.status === 'canceled' ? refuse('showing-canceled') : [];
      },
    },

    CancelShowing: {
      decide: ({ showingId }, state) =>
        state.status === 'canceled' ? refuse('showing-canceled') : canceledWithReservations(showingId, state),
      answer: ({ showingId }) => ({ showingId, status: 'canceled' }),
    },

    MoveShowing: {
      decide: ({ showingId, startsAt }, state, { now, prepared, isTrial }) => {
        if (state.status === 'canceled') return refuse('showing-canceled');
        const { movieId, title, startsAt: before } = state.showing;
        if (startsAt === before) return [];
        if (hasBegun(state, now)) return refuse('too-late', 'the showing has begun');
        if (startsAt <= now) return refuse('too-late', 'a showing starts in the future');
        const inHall = isTrial ? {} : slotOf(state, prepared?.hall as Prepared['hall']);
        if ('refused' in inHall) return inHall;
        const moved = withStart(state, startsAt);
        const guests = movedSeats(showingId, moved);
        const remaining = moved.open.count(isUntold(moved)) - guests.length;
        const data = { showingId, movieId, title, startsAt, before, remaining, ...inHall };
        return [{ type: 'ShowingMoved', data }, ...guests];
      },
      answer: ({ showingId, startsAt }) => ({ showingId, startsAt }),
    },

    ReadShowing: {
      decide: () => [],
      read: ({ status, showing: { movieId, startsAt, price, hallId, slot, runningTime, cleaning } }): ReadShowing =>
        defined({ status, movieId, startsAt, price, hallId, slot, runningTime, cleaning }),
    },

    SettleMove: {
      decide: ({ showingId, slot }, { showing, pastSlots }) => {
        const { movieId, hallId } = showing;
        if (hallId === undefined || slot === showing.slot || recall(pastSlots, slot)) return [];
        return [{ type: 'ShowingMoveVoided', data: { hallId, showingId, movieId, slot } }];
      },
    },

    MoveRemainingSeats: {
      decide: ({ showingId }, state) => (state.status === 'open' ? movedSeats(showingId, state) : []),
    },

    CancelWithdrawnShowing: {
      decide: ({ showingId, movieId, withdrawnAt }, state, { now }) => {
        const hadBegun = (withdrawnAt ?? now) >= state.showing.startsAt;
        const isOver = hadBegun || state.status === 'canceled' || isAnothers({ movieId }, state);
        return isOver ? [] : canceledWithReservations(showingId, state);
      },
    },

    CancelRemainingSeats: {
      decide: ({ showingId }, state, { now }) => {
        if (state.status === 'canceled') return endings(showingId, state);
        if (!hasBegun(state, now)) return notDue;
        return state.isClosed ? kept.closing(showingId, state, CANCELLATIONS_PER_COMMAND) : [];
      },
    },

    ReserveSeat: {
      decide: (data, state, input) => reserve(data, state, input),
      ended: ({ reservationId }, { status, open, ended }) => {
        const reservation = open.get(reservationId);
        if (reservation) return status === 'canceled' && reservation.status === 'confirmed' ? byShowing : undefined;
        const past = recall(ended, reservationId);
        return past ? endedRefusal(past.how) : refuse('reservation-already-exists');
      },
      answer: ({ showingId, reservationId, customerId, seat }, events) => {
        const { price = 0, seats } = dataOf(events, 'SeatHeld');
        const status = events.some(({ type }) => type === 'ReservationConfirmed') ? 'confirmed' : 'held';
        return defined({ showingId, reservationId, customerId, seat, seats, price, status });
      },
    },

    CheckReservationId: {
      decide: ({ reservationId }, state) => (isUsed(state, reservationId) ? refuse('reservation-already-exists') : []),
    },

    ConfirmReservation: {
      decide: (hold, state) => {
        const held = heldBy(state, hold);
        if (held?.status !== 'held') return [];
        const data = reservationData(state, hold, held);
        const confirmed = { type: 'ReservationConfirmed' as const, data };
        return state.status === 'open' ? [confirmed] : [confirmed, canceledByShowing(data)];
      },
    },

    ReleaseSeat: {
      decide: ({ reason, ...hold }, state) => {
        const held = heldBy(state, hold);
        if (held?.status !== 'held') return [];
        return [{ type: 'SeatReleased', data: { ...reservationData(state, hold, held), reason } }];
      },
    },

    CheckReservation: {
      decide: ({ isRepeat = false, ...hold }, state) => {
        const reservation = heldBy(state, hold);
        if (reservation) return reservation.status === 'confirmed' ? [] : refuse('reservation-pending');
        const past = recall(state.ended, hold.reservationId);
        if (!past || past.hold !== hold.hold) return refuse('reservation-not-found');
        return isRepeat && past.stood ? [] : endedRefusal(past.how);
      },
    },

    CancelSeat: {
      owner: ({ reservationId }, { open, ended }) =>
        (open.get(reservationId) ?? recall(ended, reservationId))?.customerId,
      decide: ({ showingId, reservationId, reason }, state, { now }) => {
        const reservation = state.open.get(reservationId);
        if (!reservation) return notCancelable(recall(state.ended, reservationId));
        if (reservation.status === 'held') return refuse('reservation-pending');
        const deadline = cancelableUntil(state, reservation);
        if (now > deadline) return refuse('too-late', `it could be cancelled until ${deadline}`);
        const data = reservationData(state, { showingId, reservationId }, reservation);
        return [{ type: 'SeatReservationCanceled', data: { ...data, ...defined({ reason }) } }];
      },
      answer: ({ showingId, reservationId }) => ({ showingId, reservationId, status: 'canceled' }),
    },

    ProveGuest: {
      decide: ({ movieId, reservationId, customerId }, { showing, open }, { now }) => {
        const reservation = open.get(reservationId);
        const isGuest = reservation?.status === 'confirmed' && reservation.customerId === customerId;
        if (!isGuest || showing.movieId !== movieId) return refuse('not-a-guest');
        return now < showing.startsAt ? refuse('showing-not-begun') : [];
      },
    },
  },

  snapshotVersion: 13,
});

/**
 * A showing's seats and their reservations, the unit of optimistic concurrency. Holds and the waiting list end when it
 * begins.
 */
export const showing = kept.settling(rules, (data, state, { now }) => {
  const { status, isClosed, showing } = state;
  const remaining = kept.open(state);
  if (status !== 'open' || isClosed || remaining === 0 || now < showing.startsAt) return [];
  const closed = { showingId: rules.id(data), movieId: showing.movieId, remaining };
  return [{ type: 'ShowingPlacesClosed' as const, data: closed }];
});

/** Returns the last moment at which a reservation can be cancelled: the start, if the showing was moved since. */
const cancelableUntil = ({ showing: { startsAt, cancelUntil }, moves }: State, reservation: Reservation): string =>
  (reservation.moves ?? 0) < moves ? startsAt : plus(startsAt, { minutes: -cancelUntil });

const isAnothers = ({ movieId }: { movieId: string }, { status, showing }: State): boolean =>
  status !== 'none' && showing.movieId !== movieId;

const isUsed = ({ open, ended }: State, reservationId: string): boolean =>
  open.has(reservationId) || recall(ended, reservationId) !== undefined;

/** The seats of a reservation: `seat` as the client named it, `seats` by name, or neither for any seat on the day. */
type Choice = Pick<Reservation, 'seat' | 'seats'>;

const named = (names: readonly string[], { showing: { hallMap, seats }, taken }: State): Refusal | undefined => {
  for (const name of names) {
    const seat = findSeat(name, hallMap, seats);
    if (!seat) return refuse('no-such-seat', hallMap ? `there is no ${name}` : `there are ${seats}`);
    if (seat.isBlocked) return refuse('seat-blocked', name);
  }
  const others = names.filter((name) => taken.has(name));
  return others.length > 0 ? refuse('seat-taken', others.join(', ')) : undefined;
};

/** Chooses seats beside each other; any seat on the day for one place in a showing without a hall map. */
const chosen = (places: number | undefined, { showing: { hallMap, seats }, taken }: State): Choice | Refusal => {
  if (places === undefined && !hallMap) return {};
  const choice = chooseSeats(rowsOf(hallMap, seats), places ?? 1, (name) => !taken.has(name));
  if ('seats' in choice) return choice;
  const alternatives = choice.alternatives.map((run) => run.join(', ')).join(' and ');
  return refuse('seats-apart', `seats that are left: ${alternatives}`);
};

/** Chooses the seats that a hold names: all of them. */
const ofHold = (held: readonly string[], names: readonly string[], wanted: number): Choice | Refusal => {
  const isSame = wanted === held.length && names.every((name) => held.includes(name));
  return isSame ? { seats: [...held] } : refuse('seats-differ', `${held.join(', ')} are held`);
};

const choiceOf = (data: Data<'ReserveSeat'>, state: State, now: string): Choice | Refusal => {
  const { seat, seats, places, holdId } = data;
  if ([seat, seats, places].filter((given) => given !== undefined).length > 1) return refuse('choice-ambiguous');
  const choice = defined({ seat, seats });
  const names = seatNamesOf(choice);
  const held = holdId === undefined ? undefined : state.heldSeats.get(holdId);
  const wanted = places ?? (names.length || held?.length || 1);
  if (held) return kept.refusalOf(state, data, wanted, now) ?? ofHold(held, names, wanted);
  const refusal = named(names, state);
  if (refusal && refusal.refused !== 'seat-taken') return refusal;
  return kept.refusalOf(state, data, wanted, now) ?? refusal ?? (names.length > 0 ? choice : chosen(places, state));
};

const reserve = (
  asked: Data<'ReserveSeat'>,
  state: State,
  { now, revision }: DecisionInput,
): Decision<Event<'SeatHeld' | 'ReservationConfirmed'>> => {
  const { showingId, reservationId, customerId, holdId, entryId, amount, payment } = asked;
  const { status, showing } = state;
  if (isUsed(state, reservationId)) return refuse('reservation-already-exists');
  if (status === 'canceled') return refuse('showing-canceled');
  if (hasBegun(state, now)) return refuse('too-late', 'the showing has begun');
  const choice = choiceOf(asked, state, now);
  if ('refused' in choice) return choice;
  const price = showing.price * placesOf(choice);
  if (price > MAX_MONEY) return refuse('price-too-high');
  if (amount !== undefined && amount !== price) return refuse('price-changed', `it is ${price}`, { price });
  if (price > 0 && !payment) return refuse('payment-required', `the price is ${price}`, { price });
  const held: Reservation = { status: 'held', hold: `${revision}`, customerId, ...choice, price };
  const data = reservationData(state, { showingId, reservationId }, held);
  const seatHeld = { type: 'SeatHeld' as const, data: defined({ ...data, holdId, entryId, heldAt: now }) };
  return price > 0 ? [seatHeld] : [seatHeld, { type: 'ReservationConfirmed', data }];
};

/** Returns the reservation that a step belongs to, unless its id was held again since. */
const heldBy = ({ open }: State, { reservationId, hold }: Hold): Reservation | undefined => {
  const reservation = open.get(reservationId);
  return reservation?.hold === hold ? reservation : undefined;
};

/** Returns the data that every event of a reservation has. */
const reservationData = (
  { showing: { movieId, title, startsAt, hallId } }: State,
  { showingId, reservationId }: Hold,
  { hold, customerId, seat, seats, price }: Reservation,
) => defined({ showingId, movieId, reservationId, hold, customerId, title, startsAt, hallId, seat, seats, price });

/** The part of a showing that the steps of its move, and of its reservations, read. */
export type ReadShowing = Pick<State, 'status'> &
  Pick<State['showing'], 'movieId' | 'startsAt' | 'price' | 'hallId' | 'slot' | 'runningTime' | 'cleaning'>;

/** The slot that the hall keeps for a move, or why it keeps none. */
export type Prepared = { hall?: { slot: string } | Refusal };

/** Returns the slots of a move: the one that the hall keeps for it, and the one that it leaves. */
const slotOf = ({ showing: { hallId, slot: formerSlot }, pastSlots }: State, hall: Prepared['hall']) => {
  if (hallId === undefined || formerSlot === undefined) return {};
  if (!hall || ('slot' in hall && recall(pastSlots, hall.slot))) return refuse('hall-unavailable');
  return 'slot' in hall ? { hallId, slot: hall.slot, formerSlot } : hall;
};

const withStart = (state: State, startsAt: string): State => ({ ...state, showing: { ...state.showing, startsAt } });

const changed = (state: State, reservationId: string, change: Partial<Reservation>): State => ({
  ...state,
  open: state.open.update(reservationId, (reservation) => reservation && { ...reservation, ...change }),
});

/** Returns whether the customer of a paid reservation knows another start than the showing's. */
const isUntold =
  ({ showing }: State) =>
  ({ status, startsAt }: Reservation): boolean =>
    status === 'confirmed' && startsAt !== showing.startsAt;

/**
 * Returns the next moves of reservations that fit into one append. One that is being paid is confirmed for the new
 * start.
 */
const movedSeats = (showingId: string, state: State): Event<'SeatReservationMoved'>[] =>
  Iterator.from(state.open)
    .filter(([, reservation]) => isUntold(state)(reservation))
    .take(CANCELLATIONS_PER_COMMAND)
    .map(([reservationId, reservation]) => {
      const data = reservationData(state, { showingId, reservationId }, reservation);
      return { type: 'SeatReservationMoved' as const, data: { ...data, before: reservation.startsAt! } };
    })
    .toArray();

const ended = (state: State, reservationId: string, how: Ending): State => {
  const reservation = state.open.get(reservationId);
  if (!reservation) return state;
  const { hold, customerId, status, isPaidInVain } = reservation;
  const stood = status === 'confirmed' && !isPaidInVain ? (true as const) : undefined;
  return {
    ...state,
    open: state.open.delete(reservationId),
    reserved: state.reserved - placesOf(reservation),
    taken: withoutTaken(state, seatNamesOf(reservation)),
    ended: remember(state.ended, reservationId, defined({ how, hold, customerId, stood })),
  };
};

const byShowing = refuse('showing-canceled', 'the payment is refunded');

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
      return byShowing;
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
  data: { ...data, reason: SHOWING_CANCELED },
});

const canceledWithReservations = (showingId: string, state: State) => {
  const ended = endings(showingId, state);
  const confirmed = state.open.count(({ status }) => status === 'confirmed');
  const remaining = confirmed + kept.open(state) - ended.length;
  const { movieId, hallId, slot } = state.showing;
  const inHall = hallId && slot ? { hallId, slot } : {};
  const data = { showingId, movieId, remaining, ...inHall };
  return [{ type: 'ShowingCanceled' as const, data }, ...ended];
};

/**
 * Returns the next cancellations of reservations, and ends of holds and waiting entries, that fit into one append.
 * Leaves those that are being paid: they are cancelled once the payment is approved, or released when it is not.
 */
const endings = (showingId: string, state: State) => {
  const canceled = Iterator.from(state.open)
    .filter(([, { status }]) => status === 'confirmed')
    .take(CANCELLATIONS_PER_COMMAND)
    .map(([reservationId, reservation]) =>
      canceledByShowing(reservationData(state, { showingId, reservationId }, reservation)),
    )
    .toArray();
  return [...canceled, ...kept.closing(showingId, state, CANCELLATIONS_PER_COMMAND - canceled.length)];
};
