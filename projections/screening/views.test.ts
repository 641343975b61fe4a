import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScreeningEvent } from '../../schemas/screening.ts';
import { documentsAfter } from '../kernel/testing.ts';
import { bookings } from './bookings.ts';
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
const booked = (bookingId: string, customerId: string): ScreeningEvent => ({
  type: 'ScreeningBooked',
  data: { slotId, bookingId, customerId, hospitalName, date },
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
  const slot = { slotId, hospitalName, date, status: 'open', capacity: 2 };

  it('shows the places of an opened slot', () => expect(slotAfter(opened(2))).toEqual({ ...slot, booked: 0, left: 2 }));
  it('counts bookings and cancellations', () => expect(slotAfter(...history)).toEqual({ ...slot, booked: 1, left: 1 }));
  it('shows a deleted slot with the bookings that are still to be cancelled', () =>
    expect(slotAfter(...history, deleted, due)).toEqual({ ...slot, status: 'deleted', booked: 1, left: 1 }));
  it('shows it empty after that', () =>
    expect(slotAfter(...history, deleted, due, forceCanceled('b2', 'c2'))).toEqual({
      ...slot,
      status: 'deleted',
      booked: 0,
      left: 2,
    }));
  it('cannot show a booking of a slot that was never opened', () =>
    expect(() => slotAfter(booked('b1', 'c1'))).toThrow('never opened'));
});

describe('bookings', () => {
  const booking = (bookingId: string, customerId: string) => ({ slotId, bookingId, customerId, hospitalName, date });

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
