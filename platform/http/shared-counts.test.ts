import type { Collection } from 'mongodb';
import { afterEach, describe, expect, test } from 'vitest';
import { type SharedCount, type SharedCounts, sharedCounts } from './shared-counts.ts';

const MINUTE = 60_000;

/** A fake of the collection methods that the counts use. */
const collection = () => {
  const hits = new Map<string, number>();
  const state = { isAway: false };
  const check = async () => {
    if (state.isAway) throw new Error('away');
  };
  const counts = {
    async bulkWrite(updates: { updateOne: { filter: { _id: string }; update: { $inc: { hits: number } } } }[]) {
      await check();
      for (const { updateOne } of updates) {
        const { _id } = updateOne.filter;
        hits.set(_id, (hits.get(_id) ?? 0) + updateOne.update.$inc.hits);
      }
    },
    find: ({ _id: { $in } }: { _id: { $in: string[] } }) => ({
      toArray: async () => $in.map((_id) => ({ _id, hits: hits.get(_id) ?? 0 })),
    }),
    async deleteMany({ _id: { $lt } }: { _id: { $lt: string } }) {
      for (const id of hits.keys()) if (id < $lt) hits.delete(id);
    },
  } as unknown as Collection<SharedCount>;
  return { counts, hits, state };
};

const open: SharedCounts[] = [];
afterEach(() => Promise.all(open.splice(0).map((each) => each.stop())));

const start = (counts: Collection<SharedCount>, clock: { now: number }) => {
  const errors: unknown[] = [];
  const own = sharedCounts({
    counts,
    scope: 'entry',
    windowMs: MINUTE,
    onError: (error) => errors.push(error),
    now: () => clock.now,
  });
  open.push(own);
  const hit = async (client: string, times: number) => {
    for (let count = 1; count < times; count++) await own.increment(client);
    return (await own.increment(client)).totalHits;
  };
  return { own, hit, errors };
};

describe('two processes', () => {
  test('know both counts after an exchange', async () => {
    const { counts } = collection();
    const clock = { now: 10 * MINUTE + 5_000 };
    const [a, b] = [start(counts, clock), start(counts, clock)];
    expect(await a.hit('x', 7)).toBe(7);
    await a.own.exchange();
    expect(await b.hit('x', 2)).toBe(2);
    await b.own.exchange();
    expect(await b.hit('x', 1)).toBe(10);
    expect(await b.hit('y', 1)).toBe(1);
    await b.own.exchange();
    await a.hit('x', 1);
    await a.own.exchange();
    expect(await a.own.get?.('x')).toEqual({ totalHits: 11, resetTime: new Date(11 * MINUTE) });
  });

  test('lose no count when a write fails', async () => {
    const { counts, hits, state } = collection();
    const clock = { now: 10 * MINUTE };
    const [a, b] = [start(counts, clock), start(counts, clock)];
    await a.hit('x', 7);
    state.isAway = true;
    await a.own.exchange();
    expect(await a.hit('x', 1)).toBe(8);
    state.isAway = false;
    await a.own.exchange();
    expect([...hits.values()]).toEqual([8]);
    await b.hit('x', 1);
    await b.own.exchange();
    expect(await b.hit('x', 1)).toBe(10);
  });

  test('lose no count when the window changes', async () => {
    const { counts } = collection();
    let time = 10 * MINUTE;
    const own = sharedCounts({
      counts,
      scope: 'entry',
      windowMs: MINUTE,
      onError: () => {},
      now: () => time++,
    });
    open.push(own);
    for (let hits = 1; hits <= 100; hits++) expect((await own.increment('x')).totalHits).toBe(hits);
  });

  test('start at zero in each window and delete old counts', async () => {
    const { counts, hits } = collection();
    const clock = { now: 10 * MINUTE };
    const a = start(counts, clock);
    await a.hit('x', 7);
    await a.own.exchange();
    clock.now += MINUTE;
    expect(await a.hit('x', 1)).toBe(1);
    await a.own.exchange();
    clock.now += MINUTE;
    await a.hit('x', 1);
    await a.own.exchange();
    expect([...hits.keys()].map((id) => id.slice(0, 16))).toEqual(['1970-01-01T00:11', '1970-01-01T00:12']);
  });

  test('count alone while the store does not answer, and together again afterwards', async () => {
    const { counts, state } = collection();
    const clock = { now: 10 * MINUTE };
    const [a, b] = [start(counts, clock), start(counts, clock)];
    state.isAway = true;
    expect(await a.hit('x', 5)).toBe(5);
    await a.own.exchange();
    expect(a.errors).toHaveLength(1);
    expect(await a.hit('x', 1)).toBe(6);
    state.isAway = false;
    await b.hit('x', 10);
    await b.own.exchange();
    await a.own.exchange();
    expect(await a.hit('x', 1)).toBe(17);
  });
});
