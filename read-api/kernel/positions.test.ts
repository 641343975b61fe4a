import { describe, expect, it } from 'vitest';
import { trackPositions } from './positions.ts';

/** A view that the test moves, and the number of times it was asked. */
const view = () => {
  const state = { at: 1n, reads: 0, failing: false };
  const positions = trackPositions(async () => {
    state.reads++;
    if (state.failing) throw new Error('away');
    return state.at;
  });
  return { state, positions };
};

const never = () => new AbortController().signal;

describe('positions', () => {
  it('are read once for concurrent requests', async () => {
    const { state, positions } = view();
    const told = await Promise.all(Array.from({ length: 100 }, () => positions.reached('v')));
    expect(new Set(told)).toEqual(new Set([1n]));
    expect(state.reads).toBe(1);
  });

  it('are polled once for all waiting requests', async () => {
    const { state, positions } = view();
    const waiting = Array.from({ length: 500 }, () => positions.waitFor('v', 2n, 10_000, never()));
    await expect.poll(() => state.reads, { interval: 5 }).toBeGreaterThan(3);
    state.at = 2n;
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([2n]));
    expect(state.reads).toBeLessThan(100);
  });

  it('are not polled without waiting requests', async () => {
    const { state, positions } = view();
    expect(await positions.waitFor('v', 2n, 30, never())).toBe(1n);
    const { reads } = state;
    state.at = 2n;
    const other = positions.waitFor('other', 3n, 100, never());
    await other;
    const readForOther = state.reads - reads;
    expect(readForOther).toBeGreaterThan(1);
    expect(await positions.reached('v')).toBe(2n);
    expect(state.reads).toBe(reads + readForOther + 1);
  });

  it('stop waiting for a client that leaves', async () => {
    const { positions } = view();
    const gone = new AbortController();
    const waiting = positions.waitFor('v', 2n, 10_000, gone.signal);
    gone.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });

  it('fail for all waiting requests while the store is unavailable, and recover', async () => {
    const { state, positions } = view();
    const waiting = [positions.waitFor('v', 2n, 10_000, never()), positions.waitFor('v', 3n, 10_000, never())];
    state.failing = true;
    const results = await Promise.allSettled(waiting);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    state.failing = false;
    state.at = 5n;
    expect(await positions.waitFor('v', 5n, 10_000, never())).toBe(5n);
  });

  it('end all waiting when they are stopped', async () => {
    const { positions } = view();
    const waiting = positions.waitFor('v', 2n, 10_000, never());
    await positions.reached('v');
    positions.stop();
    expect(await waiting).toBe(1n);
    expect(await positions.waitFor('v', 2n, 10_000, never())).toBe(1n);
  });
});
