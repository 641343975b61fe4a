import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { memoryStreams, newEvent } from '../../platform/event-store/testing.ts';
import type { Revision } from '../../platform/event-store/types.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';

const unexpected = (error: unknown) => expect.unreachable(String(error));

/** A state that compresses badly, of about as many bytes. */
const state = (bytes: number) => randomBytes(bytes / 2).toString('hex');

const at = (revision: bigint, bytes: number) => ({ revision: revision as Revision, state: state(bytes), recent: [] });

/** A store with a stream of four events. */
const storeOfFour = async (...args: Parameters<typeof memoryStreams>) => {
  const store = memoryStreams(...args);
  const four = Array.from({ length: 4 }, () => newEvent({ type: 'Happened', data: {} }));
  await store.append('lot-1', four, 'no-stream');
  return store;
};

it('writes large states in several parts, and keeps only the newest snapshot', async () => {
  const store = await storeOfFour();
  const [small, large, larger] = [at(1n, 100), at(2n, 2_000_000), at(3n, 4_000_000)];
  let kept = 0;
  for (const snapshot of [small, large, larger, large, small]) {
    const written = await writeSnapshot(store, 'lot-1', 1, snapshot, kept);
    if (written === 'erased') throw new Error('nothing was erased');
    kept = written?.parts ?? 0;
    expect(store.events('snapshot-lot-1')).toHaveLength(kept);
    expect(await readSnapshot(store, 'lot-1', 1, unexpected)).toMatchObject(snapshot);
    if (snapshot === larger) expect(kept).toBeGreaterThan(2);
  }
  expect(kept).toBe(1);
});

it('ignores a snapshot that was not written to its end', async () => {
  const store = await storeOfFour();
  let parts = 0;
  const put: typeof store.put = async (...args) => (++parts < 3 ? store.put(...args) : undefined);
  expect(await writeSnapshot({ ...store, put }, 'lot-1', 1, at(2n, 4_000_000), 0)).toBeUndefined();
  expect(await readSnapshot(store, 'lot-1', 1, unexpected)).toBeUndefined();
});

it('keeps one complete snapshot of two concurrent ones', async () => {
  const store = await storeOfFour(() => new Promise(setImmediate));
  const [one, other] = [at(2n, 2_000_000), at(3n, 2_000_000)];
  await Promise.all([writeSnapshot(store, 'lot-1', 1, one, 0), writeSnapshot(store, 'lot-1', 1, other, 0)]);
  const read = await readSnapshot(store, 'lot-1', 1, unexpected);
  expect([one.state, other.state]).toContain(read?.state);
});

it('reads an encrypted snapshot, and ignores one whose key is gone', async () => {
  const keys = new Map<string, number>();
  const inverted = (packed: Uint8Array) => packed.map((byte) => byte ^ 0xff);
  const snapshots = {
    snapshotErasures: async () => 0,
    sealSnapshot: async (stream: string, packed: Uint8Array) => {
      keys.set(stream, packed.length);
      return inverted(packed);
    },
    openSnapshot: async (stream: string, packed: Uint8Array) => (keys.has(stream) ? inverted(packed) : undefined),
  };
  const store = { ...(await storeOfFour()), snapshots };
  const snapshot = at(2n, 2_000_000);
  await writeSnapshot(store, 'lot-1', 1, snapshot, 0);
  expect(await readSnapshot(store, 'lot-1', 1, unexpected)).toMatchObject(snapshot);
  keys.clear();
  expect(await readSnapshot(store, 'lot-1', 1, unexpected)).toBeUndefined();
});

it('writes no snapshot of a state whose event the stream lacks, as after a restore from an older copy', async () => {
  const store = await storeOfFour();
  expect(await writeSnapshot(store, 'lot-1', 1, at(4n, 100), 0)).toBeUndefined();
  expect(await writeSnapshot(store, 'lot-2', 1, at(0n, 100), 0)).toBeUndefined();
  expect(store.events('snapshot-lot-1')).toEqual([]);
  expect(await writeSnapshot(store, 'lot-1', 1, at(3n, 100), 0)).toMatchObject({ parts: 1 });
});
