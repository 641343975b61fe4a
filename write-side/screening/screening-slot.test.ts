import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BOOKINGS_PER_PORTION, MAX_CAPACITY } from '../../schemas/screening.ts';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { screeningSlot } from './screening-slot.ts';

const { given } = specification(screeningSlot, '2026-01-31T23:59:59.999Z');

type Command = Parameters<typeof screeningSlot.decide>[0];
type Event = Parameters<typeof screeningSlot.evolve>[1];

const slotId = 'slot-1';
const hospitalName = '분당서울대학교병원';
const date = '2026-02-01';

const openOn = (day: string, capacity = 2): Command => ({
  type: 'OpenSlot',
  data: { slotId, hospitalName, date: day, capacity },
});
const open = (capacity = 2): Command => openOn(date, capacity);
const book = (bookingId: string, customerId: string): Command => ({
  type: 'BookScreening',
  data: { slotId, bookingId, customerId },
});
const cancel = (bookingId: string): Command => ({ type: 'CancelBooking', data: { slotId, bookingId } });
const remove: Command = { type: 'DeleteSlot', data: { slotId } };
const forceCancel = (bookingId: string): Command => ({ type: 'ForceCancelBooking', data: { slotId, bookingId } });

const openedOn = (day: string, capacity = 2): Event => ({
  type: 'SlotOpened',
  data: { slotId, hospitalName, date: day, capacity },
});
const opened = (capacity = 2): Event => openedOn(date, capacity);
const booked = (bookingId: string, customerId: string): Event => ({
  type: 'ScreeningBooked',
  data: { slotId, bookingId, customerId, hospitalName, date },
});
const canceled = (bookingId: string, customerId: string): Event => ({
  type: 'BookingCanceled',
  data: { slotId, bookingId, customerId },
});
const forceCanceled = (bookingId: string, customerId: string): Event => ({
  type: 'BookingForceCanceled',
  data: { slotId, bookingId, customerId },
});
const deleted = (openBookings = 0): Event => ({ type: 'SlotDeleted', data: { slotId, openBookings } });
const due = (portion: number, ...bookingIds: string[]): Event => ({
  type: 'ForceCancellationDue',
  data: { slotId, portion, bookingIds },
});

describe('OpenSlot', () => {
  it('opens a slot', () => given().when(open()).thenEvents(opened()));
  it('opens a slot for today', () => given().when(openOn('2026-01-31')).thenEvents(openedOn('2026-01-31')));
  it('opens no slot for yesterday', () => given().when(openOn('2026-01-30')).thenRefused('date-in-past'));
  it('opens a slot without places', () => given().when(open(0)).thenEvents(opened(0)));
  it('takes an unused id only', () => given(opened()).when(open()).thenRefused('slot-already-opened'));
  it('refuses the id of a deleted slot', () =>
    given(opened(), deleted()).when(open()).thenRefused('slot-already-opened'));
});

describe('BookScreening', () => {
  it('takes a place', () => given(opened()).when(book('b1', 'c1')).thenEvents(booked('b1', 'c1')));
  it('takes the last place', () =>
    given(opened(2), booked('b1', 'c1')).when(book('b2', 'c2')).thenEvents(booked('b2', 'c2')));
  it('needs a place', () => given(opened(1), booked('b1', 'c1')).when(book('b2', 'c2')).thenRefused('slot-full'));
  it('finds none in a slot without places', () => given(opened(0)).when(book('b1', 'c1')).thenRefused('slot-full'));
  it('takes a place that became free', () =>
    given(opened(1), booked('b1', 'c1'), canceled('b1', 'c1')).when(book('b2', 'c2')).thenEvents(booked('b2', 'c2')));
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
});

describe('CancelBooking', () => {
  it('gives the place back', () =>
    given(opened(), booked('b1', 'c1')).when(cancel('b1')).thenEvents(canceled('b1', 'c1')));
  it('needs a booking', () => given(opened()).when(cancel('b1')).thenRefused('booking-not-found'));
  it('is done once', () =>
    given(opened(), booked('b1', 'c1'), canceled('b1', 'c1')).when(cancel('b1')).thenRefused('already-canceled'));
  it('may come before the force-cancellation of a deleted slot', () =>
    given(opened(), booked('b1', 'c1'), deleted(1), due(0, 'b1')).when(cancel('b1')).thenEvents(canceled('b1', 'c1')));
  it('comes too late after it', () =>
    given(opened(), booked('b1', 'c1'), deleted(1), due(0, 'b1'), forceCanceled('b1', 'c1'))
      .when(cancel('b1'))
      .thenRefused('already-canceled'));
  it('needs a slot', () => given().when(cancel('b1')).thenRefused('slot-not-found'));
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
    const [mebibyte, metadata] = [1_048_576, 2_000];
    const longest = Array.from({ length: MAX_CAPACITY }, (_, n) => booked(`${n}`.padEnd(64, 'x'), `c${n}`));
    const { events } = play(screeningSlot, [remove], stateAfter(screeningSlot, [opened(MAX_CAPACITY), ...longest]));
    const bytes = events.map(({ data }) => JSON.stringify(data).length + metadata).reduce((sum, size) => sum + size);
    expect(bytes).toBeLessThan(mebibyte);
  });
  it('is done once', () => given(opened(), deleted()).when(remove).thenRefused('slot-deleted'));
  it('needs a slot', () => given().when(remove).thenRefused('slot-not-found'));
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

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.nat({ max: 4 }).map(open) },
  { weight: 6, arbitrary: fc.tuple(id('b', 12), id('c', 6)).map(([b, c]) => book(b, c)) },
  { weight: 3, arbitrary: id('b', 12).map(cancel) },
  { weight: 1, arbitrary: fc.constant(remove) },
  { weight: 3, arbitrary: id('b', 12).map(forceCancel) },
);

describe('any sequence of commands', () => {
  it('keeps the rules of every decider', () => holdsForEveryDecider(screeningSlot, anyCommand));

  it('never has more open bookings than places, and closes a booking once', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 80 }), (commands) => {
        const { events } = play(screeningSlot, [open(3), ...commands]);
        const openBookings = new Set<string>();
        for (const { type, data } of events) {
          if (type === 'ScreeningBooked') openBookings.add(data.bookingId);
          // A booking that was cancelled already is not among the open ones, so it can't be force-cancelled.
          if (type === 'BookingCanceled' || type === 'BookingForceCanceled')
            expect(openBookings.delete(data.bookingId)).toBe(true);
          expect(openBookings.size).toBeLessThanOrEqual(3);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leaves nothing open when every booking that a deletion names is force-cancelled', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 40 }), fc.array(anyCommand, { maxLength: 10 }), (before, after) => {
        const deletion = play(screeningSlot, [open(3), ...before, remove]);
        const named = deletion.events.flatMap(({ type, data }) =>
          type === 'ForceCancellationDue' ? data.bookingIds : [],
        );
        const meanwhile = play(screeningSlot, after, deletion.state);
        expect(play(screeningSlot, named.map(forceCancel), meanwhile.state).state.open.size).toBe(0);
      }),
    );
  });
});
