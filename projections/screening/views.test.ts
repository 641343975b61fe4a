import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScreeningEvent } from '../../schemas/screening.ts';
import { documentsAfter } from '../kernel/testing.ts';
import { bookings, customerBookings } from './bookings.ts';
import { slots } from './slots.ts';

const slotId = 'slot-1';
const hospitalName = '분당서울대학교병원';
const date = '2030-01-31';

const at = (minute: number) => `2026-01-31T09:${String(minute).padStart(2, '0')}:00.000Z`;
const timed = (event: ScreeningEvent, minute: number) => ({ ...event, time: at(minute) });

const opened = (capacity: number): ScreeningEvent => ({
  type: 'SlotOpened',
  data: { slotId, hospitalName, date, capacity },
});
type Booked = Extract<ScreeningEvent, { type: 'ScreeningBooked' }>['data'];
const facts = (bookingId: string, customerId: string) => ({ slotId, bookingId, customerId, hospitalName, date });
const booked = (bookingId: string, customerId: string, more: Partial<Booked> = {}): ScreeningEvent => ({
  type: 'ScreeningBooked',
  data: { ...facts(bookingId, customerId), ...more },
});
const group = (bookingId: string, customerId: string, places: number) => booked(bookingId, customerId, { places });
const groupCanceled = (bookingId: string, customerId: string, places: number): ScreeningEvent => ({
  type: 'BookingCanceled',
  data: { ...facts(bookingId, customerId), places },
});
const canceled = (bookingId: string, customerId: string): ScreeningEvent => ({
  type: 'BookingCanceled',
  data: { slotId, bookingId, customerId },
});
const forceCanceled = (bookingId: string, customerId: string): ScreeningEvent => ({
  type: 'BookingForceCanceled',
  data: { slotId, bookingId, customerId },
});
const deleted: ScreeningEvent = { type: 'SlotDeleted', data: { slotId, openBookings: 1 } };
const due: ScreeningEvent = { type: 'ForceCancellationDue', data: { slotId, portion: 0, bookingIds: ['b2'] } };

const history = [opened(2), booked('b1', 'c1'), booked('b2', 'c2'), canceled('b1', 'c1')];

describe('slots', () => {
  const slotAfter = (...events: ScreeningEvent[]) => documentsAfter(slots, ...events)[slotId];
  const slot = {
    slotId,
    hospitalName,
    date,
    status: 'open',
    capacity: 2,
    onHold: 0,
    waiting: 0,
    attended: 0,
    missed: 0,
  };

  it('shows the places of an opened slot', () => expect(slotAfter(opened(2))).toEqual({ ...slot, booked: 0, left: 2 }));
  it('counts bookings and cancellations', () => expect(slotAfter(...history)).toEqual({ ...slot, booked: 1, left: 1 }));
  it('shows a deleted slot with the bookings that are still to be cancelled', () =>
    expect(slotAfter(...history, deleted, due)).toEqual({ ...slot, status: 'deleted', booked: 1, left: 0 }));
  it('shows it empty after that', () =>
    expect(slotAfter(...history, deleted, due, forceCanceled('b2', 'c2'))).toEqual({
      ...slot,
      status: 'deleted',
      booked: 0,
      left: 0,
    }));
  it('counts the places of groups', () =>
    expect(slotAfter(opened(5), group('b1', 'c1', 3), group('b2', 'c2', 2), groupCanceled('b1', 'c1', 3))).toEqual({
      ...slot,
      capacity: 5,
      booked: 2,
      left: 3,
    }));
  it('counts held and offered places as taken, and those who wait', () => {
    const hold = { slotId, holdId: 'h1', customerId: 'c1', places: 2 };
    const entry = { slotId, entryId: 'e1', customerId: 'c2', places: 1 };
    const held: ScreeningEvent = { type: 'ScreeningPlaceHeld', data: { ...hold, expiresAt: at(9) } };
    const joined: ScreeningEvent = { type: 'ScreeningPlaceWaitingListJoined', data: entry };
    const expired: ScreeningEvent = { type: 'ScreeningPlaceHoldExpired', data: hold };
    const offered: ScreeningEvent = { type: 'ScreeningPlaceOffered', data: { ...entry, expiresAt: at(9) } };
    expect(slotAfter(opened(2), held, joined)).toMatchObject({ booked: 0, onHold: 2, waiting: 1, left: 0 });
    const later = [opened(2), held, joined, expired, offered];
    expect(slotAfter(...later)).toMatchObject({ booked: 0, onHold: 1, waiting: 0, left: 1 });
    expect(slotAfter(...later, booked('b1', 'c2', { entryId: 'e1' }))).toMatchObject({ booked: 1, onHold: 0, left: 1 });
    expect(slotAfter(opened(3), held, booked('b1', 'c1', { holdId: 'h1', places: 2 }))).toMatchObject({
      booked: 2,
      onHold: 0,
      left: 1,
    });
  });
  it('shows what is left of each session', () => {
    const sessions = [
      { at: '09:00', capacity: 2 },
      { at: '13:30', capacity: 1 },
    ];
    const inSession: ScreeningEvent = { type: 'SlotOpened', data: { ...opened(3).data, sessions } as never };
    const after = slotAfter(inSession, booked('b1', 'c1', { at: '09:00' }), booked('b2', 'c2', { at: '13:30' }));
    expect(after).toEqual({
      ...slot,
      capacity: 3,
      booked: 2,
      left: 1,
      sessions: [
        { at: '09:00', capacity: 2, booked: 1, onHold: 0, waiting: 0, left: 1 },
        { at: '13:30', capacity: 1, booked: 1, onHold: 0, waiting: 0, left: 0 },
      ],
    });
    const changed: ScreeningEvent = {
      type: 'SlotChanged',
      data: { slotId, capacity: 4, sessions: [{ at: '13:30', capacity: 4 }], cancelUntil: date },
    };
    expect(slotAfter(inSession, booked('b2', 'c2', { at: '13:30' }), changed)).toEqual({
      ...slot,
      capacity: 4,
      booked: 1,
      left: 3,
      cancelUntil: date,
      sessions: [{ at: '13:30', capacity: 4, booked: 1, onHold: 0, waiting: 0, left: 3 }],
    });
  });
  it('counts the held places of a session, and those who wait for it', () => {
    const sessions = [
      { at: '09:00', capacity: 2 },
      { at: '13:30', capacity: 1 },
    ];
    const inSessions: ScreeningEvent = { type: 'SlotOpened', data: { ...opened(3).data, sessions } as never };
    const afternoon = { slotId, at: '13:30', customerId: 'c1', places: 1 };
    const expiresAt = '2030-01-30T09:05:00.000Z';
    const held: ScreeningEvent = { type: 'ScreeningPlaceHeld', data: { ...afternoon, holdId: 'h1', expiresAt } };
    const joined: ScreeningEvent = { type: 'ScreeningPlaceWaitingListJoined', data: { ...afternoon, entryId: 'e1' } };
    const released: ScreeningEvent = { type: 'ScreeningPlaceHoldReleased', data: { ...afternoon, holdId: 'h1' } };
    const offered: ScreeningEvent = {
      type: 'ScreeningPlaceOffered',
      data: { ...afternoon, entryId: 'e1', expiresAt },
    };
    const free = { at: '09:00', capacity: 2, booked: 0, onHold: 0, waiting: 0, left: 2 };
    const full = { at: '13:30', capacity: 1, booked: 0, onHold: 1, waiting: 1, left: 0 };
    const before = [inSessions, held, joined];
    expect(slotAfter(...before)).toMatchObject({ onHold: 1, waiting: 1, left: 2, sessions: [free, full] });
    expect(slotAfter(...before, released, offered)).toMatchObject({
      onHold: 1,
      waiting: 0,
      left: 2,
      sessions: [free, { ...full, waiting: 0 }],
    });
    const accepted = booked('b1', 'c1', { at: '13:30', entryId: 'e1' });
    expect(slotAfter(...before, released, offered, accepted)).toMatchObject({
      booked: 1,
      onHold: 0,
      sessions: [free, { ...full, booked: 1, onHold: 0, waiting: 0 }],
    });
    const changed: ScreeningEvent = {
      type: 'SlotChanged',
      data: { slotId, capacity: 4, sessions: [sessions[0]!, { at: '13:30', capacity: 2 }], cancelUntil: date },
    };
    expect(slotAfter(...before, changed)).toMatchObject({
      left: 3,
      sessions: [free, { ...full, capacity: 2, left: 1 }],
    });
  });
  it('shows a changed capacity', () =>
    expect(slotAfter(...history, { type: 'SlotChanged', data: { slotId, capacity: 7, cancelUntil: date } })).toEqual({
      ...slot,
      capacity: 7,
      booked: 1,
      left: 6,
      cancelUntil: date,
    }));
  it('shows who came and who did not, and nothing left after the day', () =>
    expect(
      slotAfter(
        opened(5),
        booked('b1', 'c1'),
        booked('b2', 'c2'),
        { type: 'ScreeningAttended', data: facts('b1', 'c1') },
        { type: 'SlotEnded', data: { slotId, remaining: 0 } },
        { type: 'BookingMissed', data: facts('b2', 'c2') },
      ),
    ).toEqual({ ...slot, status: 'ended', capacity: 5, booked: 2, left: 0, attended: 1, missed: 1 }));
  it('frees the places of a booking that moved away', () =>
    expect(
      slotAfter(opened(2), booked('b1', 'c1'), {
        type: 'BookingRescheduled',
        data: { ...facts('b1', 'c1'), toSlotId: 'slot-2' },
      }),
    ).toEqual({ ...slot, booked: 0, left: 2 }));
  it('cannot show a booking of a slot that was never opened', () =>
    expect(() => slotAfter(booked('b1', 'c1'))).toThrow('never opened'));
});

describe('bookings', () => {
  const booking = (bookingId: string, customerId: string) => ({ ...facts(bookingId, customerId), places: 1 });

  it('shows each with its statuses and their times', () =>
    expect(
      documentsAfter(
        bookings,
        ...[...history, deleted, due, forceCanceled('b2', 'c2')].map((event, minute) => timed(event, minute)),
      ),
    ).toEqual({
      'slot-1.b1': {
        ...booking('b1', 'c1'),
        status: 'canceled',
        bookedAt: at(1),
        history: [
          { status: 'booked', time: at(1) },
          { status: 'canceled', time: at(3) },
        ],
      },
      'slot-1.b2': {
        ...booking('b2', 'c2'),
        status: 'force-canceled',
        bookedAt: at(2),
        history: [
          { status: 'booked', time: at(2) },
          { status: 'force-canceled', time: at(6) },
        ],
      },
    }));
  it('cannot show the end of a booking that was never made', () =>
    expect(() => documentsAfter(bookings, canceled('b1', 'c1'))).toThrow('never made'));
});

/** A booking that moves from slot-1 to slot-2 and ends there; the old slot's event comes last. */
const moved: ScreeningEvent[] = [
  booked('b1', 'c1'),
  { type: 'RescheduleRequested', data: { ...facts('b1', 'c1'), request: '2', toSlotId: 'slot-2' } },
  booked('b1', 'c1', {
    slotId: 'slot-2',
    date: '2030-02-01',
    places: 2,
    firstSlotId: slotId,
    from: { slotId, request: '2' },
  }),
  { type: 'ScreeningAttended', data: { ...facts('b1', 'c1'), slotId: 'slot-2', firstSlotId: slotId } },
  { type: 'BookingRescheduled', data: { ...facts('b1', 'c1'), toSlotId: 'slot-2' } },
];

describe('a booking that was moved', () => {
  it('is one booking of its customer, with its history through both slots', () =>
    expect(documentsAfter(customerBookings, ...moved.map(timed))).toEqual({
      'slot-1.b1': {
        ...facts('b1', 'c1'),
        slotId: 'slot-2',
        date: '2030-02-01',
        places: 2,
        status: 'attended',
        bookedAt: at(0),
        history: [
          { status: 'booked', time: at(0) },
          { status: 'rescheduled', time: at(2) },
          { status: 'attended', time: at(3) },
        ],
      },
    }));
  it('is a booking of each slot at the desks', () =>
    expect(documentsAfter(bookings, ...moved.map(timed))).toMatchObject({
      'slot-1.b1': { status: 'rescheduled', history: [{ status: 'booked' }, { status: 'rescheduled' }] },
      'slot-2.b1': { status: 'attended', bookedAt: at(2), history: [{ status: 'booked' }, { status: 'attended' }] },
    }));
  it('is one booking in its slot when it came back', () => {
    const back = booked('b1', 'c1', { firstSlotId: slotId, from: { slotId: 'slot-2', request: '4' } });
    const before = [moved[0]!, moved[4]!, back].map(timed);
    expect(documentsAfter(bookings, ...before)['slot-1.b1']).toMatchObject({
      status: 'booked',
      history: [{ status: 'booked' }, { status: 'rescheduled' }, { status: 'booked' }],
    });
  });
  it('begins anew when its id is used again after it was forgotten', () =>
    expect(documentsAfter(bookings, timed(booked('b1', 'c1'), 1), timed(booked('b1', 'c2'), 2))).toMatchObject({
      'slot-1.b1': { customerId: 'c2', history: [{ time: at(2) }] },
    }));
});

describe('whatever happens', () => {
  it('says of a slot what it says of its bookings', () => {
    const endings = fc.constantFrom(undefined, canceled, forceCanceled);
    fc.assert(
      fc.property(fc.array(endings, { maxLength: 10 }), (ends) => {
        const events = [
          opened(10),
          ...ends.map((_, n) => booked(`b${n}`, `c${n}`)),
          ...ends.flatMap((end, n) => (end ? [end(`b${n}`, `c${n}`)] : [])),
        ];
        const open = Object.values(documentsAfter(bookings, ...events)).filter(
          (booking) => 'status' in booking && booking.status === 'booked',
        );
        expect(documentsAfter(slots, ...events)[slotId]).toMatchObject({ booked: open.length, left: 10 - open.length });
      }),
      { numRuns: 50 },
    );
  });
});
