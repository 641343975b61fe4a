import { expect, test } from 'vitest';
import { valueAt } from './places.ts';

const at = (day: string, time: string) => new Date(`${day}T${time}`).getTime();

test('a showing has no places left once it has begun', () => {
  const showing = { startsAt: '2026-01-31T10:00:00.000Z', left: 40, seats: 100 };
  const begins = Date.parse(showing.startsAt);
  expect(valueAt('left', showing, begins - 1)).toBe(40);
  expect(valueAt('left', showing, begins)).toBeUndefined();
  expect(valueAt('seats', showing, begins)).toBe(100);
});

test('a slot has only the places of the sessions to come, and tells which are over', () => {
  const sessions = [
    { at: '09:00', capacity: 5, left: 3 },
    { at: '13:30', capacity: 5, left: 4 },
  ];
  const slot = { date: '2026-01-31', left: 7, sessions };
  const noon = at('2026-01-31', '12:00');
  expect(valueAt('left', slot, noon)).toBe(4);
  expect(valueAt('sessions', slot, noon)).toEqual([
    { ...sessions[0], isOver: true },
    { ...sessions[1], isOver: false },
  ]);
});

test('other values are as they are', () => {
  const lot = { name: '정자역', left: 3 };
  expect(valueAt('left', lot, 0)).toBe(3);
  expect(valueAt('date', { date: '2026-01-31', status: 'attended' }, 0)).toBe('2026-01-31');
});
