import { plusDays, startOfDay } from '../../schemas/kernel/calendar.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { DEFAULT_HOLD_FOR } from '../../schemas/kernel/limited-places.ts';
import type { ScreeningEvent, schema as screening } from '../../schemas/screening.ts';
import { ImmutableMap, ImmutableSet } from '../kernel/collections.ts';
import type { Folds } from '../kernel/decider.ts';
import { noPlaces, type Places, usePlaces } from '../kernel/limited-places.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type Data<Type extends ScreeningEvent['type']> = Extract<ScreeningEvent, { type: Type }>['data'];

/** The `at` of a slot without sessions: it is one session, which lasts the whole day. */
export const WHOLE_DAY = '';

export type Session = { at: string; capacity: number; booked: number };

/** A booking that has places: it is open, or the customer came. */
export type Booking = {
  status: 'booked' | 'attended';
  customerId: string;
  at: string;
  places: number;
  cancelUntil: string;
  firstSlotId?: string;
  /** While another slot decides whether it takes the booking. */
  move?: { request: string; toSlotId: string; toAt?: string };
};

type Opened = Data<'SlotOpened'>;

export type Ending = 'canceled' | 'rescheduled' | 'missed';

export type State = {
  /** `voided`: the slot never opens, because another one got its day. */
  status: 'unopened' | 'open' | 'ended' | 'deleted' | 'voided';
  slot: Pick<Opened, 'hospitalId' | 'hospitalName' | 'date' | 'endsAt'> &
    Required<Pick<Opened, 'cancelUntil' | 'holdFor'>>;
  /** In order of time. */
  sessions: readonly Session[];
  /** Holds and the waiting lists of the sessions. */
  places: Places;
  /** The sessions whose holds and waiting lists were closed, because they began. */
  begun: readonly string[];
  /** By booking id. */
  bookings: ImmutableMap<string, Booking>;
  customers: ImmutableSet<string>;
  /** The bookings that ended last. */
  closed: PastIds<{ customerId: string; how: Ending }>;
  /** The outcomes of the last bookings of other slots that were to move here: `booked`, or why they were declined. */
  moves: PastIds<string>;
  /** The highest request of each other slot among the moves that are forgotten. */
  forgotten: ImmutableMap<string, string>;
};

/** Closed bookings, and moves from other slots, that a slot remembers, at least. */
const REMEMBERED = 2_000;

export const initialState: State = {
  status: 'unopened',
  slot: { hospitalName: '', date: '', cancelUntil: '', holdFor: DEFAULT_HOLD_FOR },
  sessions: [],
  places: noPlaces,
  begun: [],
  bookings: ImmutableMap(),
  customers: ImmutableSet(),
  closed: noPastIds(REMEMBERED),
  moves: noPastIds(REMEMBERED),
  forgotten: ImmutableMap(),
};

/** Sessions with their places, and the sum of these. */
export type Layout = { capacity: number; sessions?: { at: string; capacity: number }[] };

const sessionsOf = ({ capacity, sessions }: Layout, booked: (at: string) => number): readonly Session[] =>
  (sessions?.length ? sessions : [{ at: WHOLE_DAY, capacity }]).map((session) => ({
    ...session,
    booked: booked(session.at),
  }));

const bookedAt = (state: State, at: string): number => state.sessions.find((session) => session.at === at)?.booked ?? 0;

const withPlaces = (state: State, at: string, places: number): State => ({
  ...state,
  sessions: state.sessions.map((session) =>
    session.at === at ? { ...session, booked: session.booked + places } : session,
  ),
});

const withBooking = (state: State, bookingId: string, change: (booking: Booking) => Booking): State => ({
  ...state,
  bookings: state.bookings.update(bookingId, (booking) => booking && change(booking)),
});

const close = (state: State, bookingId: string, how: Ending): State => {
  const booking = state.bookings.get(bookingId);
  if (!booking) return state;
  const { customerId, at, places } = booking;
  return {
    ...withPlaces(state, at, -places),
    bookings: state.bookings.delete(bookingId),
    customers: state.customers.delete(customerId),
    closed: remember(state.closed, bookingId, { customerId, how }),
  };
};

type From = { slotId: string; request: string };

const moveKey = (bookingId: string, { slotId, request }: From): string => `${slotId}.${bookingId}.${request}`;

const withMove = (state: State, bookingId: string, from: From, outcome: string): State => {
  const moves = remember(state.moves, moveKey(bookingId, from), outcome);
  const isForgetting = moves.older !== state.moves.older;
  return { ...state, moves, forgotten: isForgetting ? withForgotten(state) : state.forgotten };
};

const withForgotten = ({ forgotten, moves }: State): State['forgotten'] => {
  let highest = forgotten;
  for (const key of moves.older.keys()) {
    const [slotId = '', , request = '0'] = key.split('.');
    if (BigInt(request) > BigInt(highest.get(slotId) ?? -1)) highest = highest.set(slotId, request);
  }
  return highest;
};

/**
 * Returns whether a move may have been decided and forgotten. Then it must not be taken: the booking may have moved on
 * since, and would be there twice.
 */
export const isForgotten = ({ forgotten }: State, { slotId, request }: From): boolean =>
  BigInt(request) <= BigInt(forgotten.get(slotId) ?? -1);

/** Returns the outcome of a booking of another slot that was to move here; undefined while it is not decided. */
export const outcomeOfMove = ({ moves }: State, bookingId: string, from: From): string | undefined =>
  recall(moves, moveKey(bookingId, from));

/** The day until which bookings are cancelled in a slot that does not say so: the day before it. */
export const dayBefore = (date: string): string => plusDays(date, -1);

const booked = (state: State, data: Data<'ScreeningBooked'>): State => {
  const { bookingId, customerId, at = WHOLE_DAY, places = 1, firstSlotId, from, holdId, entryId } = data;
  const { cancelUntil = dayBefore(data.date) } = data;
  const booking = defined({ status: 'booked' as const, customerId, at, places, cancelUntil, firstSlotId });
  const next = {
    ...withPlaces(state, at, places),
    places: usePlaces(state.places, { holdId, entryId }, places),
    bookings: state.bookings.set(bookingId, booking),
    customers: state.customers.add(customerId),
  };
  return from ? withMove(next, bookingId, from, 'booked') : next;
};

/** The folds of a slot's events. */
export const evolve = {
  SlotOpened: (state, data) => {
    const { hospitalId, hospitalName, date, cancelUntil = dayBefore(date), endsAt, holdFor = DEFAULT_HOLD_FOR } = data;
    return {
      ...state,
      status: 'open',
      slot: defined({ hospitalId, hospitalName, date, cancelUntil, endsAt, holdFor }),
      sessions: sessionsOf(data, () => 0),
    };
  },
  SlotVoided: (state) => ({ ...state, status: 'voided' }),
  SlotChanged: (state, data) => ({
    ...state,
    slot: { ...state.slot, cancelUntil: data.cancelUntil },
    sessions: sessionsOf(data, (at) => bookedAt(state, at)),
  }),
  SessionPlacesClosed: (state, { at }) => ({ ...state, begun: [...state.begun, at] }),
  SlotEnded: (state) => ({ ...state, status: 'ended' }),
  SlotDeleted: (state) => ({ ...state, status: 'deleted' }),
  ForceCancellationDue: (state) => state,

  ScreeningBooked: booked,
  ScreeningAttended: (state, { bookingId }) =>
    withBooking(state, bookingId, (booking) => ({ ...booking, status: 'attended' })),
  BookingCanceled: (state, { bookingId }) => close(state, bookingId, 'canceled'),
  BookingForceCanceled: (state, { bookingId }) => close(state, bookingId, 'canceled'),
  BookingMissed: (state, { bookingId }) => close(state, bookingId, 'missed'),

  RescheduleRequested: (state, { bookingId, request, toSlotId, toAt }) =>
    withBooking(state, bookingId, (booking) => ({ ...booking, move: defined({ request, toSlotId, toAt }) })),
  RescheduleRefused: (state, { bookingId }) => withBooking(state, bookingId, ({ move: _move, ...booking }) => booking),
  BookingRescheduled: (state, { bookingId }) => close(state, bookingId, 'rescheduled'),
  RescheduleDeclined: (state, { bookingId, from, reason }) => withMove(state, bookingId, from, reason),
} satisfies Folds<typeof screening, State>;

/** Returns a moment at which a day has ended wherever it is. */
export const endEverywhere = (date: string): string => `${plusDays(date, 1)}T12:00:00.000Z`;

/** Returns the moment at which the slot's day ends. Slots of version 1 do not hold it. */
export const endOf = ({ slot: { date, endsAt } }: State, timeZone: string): string =>
  endsAt ?? startOfDay(plusDays(date, 1), timeZone);

/** The customer of a booking, open or closed; undefined for an id that is unused or forgotten. */
export const customerOf = ({ bookings, closed }: State, bookingId: string): string | undefined =>
  bookings.get(bookingId)?.customerId ?? recall(closed, bookingId)?.customerId;

/** Whether a booking takes part in what happens to all bookings of a slot: it is open, and not about to leave. */
export const isOpen = ({ status, move }: Booking): boolean => status === 'booked' && move === undefined;
