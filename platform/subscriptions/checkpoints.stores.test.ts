import type { Collection, Db } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Checkpoint, checkpoints, claimCheckpoint, createCheckpoint, moveCheckpoints } from './checkpoints.ts';
import { builtPositions, reachedPosition } from './position.ts';
import { startTestStores, type TestStores } from './testing.ts';

let stores: TestStores;
let db: Db;

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());
beforeEach(() => {
  db = stores.newDb();
});

const consumer = { name: 'lots', view: 'lots', version: 1, partitions: 1 };
const to = (at: bigint, token = 1) => [{ consumer: 'lots', token, position: { commit: at, prepare: at } }];
const reached = async () => (await reachedPosition(db, 'lots')).commit;

/** The database behind a connection that delivers writes only on request. */
const slowly = () => {
  const { promise, resolve: deliver } = Promise.withResolvers<void>();
  const collection = (name: string): Collection<Checkpoint> => {
    const behind = db.collection<Checkpoint>(name);
    const write = behind.bulkWrite.bind(behind);
    behind.bulkWrite = async (...operations) => {
      await promise;
      return write(...operations);
    };
    return behind;
  };
  return { db: { collection } as unknown as Db, deliver };
};

test('a move that arrives after a later one changes nothing, and its lease is not lost', async () => {
  await createCheckpoint(db, consumer, 1);
  const slow = slowly();
  const late = moveCheckpoints(slow.db, to(9n));
  expect(await moveCheckpoints(db, to(10n))).toEqual([]);
  slow.deliver();
  expect(await late).toEqual([]);
  expect(await reached()).toBe(10n);
  expect(await moveCheckpoints(db, to(11n))).toEqual([]);
  expect(await reached()).toBe(11n);
});

test.each([
  ['of version 1.0.0, which numbers no moves', 1, undefined],
  ['of a process that has numbered more moves', 1, 1_000_000],
  ['that was claimed under the same token, as after a restore without leases', 2, 1_000_000],
  ['of version 1.0.0 under the same token', 2, undefined],
])('a claimed checkpoint moves: one %s', async (_, token, moves) => {
  const { moves: _first, ...standing } = await createCheckpoint(db, consumer, token);
  await checkpoints(db).replaceOne({ _id: 'lots' }, { ...standing, ...(moves === undefined ? {} : { moves }) });
  await claimCheckpoint(db, 'lots', 2);
  expect(await moveCheckpoints(db, to(5n, 2))).toEqual([]);
  expect(await reached()).toBe(5n);
});

test('a move under an older token reports that the lease was lost', async () => {
  await createCheckpoint(db, consumer, 1);
  await claimCheckpoint(db, 'lots', 2);
  expect(await moveCheckpoints(db, to(5n))).toEqual(['lots']);
  expect(await reached()).not.toBe(5n);
});

test('an older lease cannot claim a checkpoint from a newer one', async () => {
  await createCheckpoint(db, consumer, 1);
  await claimCheckpoint(db, 'lots', 3);
  await expect(claimCheckpoint(db, 'lots', 2)).rejects.toThrow('lots was taken over');
  expect(await moveCheckpoints(db, to(5n, 3))).toEqual([]);
  expect(await reached()).toBe(5n);
});

test('the positions of views that are asked for together are read by one query', async () => {
  await createCheckpoint(db, consumer, 1);
  await moveCheckpoints(db, to(7n));
  for (const [name, commit] of [
    ['cars-1', 5n],
    ['cars-2', 3n],
  ] as const) {
    await createCheckpoint(db, { name, view: 'cars', version: 1, partitions: 2 }, 1);
    await moveCheckpoints(db, [{ consumer: name, token: 1, position: { commit, prepare: commit } }]);
  }
  let queries = 0;
  const collection = (name: string) => {
    queries += 1;
    return db.collection(name);
  };
  const built = builtPositions({ collection } as unknown as Db);
  const positions = await Promise.all(['lots', 'cars', 'never built', 'lots'].map(built));
  expect(positions.map((position) => position?.commit)).toEqual([7n, 3n, undefined, 7n]);
  expect(queries).toBe(1);
  await moveCheckpoints(db, to(8n));
  expect((await built('lots'))?.commit).toBe(8n);
});
