import { expect, it } from 'vitest';
import { callsShown, SHOWN } from './calls.ts';

const calls = (count: number) => Array.from({ length: count }, (_, index) => index);

it('shows every call while all fit', () => {
  expect(callsShown(calls(SHOWN), 3)).toEqual({ shown: calls(SHOWN), page: 1, pages: 1 });
});

it('keeps the oldest calls on the board and shows each other one in some turn', () => {
  const all = calls(60);
  const seen = new Set<number>();
  const { pages } = callsShown(all, 0);
  for (let turn = 0; turn < pages; turn++) {
    const { shown, page } = callsShown(all, turn);
    expect(page).toBe(turn + 1);
    expect(shown.length).toBeLessThanOrEqual(SHOWN);
    expect(shown.slice(0, 8)).toEqual(all.slice(0, 8));
    for (const call of shown) seen.add(call);
  }
  expect([...seen].sort((a, b) => a - b)).toEqual(all);
});
