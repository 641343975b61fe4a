import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plus } from '../../schemas/kernel/calendar.ts';
import { BOOKINGS_PER_PORTION, MAX_CAPACITY } from '../../schemas/screening.ts';
import { isRefusal } from '../kernel/decider.ts';
import {
  appendBytes,
  holdsForEveryDecider,
  MEBIBYTE,
  play,
  specification,
  stateAfter,
  TIME_ZONE,
} from '../kernel/testing.ts';
import { screeningSlot } from './screening-slot.ts';

type Command = Parameters<typeof screeningSlot.decide>[0];
type Event = Parameters<typeof screeningSlot.evolve>[1];
type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>;

/** The tests' time zone is nine hours ahead of UTC: this is 23:59:59.999 on the day before the slot's. */
const EVE = '2026-01-31T14:59:59.999Z';
const MORNING = '2026-01-31T15:00:00.000Z';
const LAST_MOMENT = '2026-02-01T14:59:59.999Z';
const NEXT_DAY = '2026-02-01T15:00:00.000Z';

const { given } = specification(screeningSlot, EVE);
const at = (now: string, timeZone = TIME_ZONE) => specification(screeningSlot, now, timeZone);

const slotId = 'slot-1';
const hospitalName = '분당서울대학교병원';
const date = '2026-02-01';
const cancelUntil = '2026-01-31';
const endsAt = NEXT_DAY;
const sessions = [
  { at: '09:00', capacity: 2 },
  { at: '13:30', capacity: 1 },
];

type Opening = Extract<Command, { type: 'OpenSlot' }>['data'];
const open = (capacity = 2, more: Partial<Opening> = {}): Command => ({
  type: 'OpenSlot',
  data: { slotId, hospitalName, date, capacity, ...more },
});
const openOn = (day: string): Command => open(2, { date: day });
const openWith = (more: Omit<Opening, 'slotId' | 'hospitalName' | 'date'>): Command => ({
  type: 'OpenSlot',
  data: { slotId, hospitalName, date, ...more },
});
/** The session of a request; without one, the slot is one whole day. */
type InSession = { at?: string };
const hold = (holdId: string, customerId: string, places = 1, session: InSession = {}): Command => ({
  type: 'HoldScreeningPlace',
  data: { slotId, ...session, holdId, customerId, places },
});
const release = (holdId: string): Command => ({ type: 'ReleaseScreeningPlaceHold', data: { slotId, holdId } });
const join = (entryId: string, customerId: string, places = 1, session: InSession = {}): Command => ({
  type: 'JoinScreeningPlaceWaitingList',
  data: { slotId, ...session, entryId, customerId, places },
});
const leaveList = (entryId: string): Command => ({ type: 'LeaveScreeningPlaceWaitingList', data: { slotId, entryId } });
const settlePlaces: Command = { type: 'SettleScreeningPlaces', data: { slotId } };
const change = (data: Omit<Extract<Command, { type: 'ChangeSlot' }>['data'], 'slotId'>): Command => ({
  type: 'ChangeSlot',
  data: { slotId, ...data },
});
const book = (
  bookingId: string,
  customerId: string,
  more: { at?: string; places?: number; holdId?: string; entryId?: string } = {},
): Command => ({
  type: 'BookScreening',
  data: { slotId, bookingId, customerId, ...more },
});
const cancel = (bookingId: string): Command => ({ type: 'CancelBooking', data: { slotId, bookingId } });
const attend = (bookingId: string): Command => ({ type: 'RecordAttendance', data: { slotId, bookingId } });
const end: Command = { type: 'EndSlot', data: { slotId } };
const endRemaining: Command = { type: 'EndRemaining', data: { slotId } };
const remove: Command = { type: 'DeleteSlot', data: { slotId } };
const forceCancel = (bookingId: string): Command => ({ type: 'ForceCancelBooking', data: { slotId, bookingId } });
const moveTo = (bookingId: string, toSlotId: string, toAt?: string): Command => ({
  type: 'RescheduleBooking',
  data: { fromSlotId: slotId, bookingId, slotId: toSlotId, ...(toAt === undefined ? {} : { at: toAt }) },
});
type Taking = Extract<Command, { type: 'TakeRescheduled' }>['data'];
const take = (bookingId: string, customerId: string, more: Partial<Taking> = {}): Command => ({
  type: 'TakeRescheduled',
  data: { slotId, bookingId, customerId, firstSlotId: 'slot-0', from: { slotId: 'slot-0', request: '7' }, ...more },
});
const checkTaken = (bookingId: string): Command => ({
  type: 'CheckRescheduled',
  data: { slotId, bookingId, from: { slotId: 'slot-0', request: '7' } },
});
const settle = (bookingId: string, request: string, reason?: 'slot-full'): Command => ({
  type: 'SettleReschedule',
  data: { slotId, bookingId, request, ...(reason === undefined ? {} : { reason }) },
});

const opened = (capacity = 2, more: Partial<EventOf<'SlotOpened'>['data']> = {}): Event => ({
  type: 'SlotOpened',
  data: { slotId, hospitalName, date, capacity, cancelUntil, endsAt, ...more },
});
const openedInSessions: Event = opened(3, { sessions });
/** As slots were opened before they had a deadline, sessions and the moment of their end. */
const openedLongAgo: Event = { type: 'SlotOpened', data: { slotId, hospitalName, date, capacity: 2 } };
const changed = (data: Partial<EventOf<'SlotChanged'>['data']>): Event => ({
  type: 'SlotChanged',
  data: { slotId, capacity: 2, cancelUntil, ...data },
});
type Facts = Partial<EventOf<'BookingCanceled'>['data']>;
const booking = (bookingId: string, customerId: string, more: Facts = {}) => ({
  slotId,
  bookingId,
  customerId,
  hospitalName,
  date,
  ...more,
});
const booked = (
  bookingId: string,
  customerId: string,
  more: Partial<EventOf<'ScreeningBooked'>['data']> = {},
): Event => ({ type: 'ScreeningBooked', data: { ...booking(bookingId, customerId), cancelUntil, ...more } });
const canceled = (bookingId: string, customerId: string, more: Facts = {}): Event => ({
  type: 'BookingCanceled',
  data: booking(bookingId, customerId, more),
});
const forceCanceled = (bookingId: string, customerId: string): Event => ({
  type: 'BookingForceCanceled',
  data: booking(bookingId, customerId),
});
const attended = (bookingId: string, customerId: string): Event => ({
  type: 'ScreeningAttended',
  data: booking(bookingId, customerId),
});
const missed = (bookingId: string, customerId: string, more: Facts = {}): Event => ({
  type: 'BookingMissed',
  data: booking(bookingId, customerId, more),
});
const ended = (remaining = 0): Event => ({ type: 'SlotEnded', data: { slotId, remaining } });
const requested = (bookingId: string, customerId: string, request: string, more: Facts = {}): Event => ({
  type: 'RescheduleRequested',
  data: { ...booking(bookingId, customerId, more), request, toSlotId: 'slot-2' },
});
const rescheduled = (
  bookingId: string,
  customerId: string,
  more: Facts & { toSlotId?: string; toAt?: string } = {},
): Event => ({ type: 'BookingRescheduled', data: { ...booking(bookingId, customerId), toSlotId: 'slot-2', ...more } });
const refusedMove = (bookingId: string, customerId: string): Event => ({
  type: 'RescheduleRefused',
  data: { ...booking(bookingId, customerId), toSlotId: 'slot-2', reason: 'slot-full' },
});
const fromSlot0 = { firstSlotId: 'slot-0', from: { slotId: 'slot-0', request: '7' } };
const declined = (bookingId: string, customerId: string, reason: 'slot-full' | 'customer-already-booked'): Event => ({
  type: 'RescheduleDeclined',
  data: { slotId, bookingId, customerId, from: fromSlot0.from, reason },
});
const deleted = (openBookings = 0): Event => ({ type: 'SlotDeleted', data: { slotId, openBookings } });
const due = (portion: number, ...bookingIds: string[]): Event => ({
  type: 'ForceCancellationDue',
  data: { slotId, portion, bookingIds },
});

describe('OpenSlot', () => {
  it('opens a slot', () => given().when(open()).thenEvents(opened()));
  it('opens a slot for today, in the time zone of calendar days', () =>
    at(MORNING).given().when(open()).thenEvents(opened()));
  it('opens no slot for yesterday', () => at(NEXT_DAY).given().when(open()).thenRefused('date-in-past'));
  it('opens a slot on 29 February', () =>
    at('2028-02-28T00:00:00.000Z')
      .given()
      .when(openOn('2028-02-29'))
      .thenEvents(opened(2, { date: '2028-02-29', cancelUntil: '2028-02-28', endsAt: '2028-02-29T15:00:00.000Z' })));
  it.each([
    ['of 23 hours', '2026-03-08', '2026-03-07', '2026-03-09T04:00:00.000Z'],
    ['of 25 hours', '2026-11-01', '2026-10-31', '2026-11-02T05:00:00.000Z'],
  ])('records when a day %s ends', (_length, day, until, ends) =>
    at(EVE, 'America/New_York')
      .given()
      .when(openOn(day))
      .thenEvents(opened(2, { date: day, cancelUntil: until, endsAt: ends })),
  );
  it('opens a slot without places', () => given().when(open(0)).thenEvents(opened(0)));
  it('takes an unused id only', () => given(opened()).when(open()).thenRefused('slot-already-opened'));
  it('refuses the id of a deleted slot', () =>
    given(opened(), deleted()).when(open()).thenRefused('slot-already-opened'));
  it('opens sessions in order of time, with the sum of their places', () =>
    given()
      .when(openWith({ sessions: [...sessions].reverse() }))
      .thenEvents(openedInSessions));
  it.each<[string, Omit<Opening, 'slotId' | 'hospitalName' | 'date'>]>([
    ['neither a capacity nor sessions', {}],
    ['a capacity that is not the sum of the sessions', { capacity: 4, sessions }],
    ['two sessions at the same time', { sessions: [sessions[0]!, sessions[0]!] }],
    ['sessions with too many places', { sessions: [{ at: '09:00', capacity: MAX_CAPACITY }, sessions[1]!] }],
  ])('refuses %s', (_what, more) => given().when(openWith(more)).thenRefused('invalid-places'));
  it('takes a deadline for cancelling', () =>
    given()
      .when(open(2, { cancelUntil: date }))
      .thenEvents(opened(2, { cancelUntil: date })));
  it('refuses a deadline after the day', () =>
    given()
      .when(open(2, { cancelUntil: '2026-02-02' }))
      .thenRefused('invalid-deadline'));
});

describe('YieldDay', () => {
  const yieldDay = (hospitalId: string): Command => ({ type: 'YieldDay', data: { slotId, hospitalId, date } });
  const voided: Event = { type: 'SlotVoided', data: { slotId, hospitalId: 'h1', date } };
  it('keeps a slot that was never opened from ever opening', () => {
    given().when(yieldDay('h1')).thenEvents(voided);
    given(voided).when(open()).thenRefused('slot-already-opened');
    given(voided).when(book('b1', 'c1')).thenRefused('slot-not-found');
  });
  it('is refused by an open slot of this day', () =>
    given(opened(2, { hospitalId: 'h1' }))
      .when(yieldDay('h1'))
      .thenRefused('slot-already-open'));
  it('is accepted by a slot of another hospital, and by a deleted one', () => {
    given(opened(2, { hospitalId: 'h2' }))
      .when(yieldDay('h1'))
      .thenNothing();
    given(opened(2, { hospitalId: 'h1' }), deleted())
      .when(yieldDay('h1'))
      .thenNothing();
  });
});

describe('ChangeSlot', () => {
  it('changes the capacity', () =>
    given(opened())
      .when(change({ capacity: 5 }))
      .thenEvents(changed({ capacity: 5 })));
  it('never goes below the booked places', () =>
    given(opened(), booked('b1', 'c1', { places: 2 }))
      .when(change({ capacity: 1 }))
      .thenRefused('capacity-below-booked'));
  it('goes down to the booked places', () =>
    given(opened(), booked('b1', 'c1'))
      .when(change({ capacity: 1 }))
      .thenEvents(changed({ capacity: 1 })));
  it('changes sessions, and keeps the places booked in them', () => {
    const halved = [{ at: '09:00', capacity: 1 }];
    const before = [openedInSessions, booked('b1', 'c1', { at: '09:00' })];
    given(...before)
      .when(change({ sessions: halved }))
      .thenEvents(changed({ capacity: 1, sessions: halved }));
    given(...before, changed({ capacity: 1, sessions: halved }))
      .when(book('b2', 'c2', { at: '09:00' }))
      .thenRefused('slot-full');
  });
  it('removes no session with bookings', () =>
    given(openedInSessions, booked('b1', 'c1', { at: '13:30' }))
      .when(change({ sessions: [sessions[0]!] }))
      .thenRefused('capacity-below-booked'));
  it('divides an empty day into sessions, and joins them', () => {
    given(opened())
      .when(change({ sessions }))
      .thenEvents(changed({ capacity: 3, sessions }));
    given(openedInSessions)
      .when(change({ sessions: [], capacity: 7 }))
      .thenEvents(changed({ capacity: 7 }));
    given(openedInSessions)
      .when(change({ sessions: [] }))
      .thenEvents(changed({ capacity: 3 }));
  });
  it('divides no day with bookings', () =>
    given(opened(), booked('b1', 'c1')).when(change({ sessions })).thenRefused('capacity-below-booked'));
  it('changes the deadline of later bookings', () => {
    given(opened())
      .when(change({ cancelUntil: date }))
      .thenEvents(changed({ cancelUntil: date }));
    const before = [opened(), booked('b1', 'c1'), changed({ cancelUntil: date })];
    at(MORNING)
      .given(...before)
      .when(cancel('b1'))
      .thenRefused('too-late');
    at(MORNING)
      .given(...before)
      .when(book('b2', 'c2'))
      .thenEvents(booked('b2', 'c2', { cancelUntil: date }));
  });
  it('returns to the deadline of the day before when the request unsets it', () =>
    given(opened(), changed({ cancelUntil: date }))
      .when(change({ cancelUntil: null }))
      .thenEvents(changed({ cancelUntil })));
  it('refuses a deadline after the day', () =>
    given(opened())
      .when(change({ cancelUntil: '2026-02-02' }))
      .thenRefused('invalid-deadline'));
  it('changes nothing if nothing differs', () => {
    given(opened())
      .when(change({ capacity: 2, cancelUntil }))
      .thenNothing();
    given(openedInSessions).when(change({ sessions })).thenNothing();
  });
  it('needs a slot whose day has not ended', () => {
    given()
      .when(change({ capacity: 5 }))
      .thenRefused('slot-not-found');
    given(opened(), deleted())
      .when(change({ capacity: 5 }))
      .thenRefused('slot-deleted');
    at(NEXT_DAY)
      .given(opened())
      .when(change({ capacity: 5 }))
      .thenRefused('too-late');
  });
});

describe('BookScreening', () => {
  it('takes a place', () => given(opened()).when(book('b1', 'c1')).thenEvents(booked('b1', 'c1')));
  it('takes the last place', () =>
    given(opened(2), booked('b1', 'c1')).when(book('b2', 'c2')).thenEvents(booked('b2', 'c2')));
  it('needs a place', () => given(opened(1), booked('b1', 'c1')).when(book('b2', 'c2')).thenRefused('slot-full'));
  it('finds none in a slot without places', () => given(opened(0)).when(book('b1', 'c1')).thenRefused('slot-full'));
  it('takes a place that became free', () =>
    given(opened(1), booked('b1', 'c1'), canceled('b1', 'c1')).when(book('b2', 'c2')).thenEvents(booked('b2', 'c2')));
  it('takes the places of a group together or not at all', () => {
    given(opened(3), booked('b1', 'c1'))
      .when(book('b2', 'c2', { places: 2 }))
      .thenEvents(booked('b2', 'c2', { places: 2 }));
    given(opened(3), booked('b1', 'c1'))
      .when(book('b2', 'c2', { places: 3 }))
      .thenRefused('slot-full');
    given(opened(3), booked('b1', 'c1', { places: 3 }), canceled('b1', 'c1', { places: 3 }))
      .when(book('b2', 'c2', { places: 3 }))
      .thenEvents(booked('b2', 'c2', { places: 3 }));
  });
  it('gives a customer one place', () =>
    given(opened(), booked('b1', 'c1')).when(book('b2', 'c1')).thenRefused('customer-already-booked'));
  it('gives a customer another place after the first', () =>
    given(opened(), booked('b1', 'c1'), canceled('b1', 'c1')).when(book('b2', 'c1')).thenEvents(booked('b2', 'c1')));
  it('takes an id once', () =>
    given(opened(), booked('b1', 'c1')).when(book('b1', 'c2')).thenRefused('booking-already-exists'));
  it('takes an id once, also after it was cancelled', () =>
    given(opened(), booked('b1', 'c1'), canceled('b1', 'c1'))
      .when(book('b1', 'c1'))
      .thenRefused('booking-already-exists'));
  it('needs a slot', () => given().when(book('b1', 'c1')).thenRefused('slot-not-found'));
  it('needs a slot that is not deleted', () =>
    given(opened(), deleted()).when(book('b1', 'c1')).thenRefused('slot-deleted'));
  it('takes a place until the last moment of the day', () =>
    at(LAST_MOMENT).given(opened()).when(book('b1', 'c1')).thenEvents(booked('b1', 'c1')));
  it.each([
    ['opened', opened()],
    ['opened long ago', openedLongAgo],
  ])('comes too late when the day of a slot %s has ended', (_when, slot) =>
    at(NEXT_DAY).given(slot).when(book('b1', 'c1')).thenRefused('too-late'),
  );
  it('ends with a day on which the clocks change', () => {
    const day = { date: '2026-11-01', cancelUntil: '2026-10-31' };
    const slots: Event[] = [
      opened(2, { ...day, endsAt: '2026-11-02T05:00:00.000Z' }),
      { type: 'SlotOpened', data: { slotId, hospitalName, date: day.date, capacity: 2 } },
    ];
    for (const slot of slots) {
      at('2026-11-02T04:59:59.999Z', 'America/New_York')
        .given(slot)
        .when(book('b1', 'c1'))
        .thenEvents(booked('b1', 'c1', day));
      at('2026-11-02T05:00:00.000Z', 'America/New_York').given(slot).when(book('b1', 'c1')).thenRefused('too-late');
    }
  });

  describe('in a session', () => {
    it('takes a place of the session', () =>
      given(openedInSessions)
        .when(book('b1', 'c1', { at: '13:30' }))
        .thenEvents(booked('b1', 'c1', { at: '13:30' })));
    it('needs a place in it, though others have some', () =>
      given(openedInSessions, booked('b1', 'c1', { at: '13:30' }))
        .when(book('b2', 'c2', { at: '13:30' }))
        .thenRefused('slot-full'));
    it('needs one of the slot’s sessions', () => {
      given(openedInSessions)
        .when(book('b1', 'c1', { at: '10:00' }))
        .thenRefused('no-such-session');
      given(openedInSessions).when(book('b1', 'c1')).thenRefused('no-such-session');
      given(opened())
        .when(book('b1', 'c1', { at: '09:00' }))
        .thenRefused('no-such-session');
    });
    it('gives a customer one place in the whole slot', () =>
      given(openedInSessions, booked('b1', 'c1', { at: '09:00' }))
        .when(book('b2', 'c1', { at: '13:30' }))
        .thenRefused('customer-already-booked'));
    it('takes a place until the session begins', () => {
      at('2026-01-31T23:59:59.999Z')
        .given(openedInSessions)
        .when(book('b1', 'c1', { at: '09:00' }))
        .thenEvents(booked('b1', 'c1', { at: '09:00' }));
      at('2026-02-01T00:00:00.000Z')
        .given(openedInSessions)
        .when(book('b1', 'c1', { at: '09:00' }))
        .thenRefused('too-late');
    });
    it('of a time that the clocks skip begins as much later', () => {
      const skipped = opened(1, {
        date: '2026-03-08',
        sessions: [{ at: '02:30', capacity: 1 }],
        endsAt: '2026-03-09T04:00:00.000Z',
      });
      const zone = 'America/New_York';
      at('2026-03-08T07:29:59.999Z', zone)
        .given(skipped)
        .when(book('b1', 'c1', { at: '02:30' }))
        .thenEvents(booked('b1', 'c1', { date: '2026-03-08', at: '02:30' }));
      at('2026-03-08T07:30:00.000Z', zone)
        .given(skipped)
        .when(book('b1', 'c1', { at: '02:30' }))
        .thenRefused('too-late');
    });
  });
});

describe('a repeat without a key', () => {
  const again = book('b-1', 'CUST1');
  const inSession = book('b-1', 'CUST1', { at: '09:00' });

  it('has the first answer while its result stands', () => {
    given(opened()).whenRepeated(open()).thenFirstAnswer();
    given(opened(), booked('b-1', 'CUST1')).whenRepeated(again).thenFirstAnswer();
    given(opened(), booked('b-1', 'CUST1'), attended('b-1', 'CUST1')).whenRepeated(again).thenFirstAnswer();
  });
  it('is refused when the slot is deleted, or its day has ended', () => {
    given(opened(), deleted()).whenRepeated(open()).thenRefused('slot-deleted');
    given(opened(), booked('b-1', 'CUST1'), deleted(1)).whenRepeated(again).thenRefused('slot-deleted');
    given(opened(), ended()).whenRepeated(open()).thenRefused('too-late');
    at(NEXT_DAY).given(opened()).whenRepeated(open()).thenRefused('too-late');
  });
  it.each<[string, Event]>([
    ['already-canceled', canceled('b-1', 'CUST1')],
    ['already-canceled', forceCanceled('b-1', 'CUST1')],
    ['already-rescheduled', rescheduled('b-1', 'CUST1')],
    ['already-missed', missed('b-1', 'CUST1')],
  ])('is refused when the booking ended: %s', (problem, end) =>
    given(opened(), booked('b-1', 'CUST1'), end).whenRepeated(again).thenRefused(problem),
  );
  it('is refused when the booking moved to another session, until it is back', () => {
    const bookedAt = (time: string) => booked('b-1', 'CUST1', { at: time });
    const movedFrom = (time: string) => rescheduled('b-1', 'CUST1', { at: time, toSlotId: slotId });
    const moved = [openedInSessions, bookedAt('09:00'), movedFrom('09:00'), bookedAt('13:30')] as const;
    given(...moved)
      .whenRepeated(inSession)
      .thenRefused('already-rescheduled');
    given(...moved, movedFrom('13:30'), bookedAt('09:00'))
      .whenRepeated(inSession)
      .thenFirstAnswer();
  });
});

describe('CancelBooking', () => {
  it('gives the place back', () =>
    given(opened(), booked('b1', 'c1')).when(cancel('b1')).thenEvents(canceled('b1', 'c1')));
  it('needs a booking', () => given(opened()).when(cancel('b1')).thenRefused('booking-not-found'));
  it('is done once', () =>
    given(opened(), booked('b1', 'c1'), canceled('b1', 'c1')).when(cancel('b1')).thenRefused('already-canceled'));
  it('comes too late on the day of the screening', () => {
    const old: Event = {
      type: 'ScreeningBooked',
      data: { slotId, bookingId: 'b1', customerId: 'c1', hospitalName, date },
    };
    for (const before of [
      [opened(), booked('b1', 'c1')],
      [openedLongAgo, old],
    ]) {
      at(EVE)
        .given(...before)
        .when(cancel('b1'))
        .thenEvents(canceled('b1', 'c1'));
      at(MORNING)
        .given(...before)
        .when(cancel('b1'))
        .thenRefused('too-late');
    }
  });
  it('follows the deadline that the booking was made with', () => {
    const before = [opened(2, { cancelUntil: date }), booked('b1', 'c1', { cancelUntil: date }), changed({})];
    at(LAST_MOMENT)
      .given(...before)
      .when(cancel('b1'))
      .thenEvents(canceled('b1', 'c1'));
    at(NEXT_DAY)
      .given(...before)
      .when(cancel('b1'))
      .thenRefused('already-missed');
  });
  it('may come before the force-cancellation of a deleted slot', () =>
    given(opened(), booked('b1', 'c1'), deleted(1), due(0, 'b1')).when(cancel('b1')).thenEvents(canceled('b1', 'c1')));
  it('comes too late after it', () =>
    given(opened(), booked('b1', 'c1'), deleted(1), due(0, 'b1'), forceCanceled('b1', 'c1'))
      .when(cancel('b1'))
      .thenRefused('already-canceled'));
  it('needs a slot', () => given().when(cancel('b1')).thenRefused('slot-not-found'));
  it.each<[string, Event]>([
    ['already-attended', attended('b1', 'c1')],
    ['already-missed', missed('b1', 'c1')],
    ['already-rescheduled', rescheduled('b1', 'c1')],
    ['reschedule-pending', requested('b1', 'c1', '2')],
  ])('is refused as %s', (refusal, event) =>
    given(opened(), booked('b1', 'c1'), event).when(cancel('b1')).thenRefused(refusal),
  );
});

describe('RescheduleBooking', () => {
  const before = [opened(), booked('b1', 'c1')];
  it('keeps the booking until the other slot has taken it', () => {
    given(...before)
      .when(moveTo('b1', 'slot-2'))
      .thenEvents(requested('b1', 'c1', '2'));
    given(opened(1), booked('b1', 'c1'), requested('b1', 'c1', '2'))
      .when(book('b2', 'c2'))
      .thenRefused('slot-full');
  });
  it('is done once at a time', () =>
    given(...before, requested('b1', 'c1', '2'))
      .when(moveTo('b1', 'slot-3'))
      .thenRefused('reschedule-pending'));
  it('ends when cancelling ends', () =>
    at(MORNING)
      .given(...before)
      .when(moveTo('b1', 'slot-2'))
      .thenRefused('too-late'));
  it('needs a booking and an open slot', () => {
    given(opened()).when(moveTo('b1', 'slot-2')).thenRefused('booking-not-found');
    given().when(moveTo('b1', 'slot-2')).thenRefused('slot-not-found');
    given(...before, deleted(1))
      .when(moveTo('b1', 'slot-2'))
      .thenRefused('slot-deleted');
  });
  it('moves to another session at once', () =>
    given(openedInSessions, booked('b1', 'c1', { at: '09:00' }))
      .when(moveTo('b1', slotId, '13:30'))
      .thenEvents(
        rescheduled('b1', 'c1', { at: '09:00', toSlotId: slotId, toAt: '13:30' }),
        booked('b1', 'c1', { at: '13:30', firstSlotId: slotId, from: { slotId, request: '2' } }),
      ));
  it('needs a place in the other session, and another session', () => {
    const full = [openedInSessions, booked('b1', 'c1', { at: '09:00' }), booked('b2', 'c2', { at: '13:30' })];
    given(...full)
      .when(moveTo('b1', slotId, '13:30'))
      .thenRefused('slot-full');
    given(...full)
      .when(moveTo('b1', slotId, '09:00'))
      .thenRefused('same-session');
    given(...full)
      .when(moveTo('b1', slotId))
      .thenRefused('no-such-session');
  });
});

describe('TakeRescheduled', () => {
  it('books the places of a booking of another slot', () =>
    given(opened())
      .when(take('b1', 'c1', { places: 2 }))
      .thenEvents(booked('b1', 'c1', { places: 2, ...fromSlot0 })));
  it('declines it when the places are taken, and does so for good', () => {
    const before = [opened(1), booked('b2', 'c2')];
    given(...before)
      .when(take('b1', 'c1'))
      .thenEvents(declined('b1', 'c1', 'slot-full'));
    given(...before, declined('b1', 'c1', 'slot-full'), canceled('b2', 'c2'))
      .when(take('b1', 'c1'))
      .thenNothing();
  });
  it('declines a customer who has a booking', () =>
    given(opened(), booked('b2', 'c1'))
      .when(take('b1', 'c1'))
      .thenEvents(declined('b1', 'c1', 'customer-already-booked')));
  it('is done once, also after the booking ended', () => {
    const taken = booked('b1', 'c1', fromSlot0);
    given(opened(), taken).when(take('b1', 'c1')).thenNothing();
    given(opened(), taken, canceled('b1', 'c1', { firstSlotId: 'slot-0' }))
      .when(take('b1', 'c1'))
      .thenNothing();
  });
  it('never takes a booking twice, however many others came since', () => {
    const moves = 4_500;
    const from = (n: number) => ({ slotId: 'slot-0', request: `${n}` });
    const others = Array.from({ length: moves }, (_, n): Command[] => [
      take(`b${n}`, 'c1', { from: from(n) }),
      cancel(`b${n}`),
    ]).flat();
    const { state, revision } = play(screeningSlot, [open(), ...others]);
    const again = (n: number) => play(screeningSlot, [take(`b${n}`, 'c1', { from: from(n) })], state, revision).events;
    expect(again(0)).toMatchObject([{ type: 'RescheduleDeclined' }]);
    expect(again(moves - 1)).toEqual([]);
    expect(again(moves)).toMatchObject([{ type: 'ScreeningBooked' }]);
  });
  it('takes a booking back that had left', () =>
    given(opened(), booked('b1', 'c1'), rescheduled('b1', 'c1'))
      .when(take('b1', 'c1', { firstSlotId: slotId }))
      .thenEvents(booked('b1', 'c1', { ...fromSlot0, firstSlotId: slotId })));
  it('takes no id of another booking', () => {
    const result = screeningSlot.decide(
      take('b1', 'c9'),
      stateAfter(screeningSlot, [opened(), booked('b1', 'c1'), rescheduled('b1', 'c1')]),
      { now: EVE, timeZone: TIME_ZONE, revision: 3n },
    );
    expect(result).toMatchObject([{ type: 'RescheduleDeclined', data: { reason: 'booking-already-exists' } }]);
  });
});

describe('CheckRescheduled', () => {
  it('answers as the slot has decided', () => {
    given(opened()).when(checkTaken('b1')).thenRefused('reschedule-pending');
    given(opened(), booked('b1', 'c1', fromSlot0))
      .when(checkTaken('b1'))
      .thenNothing();
    given(opened(), declined('b1', 'c1', 'slot-full'))
      .when(checkTaken('b1'))
      .thenRefused('slot-full');
  });
});

describe('SettleReschedule', () => {
  const before = [opened(1), booked('b1', 'c1'), requested('b1', 'c1', '2')];
  it('releases the places that the customer no longer needs', () => {
    given(...before)
      .when(settle('b1', '2'))
      .thenEvents(rescheduled('b1', 'c1'));
    given(...before, rescheduled('b1', 'c1'))
      .when(book('b2', 'c2'))
      .thenEvents(booked('b2', 'c2'));
  });
  it('keeps the booking when the other slot declined it', () => {
    given(...before)
      .when(settle('b1', '2', 'slot-full'))
      .thenEvents(refusedMove('b1', 'c1'));
    given(...before, refusedMove('b1', 'c1'))
      .when(cancel('b1'))
      .thenEvents(canceled('b1', 'c1'));
  });
  it('is done once, and only for its own request', () => {
    given(...before, rescheduled('b1', 'c1'))
      .when(settle('b1', '2'))
      .thenNothing();
    given(...before)
      .when(settle('b1', '1'))
      .thenNothing();
  });
  it('ends a booking that stands in a slot that was deleted or has ended meanwhile', () => {
    given(...before, deleted(1), due(0, 'b1'))
      .when(settle('b1', '2', 'slot-full'))
      .thenEvents(refusedMove('b1', 'c1'), forceCanceled('b1', 'c1'));
    given(...before, ended())
      .when(settle('b1', '2', 'slot-full'))
      .thenEvents(refusedMove('b1', 'c1'), missed('b1', 'c1'));
  });
});

describe('RecordAttendance', () => {
  const before = [opened(), booked('b1', 'c1')];
  it('is recorded from the first to the last moment of the day', () => {
    for (const now of [MORNING, LAST_MOMENT])
      at(now)
        .given(...before)
        .when(attend('b1'))
        .thenEvents(attended('b1', 'c1'));
    at(EVE)
      .given(...before)
      .when(attend('b1'))
      .thenRefused('too-early');
    at(NEXT_DAY)
      .given(...before)
      .when(attend('b1'))
      .thenRefused('already-missed');
  });
  it('is recorded once', () =>
    at(MORNING)
      .given(...before, attended('b1', 'c1'))
      .when(attend('b1'))
      .thenRefused('already-attended'));
  it('keeps the place', () =>
    at(MORNING)
      .given(opened(1), booked('b1', 'c1'), attended('b1', 'c1'))
      .when(book('b2', 'c2'))
      .thenRefused('slot-full'));
  it('is refused for a cancelled booking', () =>
    at(MORNING)
      .given(...before, canceled('b1', 'c1'))
      .when(attend('b1'))
      .thenRefused('already-canceled'));
});

describe('EndSlot', () => {
  it('comes too early before the end of the day', () =>
    at(LAST_MOMENT).given(opened()).when(end).thenRefused('not-due'));
  it('marks the open bookings as missed, and leaves those who came', () =>
    at(NEXT_DAY)
      .given(opened(), booked('b1', 'c1'), booked('b2', 'c2'), attended('b1', 'c1'))
      .when(end)
      .thenEvents(ended(), missed('b2', 'c2')));
  it('leaves a booking that another slot may take', () =>
    at(NEXT_DAY)
      .given(opened(), booked('b1', 'c1'), requested('b1', 'c1', '2'))
      .when(end)
      .thenEvents(ended()));
  it('ends a slot once, and no deleted one', () => {
    at(NEXT_DAY).given(opened(), ended()).when(end).thenNothing();
    at(NEXT_DAY).given(opened(), deleted()).when(end).thenNothing();
    at(NEXT_DAY).given().when(end).thenNothing();
  });
  it('ends a slot that was opened long ago', () => at(NEXT_DAY).given(openedLongAgo).when(end).thenEvents(ended()));
  it('marks many bookings as missed in several appends, each once', () => {
    const many = 2 * BOOKINGS_PER_PORTION + 1;
    const full = Array.from({ length: many }, (_, n) => booked(`b${n}`, `c${n}`));
    const before = stateAfter(screeningSlot, [opened(many), ...full]);
    const first = play(screeningSlot, [end], before, 0n, NEXT_DAY);
    expect(first.events[0]).toEqual(ended(BOOKINGS_PER_PORTION + 1));
    const rest = play(screeningSlot, [endRemaining, endRemaining, endRemaining], first.state, 0n, NEXT_DAY);
    expect([first.events.length - 1, rest.events.length]).toEqual([BOOKINGS_PER_PORTION, BOOKINGS_PER_PORTION + 1]);
    const ids = [...first.events.slice(1), ...rest.events].map(({ data }) => (data as { bookingId: string }).bookingId);
    expect(new Set(ids).size).toBe(many);
  });
  it('leaves nothing to do in a slot that has not ended', () =>
    given(opened(), booked('b1', 'c1')).when(endRemaining).thenNothing());
});

const until = '2026-01-31T15:04:59.999Z';
const place = { slotId, hospitalName, date };
const held = (holdId: string, customerId: string, places = 1, expiresAt = until, session: InSession = {}): Event => ({
  type: 'ScreeningPlaceHeld',
  data: { ...place, ...session, holdId, customerId, places, expiresAt },
});
const holdExpired = (holdId: string, customerId: string): Event => ({
  type: 'ScreeningPlaceHoldExpired',
  data: { ...place, holdId, customerId, places: 1 },
});
const joined = (entryId: string, customerId: string, places = 1, session: InSession = {}): Event => ({
  type: 'ScreeningPlaceWaitingListJoined',
  data: { ...place, ...session, entryId, customerId, places },
});
const offered = (entryId: string, customerId: string, session: InSession = {}): Event => ({
  type: 'ScreeningPlaceOffered',
  data: { ...place, ...session, entryId, customerId, places: 1, expiresAt: until },
});
const closed = (entryId: string, customerId: string, session: InSession = {}): Event => ({
  type: 'ScreeningPlaceWaitingListLeft',
  data: { ...place, ...session, entryId, customerId, places: 1, reason: 'closed' },
});

describe('holds and the waiting list', () => {
  it('holds places, which then only its customer may book', () => {
    given(opened())
      .when(hold('h1', 'c1', 2))
      .thenEvents(held('h1', 'c1', 2));
    const before = [opened(), held('h1', 'c1', 2)];
    given(...before)
      .when(book('b2', 'c2'))
      .thenRefused('slot-full');
    given(...before)
      .when(book('b2', 'c2', { holdId: 'h1' }))
      .thenRefused('hold-not-found');
    given(...before)
      .when(book('b1', 'c1', { holdId: 'h1', places: 2 }))
      .thenEvents(booked('b1', 'c1', { holdId: 'h1', places: 2 }));
    given(...before)
      .when(book('b1', 'c1', { holdId: 'h1', places: 3 }))
      .thenRefused('too-few-kept');
  });
  it('holds them for as long as the slot says', () =>
    given(opened(2, { holdFor: 60 }))
      .when(hold('h1', 'c1'))
      .thenEvents(held('h1', 'c1', 1, '2026-01-31T15:00:59.999Z')));
  it('frees them at the end of the hold, in the decision that comes next', () =>
    at(until)
      .given(opened(1), held('h1', 'c1'))
      .when(book('b2', 'c2'))
      .thenEvents(holdExpired('h1', 'c1'), booked('b2', 'c2')));
  it('lets customers wait for places of a full slot only', () => {
    given(opened()).when(join('e1', 'c1')).thenRefused('places-left');
    given(opened(1), booked('b1', 'c1'))
      .when(join('e2', 'c2', 2))
      .thenEvents(joined('e2', 'c2', 2));
  });
  const full = [opened(1), booked('b1', 'c1'), joined('e2', 'c2'), joined('e3', 'c3')];
  it('offers a freed place to the first who waits, and keeps it for that customer', () => {
    given(...full)
      .when(cancel('b1'))
      .thenEvents(canceled('b1', 'c1'), offered('e2', 'c2'));
    const before = [...full, canceled('b1', 'c1'), offered('e2', 'c2')];
    given(...before)
      .when(book('b3', 'c3', { entryId: 'e3' }))
      .thenRefused('not-offered');
    given(...before)
      .when(book('b4', 'c4'))
      .thenRefused('slot-full');
    given(...before)
      .when(book('b2', 'c2', { entryId: 'e2' }))
      .thenEvents(booked('b2', 'c2', { entryId: 'e2' }));
  });
  it('takes an offer once', () => {
    const accepted = booked('b2', 'c2', { entryId: 'e2' });
    const before = [...full, canceled('b1', 'c1'), offered('e2', 'c2'), accepted];
    given(...before)
      .when(book('b4', 'c2', { entryId: 'e2' }))
      .thenRefused('customer-already-booked');
    given(...before, canceled('b2', 'c2'), offered('e3', 'c3'))
      .when(book('b4', 'c2', { entryId: 'e2' }))
      .thenRefused('entry-ended');
  });
  it.each([0, 1])('takes an offer until just before its end, and not %i ms after it', (late) => {
    const offering = [...full, canceled('b1', 'c1'), offered('e2', 'c2')];
    const accept = book('b2', 'c2', { entryId: 'e2' });
    at(plus(until, { milliseconds: -1 }))
      .given(...offering)
      .when(accept)
      .thenEvents(booked('b2', 'c2', { entryId: 'e2' }));
    const expired: Event = {
      type: 'ScreeningPlaceOfferExpired',
      data: { ...place, entryId: 'e2', customerId: 'c2', places: 1 },
    };
    const lateAt = () => at(plus(until, { milliseconds: late }));
    lateAt()
      .given(...offering)
      .when(accept)
      .thenRefused('offer-expired');
    lateAt()
      .given(...offering, expired)
      .when(accept)
      .thenRefused('offer-expired');
  });
  it('offers the place of a booking that moved away, and those of a larger capacity', () => {
    given(...full, requested('b1', 'c1', '4'))
      .when(settle('b1', '4'))
      .thenEvents(rescheduled('b1', 'c1'), offered('e2', 'c2'));
    given(...full)
      .when(change({ capacity: 3 }))
      .thenEvents(changed({ capacity: 3 }), offered('e2', 'c2'), offered('e3', 'c3'));
  });
  it('gives no place to a booking of another slot while somebody waits for it', () =>
    given(...full)
      .when(take('b9', 'c9'))
      .thenEvents(declined('b9', 'c9', 'slot-full')));
  it('ends what is due in the slot that a customer leaves, when the customer asks to leave', () =>
    at(until)
      .given(opened(2, { cancelUntil: date }), booked('b1', 'c1', { cancelUntil: date }), held('h2', 'c2'))
      .when(moveTo('b1', 'slot-2'))
      .thenEvents(holdExpired('h2', 'c2'), requested('b1', 'c1', '4')));
  it('never reduces the capacity below what is booked, held or offered', () =>
    given(opened(3), booked('b1', 'c1'), held('h2', 'c2'))
      .when(change({ capacity: 1 }))
      .thenRefused('capacity-below-booked'));
  it('does not divide a day for which customers wait', () =>
    given(opened(0), joined('e1', 'c1')).when(change({ sessions })).thenRefused('capacity-below-booked'));
  it('needs a slot whose day has not ended', () => {
    given().when(hold('h1', 'c1')).thenRefused('slot-not-found');
    given(opened(), deleted()).when(join('e1', 'c1')).thenRefused('slot-deleted');
    at(NEXT_DAY).given(opened()).when(hold('h1', 'c1')).thenRefused('too-late');
  });
  it('ends with the slot’s day: those who wait wait no longer', () =>
    at(NEXT_DAY)
      .given(...full)
      .when(end)
      .thenEvents(ended(), missed('b1', 'c1'), closed('e2', 'c2'), closed('e3', 'c3')));
  it('ends with a deleted slot', () => {
    const removed: Event = { type: 'SlotDeleted', data: { slotId, openBookings: 1, remaining: 2 } };
    given(...full)
      .when(remove)
      .thenEvents(removed, due(0, 'b1'));
    given(...full, removed, due(0, 'b1'))
      .when(endRemaining)
      .thenEvents(closed('e2', 'c2'), closed('e3', 'c3'));
    given(...full, removed, due(0, 'b1'))
      .when(forceCancel('b1'))
      .thenEvents(forceCanceled('b1', 'c1'));
  });
});

describe('holds and the waiting lists of sessions', () => {
  const [morning, afternoon] = [{ at: '09:00' }, { at: '13:30' }];
  const AT_NINE = '2026-02-01T00:00:00.000Z';
  const fullAfternoon = [openedInSessions, booked('b1', 'c1', afternoon), joined('e2', 'c2', 1, afternoon)];

  it('holds places of the session that the request names, which leaves the others', () => {
    given(openedInSessions)
      .when(hold('h1', 'c1', 1, afternoon))
      .thenEvents(held('h1', 'c1', 1, until, afternoon));
    const before = [openedInSessions, held('h1', 'c1', 1, until, afternoon)];
    given(...before)
      .when(book('b2', 'c2', afternoon))
      .thenRefused('slot-full');
    given(...before)
      .when(hold('h2', 'c2', 1, afternoon))
      .thenRefused('slot-full');
    given(...before)
      .when(hold('h2', 'c2', 2, morning))
      .thenEvents(held('h2', 'c2', 2, until, morning));
    given(...before)
      .when(book('b1', 'c1', { ...morning, holdId: 'h1' }))
      .thenRefused('hold-not-found');
    given(...before)
      .when(book('b1', 'c1', { ...afternoon, holdId: 'h1' }))
      .thenEvents(booked('b1', 'c1', { ...afternoon, holdId: 'h1' }));
  });
  it('needs a session of the slot', () => {
    given(openedInSessions).when(hold('h1', 'c1')).thenRefused('no-such-session');
    given(openedInSessions)
      .when(join('e1', 'c1', 1, { at: '10:00' }))
      .thenRefused('no-such-session');
    given(opened())
      .when(hold('h1', 'c1', 1, morning))
      .thenRefused('no-such-session');
  });
  it('lets customers wait for a full session while others have places', () => {
    given(openedInSessions, booked('b1', 'c1', afternoon))
      .when(join('e2', 'c2', 1, afternoon))
      .thenEvents(joined('e2', 'c2', 1, afternoon));
    given(openedInSessions, booked('b1', 'c1', afternoon))
      .when(join('e2', 'c2', 2, morning))
      .thenRefused('places-left');
    given(...fullAfternoon)
      .when(join('e3', 'c2', 1, afternoon))
      .thenRefused('already-waiting');
    given(...fullAfternoon)
      .when(join('e3', 'c2', 3, morning))
      .thenEvents(joined('e3', 'c2', 3, morning));
  });
  it('offers a freed place to those who wait for its session', () => {
    given(...fullAfternoon, joined('e3', 'c3', 3, morning))
      .when(cancel('b1'))
      .thenEvents(canceled('b1', 'c1', afternoon), offered('e2', 'c2', afternoon));
    given(...fullAfternoon, canceled('b1', 'c1', afternoon), offered('e2', 'c2', afternoon))
      .when(book('b2', 'c2', { ...morning, entryId: 'e2' }))
      .thenRefused('entry-not-found');
  });
  it('offers the place that a booking leaves for another session', () =>
    given(...fullAfternoon)
      .when(moveTo('b1', slotId, '09:00'))
      .thenEvents(
        rescheduled('b1', 'c1', { ...afternoon, toSlotId: slotId, toAt: '09:00' }),
        booked('b1', 'c1', { ...morning, firstSlotId: slotId, from: { slotId, request: '3' } }),
        offered('e2', 'c2', afternoon),
      ));
  it('offers the places of a larger session', () => {
    const larger = [sessions[0]!, { at: '13:30', capacity: 2 }];
    given(...fullAfternoon)
      .when(change({ sessions: larger }))
      .thenEvents(changed({ capacity: 4, sessions: larger }), offered('e2', 'c2', afternoon));
  });
  it('never removes a session whose places are held or waited for, and never reduces one below what is held', () => {
    given(openedInSessions, held('h1', 'c1', 1, until, afternoon))
      .when(change({ sessions: [sessions[0]!] }))
      .thenRefused('capacity-below-booked');
    given(openedInSessions, held('h1', 'c1', 2, until, morning))
      .when(change({ sessions: [{ at: '09:00', capacity: 1 }, sessions[1]!] }))
      .thenRefused('capacity-below-booked');
    const empty = [sessions[0]!, { at: '13:30', capacity: 0 }];
    const waited = [opened(2, { sessions: empty }), joined('e1', 'c1', 1, afternoon)];
    given(...waited)
      .when(change({ sessions: [sessions[0]!] }))
      .thenRefused('capacity-below-booked');
    given(...waited)
      .when(change({ sessions: [], capacity: 9 }))
      .thenRefused('capacity-below-booked');
  });
  it('takes and offers no place of a session that has begun', () => {
    at(AT_NINE)
      .given(openedInSessions)
      .when(hold('h1', 'c1', 1, morning))
      .thenRefused('too-late');
    at(AT_NINE)
      .given(openedInSessions)
      .when(join('e1', 'c1', 3, morning))
      .thenRefused('too-late');
    const lastDay = { cancelUntil: date };
    const before = [
      opened(3, { sessions, ...lastDay }),
      booked('b1', 'c1', { ...morning, ...lastDay, places: 2 }),
      joined('e2', 'c2', 1, morning),
    ];
    const placesClosed: Event = { type: 'SessionPlacesClosed', data: { slotId, at: '09:00', remaining: 1 } };
    at(AT_NINE)
      .given(...before)
      .when(cancel('b1'))
      .thenEvents(placesClosed, canceled('b1', 'c1', { ...morning, places: 2 }));
    const bookedLater = booked('b5', 'c5', { ...afternoon, ...lastDay });
    at(AT_NINE)
      .given(...before)
      .when(book('b5', 'c5', afternoon))
      .thenEvents(placesClosed, bookedLater);
    expect(screeningSlot.answer(book('b5', 'c5', afternoon), [placesClosed, bookedLater])).toEqual({
      ...bookedLater.data,
      status: 'booked',
    });
    given(...before)
      .when(cancel('b1'))
      .thenEvents(canceled('b1', 'c1', { ...morning, places: 2 }), offered('e2', 'c2', morning));
  });
  it('ends when the session begins: first it closes, then everything ends, and the others go on', () => {
    const endSession: Command = { type: 'EndSession', data: { slotId, at: '09:00' } };
    const sessionClosed = (remaining: number): Event => ({
      type: 'SessionPlacesClosed',
      data: { slotId, at: '09:00', remaining },
    });
    const lasting = held('h1', 'c1', 2, '2026-02-01T00:30:00.000Z', morning);
    const before = [openedInSessions, lasting, joined('e2', 'c2', 1, morning)];
    const others = [booked('b3', 'c3', afternoon), joined('e4', 'c4', 1, afternoon)];
    const released = { type: 'ScreeningPlaceHoldReleased', data: { ...lasting.data, reason: 'closed' } } as Event;
    const { expiresAt: _expiresAt, ...data } = released.data as { expiresAt: string };
    const ends = [{ ...released, data } as Event, closed('e2', 'c2', morning)] as const;
    given(...before)
      .when(endSession)
      .thenRefused('not-due');
    at(AT_NINE)
      .given(...before, ...others)
      .when(endSession)
      .thenEvents(sessionClosed(2), ...ends);
    at(AT_NINE)
      .given(...before, ...others, sessionClosed(2))
      .when(endSession)
      .thenEvents(...ends);
    // The clock of the process that goes on is behind.
    given(...before, sessionClosed(2))
      .when(endSession)
      .thenEvents(...ends);
    at(AT_NINE)
      .given(...before, ...others)
      .when(book('b5', 'c5', morning))
      .thenRefused('too-late');
    at(AT_NINE)
      .given(...before, ...others)
      .when(cancel('b3'))
      .thenRefused('too-late');
    at(AT_NINE)
      .given(openedInSessions, ...others)
      .when(endSession)
      .thenNothing();
    at(AT_NINE)
      .given(...before, sessionClosed(2), ...ends)
      .when(endSession)
      .thenNothing();
  });
  it('ends as many entries in one append as fit, then the others', () => {
    const many = Array.from({ length: 2 * BOOKINGS_PER_PORTION + 1 }, (_, n) => joined(`e${n}`, `c${n}`, 1, morning));
    const endSession: Command = { type: 'EndSession', data: { slotId, at: '09:00' } };
    const full = opened(3, { sessions: [{ at: '09:00', capacity: 0 }, sessions[1]!] });
    const state = stateAfter(screeningSlot, [full, ...many]);
    const first = play(screeningSlot, [endSession], state, 0n, AT_NINE);
    expect(first.events[0]?.data).toMatchObject({ remaining: 2 * BOOKINGS_PER_PORTION + 1 });
    expect(first.events).toHaveLength(1 + BOOKINGS_PER_PORTION);
    const rest = play(screeningSlot, [endSession, endSession, endSession], first.state, first.revision, AT_NINE);
    expect(rest.events).toHaveLength(BOOKINGS_PER_PORTION + 1);
  });
  it('ends with the slot’s day', () =>
    at(NEXT_DAY)
      .given(...fullAfternoon)
      .when(end)
      .thenEvents(ended(), missed('b1', 'c1', afternoon), closed('e2', 'c2', afternoon)));
});

describe('DeleteSlot', () => {
  it('deletes an empty slot', () => given(opened()).when(remove).thenEvents(deleted()));
  it('names the open bookings that are to be cancelled', () =>
    given(opened(3), booked('b1', 'c1'), booked('b2', 'c2'), booked('b3', 'c3'), canceled('b2', 'c2'))
      .when(remove)
      .thenEvents(deleted(2), due(0, 'b1', 'b3')));
  it('names them in several events', () => {
    const many = 2 * BOOKINGS_PER_PORTION + 1;
    const full = Array.from({ length: many }, (_, n) => booked(`b${n}`, `c${n}`));
    const { events } = play(screeningSlot, [remove], stateAfter(screeningSlot, [opened(many), ...full]));
    expect(events[0]).toEqual(deleted(many));
    const portions = events.slice(1).map(({ data }) => data as { portion: number; bookingIds: string[] });
    expect(portions.map(({ portion, bookingIds }) => [portion, bookingIds.length])).toEqual([
      [0, BOOKINGS_PER_PORTION],
      [1, BOOKINGS_PER_PORTION],
      [2, 1],
    ]);
    expect(new Set(portions.flatMap(({ bookingIds }) => bookingIds)).size).toBe(many);
  });
  it('fits into one append of the store, however many bookings of whatever ids are open', () => {
    const ids = Array.from({ length: MAX_CAPACITY }, (_, n) => `${n}`.padEnd(64, 'x'));
    const longHospital = { hospitalName: '𝄞'.repeat(100) };
    const holds = ids.slice(0, 400).map((longId) => ({ ...held(longId, longId).data, ...longHospital }));
    const before = [
      opened(MAX_CAPACITY, longHospital),
      ...ids.slice(400).map((longId) => booked(longId, longId)),
      ...holds.map((data) => ({ type: 'ScreeningPlaceHeld', data }) as Event),
    ];
    for (const now of [EVE, until]) {
      const { events } = play(screeningSlot, [remove], stateAfter(screeningSlot, before), 0n, now);
      expect(events.some(({ type }) => type === 'SlotDeleted')).toBe(true);
      expect(appendBytes(events)).toBeLessThan(MEBIBYTE);
      expect(appendBytes(events)).toBeGreaterThan(MEBIBYTE / 2);
    }
  });
  it('is done once', () => given(opened(), deleted()).when(remove).thenRefused('slot-deleted'));
  it('needs a slot', () => given().when(remove).thenRefused('slot-not-found'));
  it('comes too late when the day has ended', () => {
    at(NEXT_DAY).given(opened()).when(remove).thenRefused('too-late');
    at(NEXT_DAY).given(opened(), ended()).when(remove).thenRefused('too-late');
  });
  it('leaves those who came', () =>
    at(MORNING)
      .given(opened(), booked('b1', 'c1'), booked('b2', 'c2'), attended('b1', 'c1'))
      .when(remove)
      .thenEvents(deleted(1), due(0, 'b2')));
});

describe('ForceCancelBooking', () => {
  it('cancels an open booking of a deleted slot', () =>
    given(opened(), booked('b1', 'c1'), deleted(1), due(0, 'b1'))
      .when(forceCancel('b1'))
      .thenEvents(forceCanceled('b1', 'c1')));
  it('is done once', () =>
    given(opened(), booked('b1', 'c1'), deleted(1), due(0, 'b1'), forceCanceled('b1', 'c1'))
      .when(forceCancel('b1'))
      .thenNothing());
  it('does not cancel a cancelled booking again', () =>
    given(opened(), booked('b1', 'c1'), deleted(1), due(0, 'b1'), canceled('b1', 'c1'))
      .when(forceCancel('b1'))
      .thenNothing());
  it('does not cancel bookings of a slot that is not deleted', () =>
    given(opened(), booked('b1', 'c1')).when(forceCancel('b1')).thenNothing());
});

const id = (prefix: string, count: number) => fc.nat({ max: count - 1 }).map((n) => `${prefix}${n}`);
const anyAt = fc.constantFrom(undefined, '09:00', '13:30');
const anyKept = fc.oneof(
  id('h', 4).map((holdId) => ({ holdId })),
  id('e', 4).map((entryId) => ({ entryId })),
);
const anyPlaces = fc.integer({ min: 1, max: 3 });
const given1 = <Value>(name: string, value: Value | undefined) => (value === undefined ? {} : { [name]: value });

/** A day that anything may happen on: bookings end with it, and cancelling too. */
const everyLayout: Command[] = [open(4, { cancelUntil: date }), openWith({ sessions, cancelUntil: date })];

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom('09:00', '13:30').map((at): Command => ({ type: 'EndSession', data: { slotId, at } })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...everyLayout) },
  { weight: 1, arbitrary: fc.nat({ max: 6 }).map((capacity) => change({ capacity })) },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(fc.record({ at: fc.constantFrom('09:00', '13:30'), capacity: fc.nat({ max: 3 }) }), {
        maxLength: 2,
        selector: ({ at }) => at,
      })
      .map((some) => change({ sessions: some, ...(some.length === 0 ? { capacity: 3 } : {}) })),
  },
  {
    weight: 9,
    arbitrary: fc
      .tuple(id('b', 12), id('c', 6), anyAt, anyPlaces)
      .map(([b, c, time, places]) => book(b, c, { ...given1('at', time), places })),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(id('b', 12), id('c', 6), anyAt, anyPlaces, anyKept)
      .map(([b, c, time, places, named]) => book(b, c, { ...given1('at', time), places, ...named })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(id('h', 4), id('c', 6), anyPlaces, anyAt)
      .map(([h, c, places, time]) => hold(h, c, places, given1('at', time))),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(id('e', 4), id('c', 6), anyPlaces, anyAt)
      .map(([e, c, places, time]) => join(e, c, places, given1('at', time))),
  },
  { weight: 1, arbitrary: id('h', 4).map(release) },
  { weight: 1, arbitrary: id('e', 4).map(leaveList) },
  { weight: 1, arbitrary: fc.constant(settlePlaces) },
  { weight: 3, arbitrary: id('b', 12).map(cancel) },
  { weight: 2, arbitrary: fc.tuple(id('b', 12), anyAt).map(([b, time]) => moveTo(b, slotId, time)) },
  { weight: 2, arbitrary: id('b', 12).map((b) => moveTo(b, 'slot-2')) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(id('b', 12), id('c', 6), anyAt, anyPlaces, fc.nat({ max: 3 }))
      .map(([b, c, time, places, n]) =>
        take(b, c, { ...given1('at', time), places, from: { slotId: 'slot-0', request: `${n}` } }),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(id('b', 12), fc.nat({ max: 60 }), fc.boolean())
      .map(([b, n, isTaken]) => settle(b, `${n}`, isTaken ? undefined : 'slot-full')),
  },
  { weight: 3, arbitrary: id('b', 12).map(attend) },
  { weight: 1, arbitrary: fc.constantFrom(remove, end, endRemaining) },
  { weight: 3, arbitrary: id('b', 12).map(forceCancel) },
);

const MOMENTS = ['2026-01-30T00:00:00.000Z', EVE, MORNING, '2026-02-01T02:00:00.000Z', LAST_MOMENT, NEXT_DAY];

/** Commands with the moments at which they come. */
const anyHistory = fc.array(fc.tuple(anyCommand, fc.boolean()), { maxLength: 80 }).map((steps) => {
  const perMoment = Math.ceil(steps.length / MOMENTS.length) || 1;
  const minutes = (n: number) => (n % perMoment) * 2 * 60_000;
  return steps.map(([command], n) => ({
    command,
    now: new Date(Date.parse(MOMENTS[Math.floor(n / perMoment)]!) + minutes(n)).toISOString(),
  }));
});

type Standing = { customerId: string; at: string; places: number; isFinal: boolean };

/** A slot as a list of bookings, from its events alone. It throws when an event breaks a rule. */
const model = () => {
  let capacities = new Map<string, number>();
  const standing = new Map<string, Standing>();
  const past = new Set<string>();
  /** Held and offered places, by hold and entry. */
  const kept = new Map<string, { customerId: string; at: string; places: number }>();
  const waiting = new Set<string>();
  let isEnded = false;
  const leave = (bookingId: string) => {
    const booking = standing.get(bookingId);
    expect(booking, `${bookingId} stands`).toBeDefined();
    expect(booking?.isFinal).toBe(false);
    standing.delete(bookingId);
    past.add(bookingId);
  };
  const layout = ({ capacity, sessions: some }: { capacity: number; sessions?: typeof sessions }) =>
    new Map(some ? some.map((session) => [session.at, session.capacity] as const) : [['', capacity] as const]);
  return (event: Event) => {
    switch (event.type) {
      case 'SlotOpened':
      case 'SlotChanged':
        capacities = layout(event.data);
        break;
      case 'ScreeningBooked': {
        const { bookingId, customerId, at: time = '', places = 1, from } = event.data;
        expect(isEnded).toBe(false);
        expect(standing.has(bookingId)).toBe(false);
        if (!from) expect(past.has(bookingId)).toBe(false);
        expect([...standing.values()].map((each) => each.customerId)).not.toContain(customerId);
        standing.set(bookingId, { customerId, at: time, places, isFinal: false });
        const name = event.data.holdId ?? event.data.entryId;
        const before = name === undefined ? undefined : kept.get(name);
        if (name !== undefined) {
          expect([before?.customerId, before?.at]).toEqual([customerId, time]);
          expect(before!.places).toBeGreaterThanOrEqual(places);
          if (before!.places === places) kept.delete(name);
          else kept.set(name, { ...before!, places: before!.places - places });
        }
        break;
      }
      case 'ScreeningAttended': {
        const booking = standing.get(event.data.bookingId);
        expect(booking?.isFinal).toBe(false);
        standing.set(event.data.bookingId, { ...booking!, isFinal: true });
        break;
      }
      case 'BookingMissed':
        expect(isEnded).toBe(true);
        leave(event.data.bookingId);
        break;
      case 'BookingCanceled':
      case 'BookingForceCanceled':
      case 'BookingRescheduled':
        leave(event.data.bookingId);
        break;
      case 'ScreeningPlaceHeld':
        kept.set(event.data.holdId, { at: '', ...event.data });
        break;
      case 'ScreeningPlaceWaitingListJoined':
        waiting.add(event.data.entryId);
        break;
      case 'ScreeningPlaceWaitingListLeft':
        expect(waiting.delete(event.data.entryId)).toBe(true);
        break;
      case 'ScreeningPlaceOffered':
        expect(isEnded).toBe(false);
        expect(waiting.delete(event.data.entryId)).toBe(true);
        kept.set(event.data.entryId, { at: '', ...event.data });
        break;
      case 'ScreeningPlaceHoldExpired':
      case 'ScreeningPlaceHoldReleased':
        expect(kept.delete(event.data.holdId)).toBe(true);
        break;
      case 'ScreeningPlaceOfferExpired':
      case 'ScreeningPlaceOfferDeclined':
        expect(kept.delete(event.data.entryId)).toBe(true);
        break;
      case 'SlotEnded':
        isEnded = true;
        break;
    }
    const all = [...standing.values(), ...kept.values()];
    for (const time of new Set(all.map((each) => each.at))) {
      const taken = all.filter((each) => each.at === time).reduce((sum, { places }) => sum + places, 0);
      expect(taken).toBeLessThanOrEqual(capacities.get(time) ?? 0);
    }
    return { standing, capacities };
  };
};

describe('any sequence of commands', () => {
  it('keeps the rules of every decider', () => holdsForEveryDecider(screeningSlot, anyCommand));

  it.each(['a whole day', 'sessions'])(
    'never books more places than there are, gives a customer one booking, and ends each once: %s',
    (layout) => {
      fc.assert(
        fc.property(anyHistory, (history) => {
          const follow = model();
          let state = screeningSlot.initialState;
          let revision = 0n;
          const first = { command: layout === 'sessions' ? everyLayout[1]! : everyLayout[0]!, now: MOMENTS[0]! };
          for (const { command, now } of [first, ...history]) {
            const decision = screeningSlot.decide(command, state, { now, timeZone: TIME_ZONE, revision });
            if (isRefusal(decision)) continue;
            for (const event of decision) {
              state = screeningSlot.evolve(state, event);
              revision += 1n;
              follow(event);
            }
          }
        }),
        { numRuns: 500 },
      );
    },
  );

  it('leaves nothing open when every booking that a deletion names is force-cancelled', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 40 }), fc.array(anyCommand, { maxLength: 10 }), (before, after) => {
        const slotThen = play(screeningSlot, [open(3), ...before]);
        const deletion = play(screeningSlot, [remove], slotThen.state, slotThen.revision);
        const named = [...slotThen.events, ...deletion.events].flatMap(({ type, data }) =>
          type === 'ForceCancellationDue' ? data.bookingIds : [],
        );
        const meanwhile = play(screeningSlot, after, deletion.state, deletion.revision);
        const requests = [...slotThen.events, ...meanwhile.events].flatMap(({ type, data }) =>
          type === 'RescheduleRequested' ? [settle(data.bookingId, data.request, 'slot-full')] : [],
        );
        const rest = play(screeningSlot, [...named.map(forceCancel), ...requests], meanwhile.state, meanwhile.revision);
        expect([...rest.state.bookings.values()].filter(({ status }) => status === 'booked')).toEqual([]);
      }),
    );
  });
});
