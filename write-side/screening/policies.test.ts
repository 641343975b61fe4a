import { describe, expect, it } from 'vitest';
import { beginnings, deletion, missed, reschedules, sessions, timers } from './policies.ts';

const due = (portion: number, ...bookingIds: string[]) => ({
  type: 'ForceCancellationDue',
  data: { slotId: 'slot-1', portion, bookingIds },
  revision: '3',
});

it('sends a command for every booking to be cancelled', () =>
  expect(deletion.react(due(0, 'b1', 'b2'))).toEqual([
    { type: 'ForceCancelBooking', data: { slotId: 'slot-1', bookingId: 'b1' } },
    { type: 'ForceCancelBooking', data: { slotId: 'slot-1', bookingId: 'b2' } },
  ]));

it('handles the parts of a slot concurrently', () =>
  expect(deletion.key(due(0, 'b1'))).not.toBe(deletion.key(due(1, 'b2'))));

it('sends as many commands as an ended slot needs', () => {
  const ended = (remaining: number) => ({ type: 'SlotEnded', data: { slotId: 'slot-1', remaining }, revision: '3' });
  expect(missed.react(ended(0))).toEqual([]);
  expect(missed.react(ended(101))).toEqual([
    { type: 'EndRemaining', data: { slotId: 'slot-1' } },
    { type: 'EndRemaining', data: { slotId: 'slot-1' } },
  ]);
});

it('moves bookings between slots only', () => {
  const from = (slotId: string) => ({ slotId, request: '4' });
  const booked = (more: object) => ({
    type: 'ScreeningBooked',
    data: { slotId: 'slot-1', bookingId: 'b1', customerId: 'c1', hospitalName: 'h', date: '2030-01-31', ...more },
    revision: '5',
  });
  expect(reschedules.react(booked({}))).toEqual([]);
  expect(reschedules.react(booked({ from: from('slot-1') }))).toEqual([]);
  expect(reschedules.react(booked({ from: from('slot-0') }))).toEqual([
    { type: 'SettleReschedule', data: { slotId: 'slot-0', bookingId: 'b1', request: '4' } },
  ]);
});

describe('the end of a slot', () => {
  const plan = (event: { type: string; data: object }) =>
    timers[0]!.plan({ ...event, revision: '0', time: '2026-01-31T09:00:00.000Z' });
  const slot = { slotId: 'slot-1', hospitalName: 'h', date: '2030-01-31', capacity: 2 };
  const end = { key: 'slot-1', task: 'EndSlot', data: { slotId: 'slot-1' } };

  it('is due when its day ends', () => {
    const endsAt = '2030-01-31T15:00:00.000Z';
    expect(plan({ type: 'SlotOpened', data: { ...slot, endsAt } })).toEqual([{ ...end, at: endsAt }]);
  });
  it('of a slot that does not hold that moment is due when the day has ended everywhere', () =>
    expect(plan({ type: 'SlotOpened', data: slot })).toEqual([{ ...end, at: '2030-02-01T12:00:00.000Z' }]));
  it('is not planned for a deleted slot', () =>
    expect(plan({ type: 'SlotDeleted', data: { slotId: 'slot-1', openBookings: 0 } })).toEqual([
      { key: 'slot-1', task: null },
    ]));
});

describe('the beginning of a session', () => {
  const joined = (more: object) =>
    beginnings('Asia/Seoul').plan({
      type: 'ScreeningPlaceWaitingListJoined',
      data: { slotId: 'slot-1', entryId: 'e1', customerId: 'c1', places: 1, ...more },
      revision: '4',
      time: '2026-01-31T09:00:00.000Z',
    });
  const task = { task: 'EndSession', data: { slotId: 'slot-1', at: '09:30' } };

  it('has one timer for all who wait, in the time zone', () =>
    expect(joined({ date: '2030-01-31', at: '09:30' })).toEqual([
      { key: 'slot-1 09:30', at: '2030-01-31T00:30:00.000Z', ...task },
    ]));
  it('has no timer in a slot of a whole day, which ends with its day', () =>
    expect(joined({ date: '2030-01-31' })).toEqual([]));
  it('sends as many commands as the session needs', () => {
    const closed = (remaining: number) => ({
      type: 'SessionPlacesClosed',
      data: { slotId: 'slot-1', at: '09:30', remaining },
      revision: '5',
    });
    expect(sessions.react(closed(100))).toHaveLength(1);
    expect(sessions.react(closed(101))).toEqual(
      [1, 2].map(() => ({ type: 'EndSession', data: { slotId: 'slot-1', at: '09:30' } })),
    );
  });
});
