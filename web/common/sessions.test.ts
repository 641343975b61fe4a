import { describe, expect, test } from 'vitest';
import { comingSessions, placesLeft } from './sessions.ts';

const sessions = [
  { at: '09:00', left: 3 },
  { at: '13:30', left: 4 },
];
const slot = { date: '2026-01-31', left: 7, sessions };
const at = (day: string, time: string) => new Date(`${day}T${time}`).getTime();

describe('the places of a slot that can still be booked', () => {
  test.each([
    ['before its day', '2026-01-30', '23:59', 7, ['09:00', '13:30']],
    ['in the morning', '2026-01-31', '08:59', 7, ['09:00', '13:30']],
    ['once a session has begun', '2026-01-31', '09:00', 4, ['13:30']],
    ['after the last session', '2026-01-31', '14:00', 0, []],
    ['after its day', '2026-02-01', '00:00', 0, []],
  ] as const)('%s are those of the sessions to come', (_, day, time, left, coming) => {
    expect(placesLeft(slot, at(day, time))).toBe(left);
    expect(comingSessions(slot, at(day, time)).map((session) => session.at)).toEqual(coming);
  });

  test('without sessions are there until the end of the day', () => {
    const whole = { date: '2026-01-31', left: 5 };
    expect(placesLeft(whole, at('2026-01-31', '23:59'))).toBe(5);
    expect(placesLeft(whole, at('2026-02-01', '00:00'))).toBe(0);
  });
});
