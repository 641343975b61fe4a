import type { Collection, Db } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Revision, reachedWith } from '../event-store/types.ts';
import {
  type Checkpoint,
  checkpoints,
  claimCheckpoint,
  createCheckpoint,
  forgetOutdated,
  type HeldCheckpoint,
  heldCheckpoint,
  moveCheckpoints,
  positionOf,
} from './checkpoints.ts';
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
const to = (at: bigint, held: HeldCheckpoint) => [{ held, position: { commit: at, prepare: at } }];
const reached = async () => (await reachedPosition(db, 'lots')).commit;

/** The database behind a connection with bulk writes of its own. */
const withBulkWrite = (bulkWrite: (write: () => Promise<unknown>) => Promise<unknown>): Db => {
  const collection = (name: string): Collection<Checkpoint> => {
    const behind = db.collection<Checkpoint>(name);
    const write = behind.bulkWrite.bind(behind);
    behind.bulkWrite = (...operations) => bulkWrite(() => write(...operations)) as ReturnType<typeof write>;
    return behind;
  };
  return { collection } as unknown as Db;
};

/** The database behind a connection that delivers writes only on request. */
const slowly = () => {
  const { promise, resolve: deliver } = Promise.withResolvers<void>();
  return { db: withBulkWrite((write) => promise.then(write)), deliver };
};

test('a move that arrives after a later one changes nothing, and its lease is not lost', async () => {
  const held = await createCheckpoint(db, consumer, 1);
  const slow = slowly();
  const late = moveCheckpoints(slow.db, to(9n, held));
  expect(await moveCheckpoints(db, to(10n, held))).toEqual([]);
  slow.deliver();
  expect(await late).toEqual([]);
  expect(await reached()).toBe(10n);
  expect(await moveCheckpoints(db, to(11n, held))).toEqual([]);
  expect(await reached()).toBe(11n);
});

test('a move whose answer was lost may have been made or not: the next one is made', async () => {
  for (const arrives of [true, false]) {
    await checkpoints(db).deleteMany();
    const held = await createCheckpoint(db, consumer, 1);
    const failing = withBulkWrite(async (write) => {
      if (arrives) await write();
      throw new Error('connection closed');
    });
    for (let times = 0; times < 60; times++)
      await expect(moveCheckpoints(failing, to(9n, held))).rejects.toThrow('connection closed');
    expect(await moveCheckpoints(db, to(10n, held))).toEqual([]);
    expect(await reached()).toBe(10n);
  }
});

test('a position does not go back after a move without an answer, whose events are handled again one by one', async () => {
  const held = await createCheckpoint(db, consumer, 1);
  const failing = withBulkWrite(async (write) => {
    await write();
    throw new Error('connection closed');
  });
  await expect(moveCheckpoints(failing, to(9n, held))).rejects.toThrow('connection closed');
  for (const [position, stored] of [
    [7n, 9n],
    [8n, 9n],
    [9n, 9n],
    [10n, 10n],
  ] as const) {
    expect(await moveCheckpoints(db, to(position, held))).toEqual([]);
    expect(await reached()).toBe(stored);
  }
});

test('a checkpoint that came back from an older copy of MongoDB is not moved', async () => {
  const held = await createCheckpoint(db, consumer, 1);
  await moveCheckpoints(db, to(5n, held));
  const copy = (await checkpoints(db).findOne({ _id: 'lots' }))!;
  await moveCheckpoints(db, to(9n, held));
  await checkpoints(db).replaceOne({ _id: 'lots' }, copy);
  expect(await moveCheckpoints(db, to(10n, held))).toEqual(['lots']);
  expect(await reached()).toBe(5n);

  const again = heldCheckpoint((await claimCheckpoint(db, 'lots', 1))!);
  expect(await moveCheckpoints(db, to(6n, again))).toEqual([]);
  expect(await moveCheckpoints(db, to(11n, held))).toEqual(['lots']);
  expect(await reached()).toBe(6n);
});

test('a view is built anew if its stored checkpoint is older than the one that was written', async () => {
  const held = await createCheckpoint(db, consumer, 2);
  await moveCheckpoints(db, to(5n, held));
  await forgetOutdated(db, held, 'lots');
  expect(await checkpoints(db).countDocuments()).toBe(1);

  await claimCheckpoint(db, 'lots', 3);
  await forgetOutdated(db, held, 'lots');
  expect(await checkpoints(db).countDocuments()).toBe(1);

  await checkpoints(db).updateOne({ _id: 'lots' }, { $set: { token: 1 } });
  await forgetOutdated(db, held, 'lots');
  expect(await checkpoints(db).countDocuments()).toBe(0);
});

test('a checkpoint has the newest event up to its position', async () => {
  const held = await createCheckpoint(db, consumer, 1);
  const event = { id: 'e1', stream: 'lot-1', revision: 3n as Revision, position: { commit: 7n, prepare: 7n } };
  await moveCheckpoints(db, [{ held, position: { ...reachedWith(event), commit: 9n, prepare: 9n } }]);
  expect(positionOf((await claimCheckpoint(db, 'lots', 2))!)).toEqual({ commit: 9n, prepare: 9n, event });
});

test.each([
  ['of an older version, without a stamp', 1, undefined],
  ['of another process', 1, 'other'],
  ['that was claimed under the same token, as after a restore without leases', 2, 'other'],
  ['of an older version under the same token', 2, undefined],
])('a claimed checkpoint moves: one %s', async (_, token, stamp) => {
  await createCheckpoint(db, consumer, token);
  await checkpoints(db).updateOne(
    { _id: 'lots' },
    stamp === undefined ? { $unset: { stamp: '' } } : { $set: { stamp } },
  );
  const held = heldCheckpoint((await claimCheckpoint(db, 'lots', 2))!);
  expect(await moveCheckpoints(db, to(5n, held))).toEqual([]);
  expect(await reached()).toBe(5n);
});

test('a move under an older token reports that the lease was lost', async () => {
  const held = await createCheckpoint(db, consumer, 1);
  await claimCheckpoint(db, 'lots', 2);
  expect(await moveCheckpoints(db, to(5n, held))).toEqual(['lots']);
  expect(await reached()).not.toBe(5n);
});

test('an older lease cannot claim a checkpoint from a newer one', async () => {
  await createCheckpoint(db, consumer, 1);
  const newer = heldCheckpoint((await claimCheckpoint(db, 'lots', 3))!);
  await expect(claimCheckpoint(db, 'lots', 2)).rejects.toThrow('lots was taken over');
  expect(await moveCheckpoints(db, to(5n, newer))).toEqual([]);
  expect(await reached()).toBe(5n);
});

test('the positions of views that are asked for together are read by one query', async () => {
  const lots = await createCheckpoint(db, consumer, 1);
  await moveCheckpoints(db, to(7n, lots));
  for (const [name, commit] of [
    ['cars-1', 5n],
    ['cars-2', 3n],
  ] as const) {
    const held = await createCheckpoint(db, { name, view: 'cars', version: 1, partitions: 2 }, 1);
    await moveCheckpoints(db, to(commit, held));
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
  await moveCheckpoints(db, to(8n, lots));
  expect((await built('lots'))?.commit).toBe(8n);
});
