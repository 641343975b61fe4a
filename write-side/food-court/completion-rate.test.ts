import { expect, it } from 'vitest';
import { plus } from '../../schemas/kernel/calendar.ts';
import { COMPLETIONS, secondsUntilRoom } from './completion-rate.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const ago = (...seconds: number[]) => seconds.map((each) => plus(NOW, { seconds: -each }));

it('estimates nothing before the first completion', () => expect(secondsUntilRoom([], NOW, 1)).toBeUndefined());

it('is the mean time between completions and until now', () => {
  expect(secondsUntilRoom(ago(40), NOW, 1)).toBe(40);
  expect(secondsUntilRoom(ago(90, 60, 30), NOW, 1)).toBe(30);
  expect(secondsUntilRoom(ago(100, 1), NOW, 1)).toBe(50);
});

it('is longer for more completions', () => expect(secondsUntilRoom(ago(90, 60, 30), NOW, 4)).toBe(120));

it('is from 5 seconds to 10 minutes', () => {
  expect(secondsUntilRoom(ago(2, 1), NOW, 1)).toBe(5);
  expect(secondsUntilRoom(ago(86_400), NOW, 1)).toBe(600);
  expect(secondsUntilRoom(ago(90, 60, 30), NOW, 100)).toBe(600);
});

it('counts the night as one long break', () => {
  const yesterday = Array.from({ length: COMPLETIONS - 1 }, (_, n) => 43_200 + 60 * (COMPLETIONS - n));
  expect(secondsUntilRoom(ago(...yesterday, 60), NOW, 1)).toBe(Math.ceil((60 * (COMPLETIONS - 1) + 600) / COMPLETIONS));
});

it('takes completions of a clock that is ahead as now', () => expect(secondsUntilRoom(ago(-30), NOW, 1)).toBe(5));
