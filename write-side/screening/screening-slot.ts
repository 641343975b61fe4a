import { calendarDay, momentOf, plusDays, startOfDay } from '../../schemas/kernel/calendar.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { withoutNull } from '../../schemas/kernel/settings.ts';
import {
  BOOKINGS_PER_PORTION,
  MAX_CAPACITY,
  type ScreeningCommand,
  type ScreeningEvent,
  schema as screening,
  slotPlaces,
} from '../../schemas/screening.ts';
import { type Decision, type DecisionInput, decider, notDue, type Refusal, refuse } from '../kernel/decider.ts';
import { isWaitedFor, type KeptFor, keptIn, limitedPlaces } from '../kernel/limited-places.ts';
import { recall } from '../kernel/past-ids.ts';
import {
  type Booking,
  customerOf,
  dayBefore,
  type Ending,
  endEverywhere,
  endOf,
  evolve,
  initialState,
  isForgotten,
  isOpen,
  type Layout,
  outcomeOfMove,
  type State,
  WHOLE_DAY,
} from './slot-state.ts';

type Event<Type extends ScreeningEvent['type']> = Extract<ScreeningEvent, { type: Type }>;
type Data<Type extends ScreeningCommand['type']> = Extract<ScreeningCommand, { type: Type }>['data'];

const kept = limitedPlaces(slotPlaces, {
  unreserved: (state: State, at) => {
    const session = sessionOf(state, at);
    return state.status === 'open' && session ? session.capacity - session.booked : 0;
  },
  holdFor: ({ slot }) => slot.holdFor,
  refusal: (state, input, at) => notOpen(state) ?? (at === undefined ? ended(state, input) : begun(state, at, input)),
  facts: ({ slot: { hospitalName, date } }) => ({ hospitalName, date }),
});

/** The rules of a slot, without the ends of what is due. */
const rules = decider(screening, {
  stream: 'screeningSlot-{fromSlotId|slotId}',
  initialState,
  evolve: { ...kept.evolve, ...evolve },

  commands: {
    ...kept.commands,

    OpenSlot: {
      decide: (data, state, input) => {
        const slot = newSlot(data, state, input);
        if ('refused' in slot) return slot;
        return (input.prepared?.day as Refusal | undefined) ?? [{ type: 'SlotOpened', data: slot }];
      },
      ended: (_data, state, input) => notOpen(state) ?? ended(state, input),
      answer: (_data, [opened]) => {
        const { endsAt: _endsAt, ...slot } = (opened as Event<'SlotOpened'>).data;
        return { ...slot, status: 'open' };
      },
    },

    YieldDay: {
      decide: ({ slotId, hospitalId, date }, { status, slot }) => {
        if (status === 'unopened') return [{ type: 'SlotVoided', data: { slotId, hospitalId, date } }];
        const isOpened = status === 'open' || status === 'ended';
        if (isOpened && slot.hospitalId === hospitalId && slot.date === date) return alreadyOpen(slotId);
        return [];
      },
    },

    ChangeSlot: {
      decide: (data, state, input) => changeSlot(data, state, input),
      answer: (data, [changed]) => ({ ...withoutNull(data), ...changed?.data, status: 'open' }),
    },

    BookScreening: {
      decide: (data, state, input) =>
        refusalOfBooking(state, data, input) ?? [{ type: 'ScreeningBooked', data: newBooking(state, data) }],
      ended: ({ bookingId, at = WHOLE_DAY }, state) => {
        const booking = state.bookings.get(bookingId);
        if (!booking) return notThere(state, bookingId, 'booking-already-exists');
        return booking.at === at ? notOpen(state) : refuse(ENDED.rescheduled);
      },
      answer: (_data, [booked]) => ({ ...booked?.data, status: 'booked' }),
    },

    CancelBooking: {
      owner: ({ bookingId }, state) => customerOf(state, bookingId),
      decide: ({ slotId, bookingId }, state, input) => {
        const booking = openBooking(state, bookingId);
        if ('refused' in booking) return booking;
        const late = lateToChange(booking, input);
        return late ?? [{ type: 'BookingCanceled', data: factsOf(state, slotId, bookingId, booking) }];
      },
      answer: (data) => ({ ...data, status: 'canceled' }),
    },

    RescheduleBooking: {
      owner: ({ bookingId }, state) => customerOf(state, bookingId),
      decide: (data, state, input) => reschedule(data, state, input),
      answer: ({ fromSlotId: _from, ...data }) => ({ ...data, status: 'booked' }),
    },

    CheckBooking: {
      owner: ({ bookingId }, state) => customerOf(state, bookingId),
      decide: ({ bookingId }, state) => {
        const booking = openBooking(state, bookingId);
        return 'refused' in booking ? booking : [];
      },
    },

    CheckPlaces: {
      decide: ({ at }, state, input) => refusalOfPlaces(state, { customerId: '', at }, input) ?? [],
    },

    TakeRescheduled: {
      decide: ({ firstSlotId, from, ...data }, state, input) => {
        const { slotId, bookingId, customerId } = data;
        if (outcomeOfMove(state, bookingId, from) !== undefined) return [];
        const refusal = isForgotten(state, from)
          ? refuse('too-late')
          : refusalOfBooking(state, data, input, isReturning(state, data));
        if (!refusal) return [{ type: 'ScreeningBooked', data: { ...newBooking(state, data), firstSlotId, from } }];
        const reason = refusal.refused as Event<'RescheduleDeclined'>['data']['reason'];
        return [{ type: 'RescheduleDeclined', data: { slotId, bookingId, customerId, from, reason } }];
      },
    },

    CheckRescheduled: {
      decide: ({ bookingId, from }, state) => {
        const outcome = outcomeOfMove(state, bookingId, from) ?? 'reschedule-pending';
        return outcome === 'booked' ? [] : refuse(outcome);
      },
    },

    SettleReschedule: { decide: (data, state) => settleReschedule(data, state) },

    RecordAttendance: {
      decide: ({ slotId, bookingId }, state, { now, timeZone }) => {
        const booking = openBooking(state, bookingId);
        if ('refused' in booking) return booking;
        if (now >= endOf(state, timeZone)) return refuse('too-late', 'the day has ended');
        if (now < startOfDay(state.slot.date, timeZone)) return refuse('too-early');
        return [{ type: 'ScreeningAttended', data: factsOf(state, slotId, bookingId, booking) }];
      },
      answer: (data) => ({ ...data, status: 'attended' }),
    },

    EndSlot: {
      decide: ({ slotId }, state, { now, timeZone }) => {
        if (state.status !== 'open') return [];
        if (now < endOf(state, timeZone)) return notDue;
        return ending(slotId, state);
      },
    },

    EndSession: {
      decide: ({ slotId, at }, state, input) => {
        if (state.status !== 'open') return [];
        const isKnown = state.begun.includes(at); // by the clock of the process that decided it
        if (!isKnown && sessionOf(state, at) && !begun(state, at, input)) return notDue;
        return kept.closing(slotId, state, BOOKINGS_PER_PORTION, at);
      },
    },

    EndRemaining: {
      decide: ({ slotId }, state) => {
        if (state.status === 'ended') return nextEnds(slotId, state);
        return state.status === 'deleted' ? kept.closing(slotId, state, BOOKINGS_PER_PORTION) : [];
      },
    },

    DeleteSlot: {
      decide: ({ slotId }, state, input) => notOpen(state) ?? ended(state, input) ?? deletion(slotId, state),
      answer: ({ slotId }, [deleted]) => {
        const { openBookings } = (deleted as Event<'SlotDeleted'>).data;
        return { slotId, status: 'deleted', openBookings };
      },
    },

    ForceCancelBooking: {
      decide: ({ slotId, bookingId }, state) => {
        if (state.status === 'unopened') return refuse('slot-not-found');
        const booking = state.bookings.get(bookingId);
        if (state.status !== 'deleted' || !booking || !isOpen(booking)) return [];
        return [{ type: 'BookingForceCanceled', data: factsOf(state, slotId, bookingId, booking) }];
      },
      answer: (data) => ({ ...data, status: 'force-canceled' }),
    },
  },

  scope: ({ status, slot: { hospitalName } }) =>
    status === 'unopened' || status === 'voided' ? undefined : { hospitalName },
  snapshotVersion: 8,
});

/** Returns the end of a slot whose day is over, or what closes with the sessions that have begun. */
const dueEnds = (data: Parameters<typeof rules.id>[0], state: State, input: DecisionInput) => {
  if (state.status !== 'open') return [];
  const slotId = rules.id(data);
  const { date, endsAt = endEverywhere(date) } = state.slot;
  return input.now >= endsAt ? ending(slotId, state) : beginnings(slotId, state, input);
};

/** A slot: one hospital on one day, with its bookings. It ends with its day, also when the timer is late. */
export const screeningSlot = kept.settling(rules, dueEnds, {
  closing: 'DeleteSlot',
  dueTypes: ['SessionPlacesClosed'],
});

const notOpen = ({ status }: State): Refusal | undefined => {
  if (status === 'unopened' || status === 'voided') return refuse('slot-not-found');
  return status === 'deleted' ? refuse('slot-deleted') : undefined;
};

/** The slot's day has ended, whether or not the timer has said so. */
const ended = (state: State, { now, timeZone }: DecisionInput): Refusal | undefined =>
  state.status === 'ended' || now >= endOf(state, timeZone)
    ? refuse('too-late', "the slot's day has ended")
    : undefined;

/** Refuses a slot because the hospital has another one on its day. */
export const alreadyOpen = (slotId: string): Refusal =>
  refuse('slot-already-open', undefined, { existing: `/screening/slots/${slotId}` });

/** Returns the sessions of a request in order of time and their places, or why these do not fit together. */
const layoutOf = ({ capacity, sessions = [] }: Partial<Layout>): Layout | Refusal => {
  if (sessions.length === 0)
    return capacity === undefined
      ? refuse('invalid-places', 'neither a capacity nor sessions are given')
      : { capacity };
  const sum = sessions.reduce((places, session) => places + session.capacity, 0);
  if (new Set(sessions.map(({ at }) => at)).size < sessions.length)
    return refuse('invalid-places', 'two sessions begin at the same time');
  if (sum > MAX_CAPACITY) return refuse('invalid-places', `a slot has at most ${MAX_CAPACITY} places`);
  if (capacity !== undefined && capacity !== sum)
    return refuse('invalid-places', `the sessions have ${sum} places in all`);
  const inOrder = sessions.map(({ at, capacity }) => ({ at, capacity })).sort((a, b) => (a.at < b.at ? -1 : 1));
  return { capacity: sum, sessions: inOrder };
};

const newSlot = (
  { capacity, sessions, ...data }: Data<'OpenSlot'>,
  { status }: State,
  { now, timeZone }: DecisionInput,
): Event<'SlotOpened'>['data'] | Refusal => {
  const { date, cancelUntil = dayBefore(date) } = data;
  const today = calendarDay(now, timeZone);
  if (status !== 'unopened') return refuse('slot-already-opened');
  if (date < today) return refuse('date-in-past', `today is ${today} (${timeZone})`);
  if (cancelUntil > date) return refuse('invalid-deadline');
  const layout = layoutOf(defined({ capacity, sessions }));
  if ('refused' in layout) return layout;
  return { ...data, ...layout, cancelUntil, endsAt: startOfDay(plusDays(date, 1), timeZone) };
};

/** Returns the places of a session; undefined for one that is not in the layout. */
const capacityAt = ({ capacity, sessions }: Layout, at: string): number | undefined => {
  if (!sessions) return at === WHOLE_DAY ? capacity : undefined;
  return sessions.find((session) => session.at === at)?.capacity;
};

const changeSlot = (
  { slotId, capacity, sessions, cancelUntil }: Data<'ChangeSlot'>,
  state: State,
  input: DecisionInput,
): Decision<Event<'SlotChanged'>> => {
  const refusal = notOpen(state) ?? ended(state, input);
  if (refusal) return refusal;
  const { slot } = state;
  const before = layoutBefore(state);
  const given = sessions === undefined ? before : sessions.length > 0 ? { sessions } : { capacity: before.capacity };
  const layout = layoutOf({ ...given, ...defined({ capacity }) });
  if ('refused' in layout) return layout;
  const deadline = cancelUntil === null ? dayBefore(slot.date) : (cancelUntil ?? slot.cancelUntil);
  if (deadline > slot.date) return refuse('invalid-deadline');
  for (const { at, booked } of state.sessions) {
    const taken = booked + keptIn(state.places, at);
    const where = at && ` at ${at}`;
    if (taken > (capacityAt(layout, at) ?? 0))
      return refuse('capacity-below-booked', `${taken} places are booked, held or offered${where}`);
    if (capacityAt(layout, at) === undefined && isWaitedFor(state.places, at))
      return refuse('capacity-below-booked', `customers wait for places${where}`);
  }
  const isSame = JSON.stringify([layout, deadline]) === JSON.stringify([before, slot.cancelUntil]);
  return isSame ? [] : [{ type: 'SlotChanged', data: { slotId, ...layout, cancelUntil: deadline } }];
};

const layoutBefore = ({ sessions }: State): Layout => {
  const capacity = sessions.reduce((places, session) => places + session.capacity, 0);
  if (sessions[0]?.at === WHOLE_DAY) return { capacity };
  return { capacity, sessions: sessions.map(({ at, capacity }) => ({ at, capacity })) };
};

/** Returns the data that every event of a booking has. */
const factsOf = (
  { slot: { hospitalName, date } }: State,
  slotId: string,
  bookingId: string,
  { customerId, at, places, firstSlotId }: Pick<Booking, 'customerId' | 'at' | 'places' | 'firstSlotId'>,
) => ({
  slotId,
  bookingId,
  customerId,
  hospitalName,
  date,
  ...(at === WHOLE_DAY ? {} : { at }),
  ...(places === 1 ? {} : { places }),
  ...defined({ firstSlotId }),
});

type AskedPlaces = KeptFor & { customerId: string; at?: string | undefined; places?: number | undefined };
type AskedBooking = AskedPlaces & { slotId: string; bookingId: string };

const newBooking = (
  state: State,
  { slotId, bookingId, customerId, at = WHOLE_DAY, places = 1, holdId, entryId }: AskedBooking,
) => ({
  ...factsOf(state, slotId, bookingId, { customerId, at, places }),
  cancelUntil: state.slot.cancelUntil,
  ...defined({ holdId, entryId }),
});

/** Refuses places that a slot does not have, or not any more: booking ends with the day, or when the session begins. */
const refusalOfPlaces = (state: State, asked: AskedPlaces, input: DecisionInput): Refusal | undefined => {
  const { at = WHOLE_DAY, places = 1 } = asked;
  return notOpen(state) ?? begun(state, at, input) ?? kept.refusalOf(state, asked, places, input.now, at);
};

const sessionOf = ({ sessions }: State, at: string) => sessions.find((session) => session.at === at);

/** Refuses a session that the slot does not have, or that has begun. A whole day takes bookings until it ends. */
const begun = (state: State, at: string, { now, timeZone }: DecisionInput): Refusal | undefined => {
  if (!sessionOf(state, at)) return refuse('no-such-session', sessionsDetail(state));
  const until = at === WHOLE_DAY ? endOf(state, timeZone) : momentOf(state.slot.date, at, timeZone);
  return state.status === 'ended' || now >= until ? refuse('too-late', `booking ended at ${until}`) : undefined;
};

const sessionsDetail = ({ sessions }: State): string =>
  sessions[0]?.at === WHOLE_DAY
    ? 'the slot is one whole day'
    : `its sessions begin at ${sessions.map(({ at }) => at).join(', ')}`;

/** @param isReturning whether the booking's id is taken by the same booking, which had moved away */
const refusalOfBooking = (
  state: State,
  asked: AskedBooking,
  input: DecisionInput,
  isReturning = false,
): Refusal | undefined => {
  const { bookingId, customerId } = asked;
  const refusal = notOpen(state);
  if (refusal) return refusal;
  if (!isReturning && customerOf(state, bookingId) !== undefined) return refuse('booking-already-exists');
  if (state.customers.has(customerId)) return refuse('customer-already-booked');
  return refusalOfPlaces(state, asked, input);
};

const isReturning = ({ bookings, closed }: State, { bookingId, customerId }: AskedBooking): boolean => {
  const past = recall(closed, bookingId);
  return !bookings.has(bookingId) && past?.how === 'rescheduled' && past.customerId === customerId;
};

const ENDED: Readonly<Record<Ending, string>> = {
  canceled: 'already-canceled',
  rescheduled: 'already-rescheduled',
  missed: 'already-missed',
};

/** Refuses a command for a booking without places. @param unknown the problem of an id that is not remembered */
const notThere = ({ closed }: State, bookingId: string, unknown: string): Refusal => {
  const past = recall(closed, bookingId);
  return refuse(past ? ENDED[past.how] : unknown);
};

/** Returns a booking that its customer may give up or use, or why there is none. */
const openBooking = (state: State, bookingId: string): Booking | Refusal => {
  if (state.status === 'unopened' || state.status === 'voided') return refuse('slot-not-found');
  const booking = state.bookings.get(bookingId);
  if (!booking) return notThere(state, bookingId, 'booking-not-found');
  if (booking.status === 'attended') return refuse('already-attended');
  return booking.move ? refuse('reschedule-pending') : booking;
};

const lateToChange = ({ cancelUntil }: Booking, { now, timeZone }: DecisionInput): Refusal | undefined =>
  calendarDay(now, timeZone) > cancelUntil
    ? refuse('too-late', `it was possible until the end of ${cancelUntil}`)
    : undefined;

/** Moves a booking to another session at once. To another slot it moves when that slot has taken it. */
const reschedule = (
  { fromSlotId, bookingId, slotId, at }: Data<'RescheduleBooking'>,
  state: State,
  input: DecisionInput,
): Decision<Event<'RescheduleRequested' | 'BookingRescheduled' | 'ScreeningBooked'>> => {
  const booking = openBooking(state, bookingId);
  if ('refused' in booking) return booking;
  const refusal = notOpen(state) ?? lateToChange(booking, input);
  if (refusal) return refusal;
  const facts = factsOf(state, fromSlotId, bookingId, booking);
  const target = { toSlotId: slotId, ...defined({ toAt: at }) };
  const request = `${input.revision}`;
  if (slotId !== fromSlotId) return [{ type: 'RescheduleRequested', data: { ...facts, request, ...target } }];

  if (booking.at === (at ?? WHOLE_DAY)) return refuse('same-session');
  const { customerId, places, firstSlotId = slotId } = booking;
  const noPlaces = refusalOfPlaces(state, { customerId, at, places }, input);
  if (noPlaces) return noPlaces;
  const moved = newBooking(state, { slotId, bookingId, customerId, at, places });
  return [
    { type: 'BookingRescheduled', data: { ...facts, ...target } },
    { type: 'ScreeningBooked', data: { ...moved, firstSlotId, from: { slotId, request } } },
  ];
};

/** A booking that stands although its slot has ended or was deleted meanwhile ends like the others. */
const settleReschedule = (
  { slotId, bookingId, request, reason }: Data<'SettleReschedule'>,
  state: State,
): Decision<Event<'BookingRescheduled' | 'RescheduleRefused' | 'BookingMissed' | 'BookingForceCanceled'>> => {
  const booking = state.bookings.get(bookingId);
  if (booking?.move?.request !== request) return [];
  const facts = factsOf(state, slotId, bookingId, booking);
  const { request: _request, ...target } = booking.move;
  if (reason === undefined) return [{ type: 'BookingRescheduled', data: { ...facts, ...target } }];
  const refused = { type: 'RescheduleRefused' as const, data: { ...facts, ...target, reason } };
  if (state.status === 'ended') return [refused, { type: 'BookingMissed', data: facts }];
  return state.status === 'deleted' ? [refused, { type: 'BookingForceCanceled', data: facts }] : [refused];
};

/** Returns the end of a slot, and of as many of its bookings, holds and waiting entries as fit into one append. */
const ending = (slotId: string, state: State) => {
  const ends = nextEnds(slotId, state);
  const remaining = state.bookings.count(isOpen) + kept.open(state) - ends.length;
  return [{ type: 'SlotEnded' as const, data: { slotId, remaining } }, ...ends];
};

/**
 * Names the sessions that have begun while places of them are held, offered or waited for. A whole day has no
 * beginning.
 */
const beginnings = (slotId: string, state: State, input: DecisionInput): Event<'SessionPlacesClosed'>[] => {
  if (kept.open(state) === 0) return [];
  return state.sessions
    .filter(({ at }) => at !== WHOLE_DAY && !state.begun.includes(at) && begun(state, at, input))
    .map(({ at }) => ({ at, remaining: kept.open(state, at) }))
    .filter(({ remaining }) => remaining > 0)
    .map(({ at, remaining }) => ({ type: 'SessionPlacesClosed', data: { slotId, at, remaining } }));
};

const nextEnds = (slotId: string, state: State) => {
  const missed = Iterator.from(state.bookings)
    .filter(([, booking]) => isOpen(booking))
    .take(BOOKINGS_PER_PORTION)
    .map(([bookingId, booking]) => ({
      type: 'BookingMissed' as const,
      data: factsOf(state, slotId, bookingId, booking),
    }))
    .toArray();
  return [...missed, ...kept.closing(slotId, state, BOOKINGS_PER_PORTION - missed.length)];
};

/** The deletion, and the open bookings in portions that a policy cancels one after the other. */
const deletion = (slotId: string, state: State): Event<'SlotDeleted' | 'ForceCancellationDue'>[] => {
  const { bookings } = state;
  const remaining = kept.open(state);
  const bookingIds = Iterator.from(bookings)
    .filter(([, { status }]) => status === 'booked')
    .map(([bookingId]) => bookingId)
    .toArray();
  const portions = Math.ceil(bookingIds.length / BOOKINGS_PER_PORTION);
  return [
    {
      type: 'SlotDeleted',
      data: { slotId, openBookings: bookingIds.length, ...(remaining > 0 ? { remaining } : {}) },
    },
    ...Array.from({ length: portions }, (_, portion) => {
      const first = portion * BOOKINGS_PER_PORTION;
      const data = { slotId, portion, bookingIds: bookingIds.slice(first, first + BOOKINGS_PER_PORTION) };
      return { type: 'ForceCancellationDue' as const, data };
    }),
  ];
};
