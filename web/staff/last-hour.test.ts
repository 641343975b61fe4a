import { expect, test } from 'vitest';
import { lastHour } from './last-hour.ts';

const now = Date.parse('2026-01-31T10:00:30.000Z');
const at = (clock: string) => `2026-01-31T${clock}:00.000Z`;

test('the last hour has a level for every minute, with or without events', () => {
  const { times, levels, events } = lastHour(
    {
      level: 3,
      minutes: [
        { at: at('09:10'), level: 2, events: 5 },
        { at: at('09:50'), level: 3, events: 1 },
      ],
    },
    now,
  );
  expect(times).toHaveLength(61);
  expect(times[0]).toBe(Date.parse(at('09:00')) / 1000);
  expect([levels[0], levels[9], levels[10], levels[49], levels[50], levels[60]]).toEqual([0, 0, 2, 2, 3, 3]);
  expect([events[9], events[10], events[50]]).toEqual([null, 5, 1]);
});

test('an hour without events keeps the level before it', () => {
  const { levels, events } = lastHour({ level: 4, minutes: [{ at: at('07:00'), level: 4, events: 9 }] }, now);
  expect(new Set(levels)).toEqual(new Set([4]));
  expect(events.every((count) => count === null)).toBe(true);
});
