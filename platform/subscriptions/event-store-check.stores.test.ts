import type { Db } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EventStoreClient } from '../event-store/client.ts';
import { hasEvent, readAhead } from '../event-store/tail.ts';
import { reachedWith, START, type StoredEvent, WrongEventStoreError } from '../event-store/types.ts';
import { checkpoints, createCheckpoint, moveCheckpoints } from './checkpoints.ts';
import {
  acceptEventStore,
  compareEventStore,
  readFinding,
  requireEventStore,
  watchEventStore,
} from './event-store-check.ts';
import { startTestStores, type TestStores, until } from './testing.ts';

let stores: TestStores;
let other: TestStores;
let db: Db;
let last: StoredEvent;

beforeAll(async () => {
  [stores, other] = await Promise.all([startTestStores(), startTestStores()]);
  await stores.append('lot-1', { type: 'Happened', data: {} }, { type: 'Happened', data: {} });
  const { events } = await readAhead(stores.client, START, 10);
  last = events.at(-1)!;
  // Another store may have an event there, too.
  await other.append('lot-1', ...Array.from({ length: 5 }, () => ({ type: 'Happened', data: {} })));
});
afterAll(() => Promise.all([stores.stop(), other.stop()]));
beforeEach(async () => {
  db = stores.newDb();
  const held = await createCheckpoint(db, { name: 'lots', view: 'lots', version: 1, partitions: 1 }, 1);
  await moveCheckpoints(db, [{ held, position: reachedWith(last) }]);
});

test('an event is found by its id at its revision and position', async () => {
  expect(await hasEvent(stores.client, last)).toBe(true);
  const moved = { commit: last.position.commit + 1n, prepare: last.position.prepare + 1n };
  expect(await hasEvent(stores.client, { ...last, position: moved })).toBe(false);
  expect(await hasEvent(stores.client, { ...last, stream: 'lot-2' })).toBe(false);
  expect(await hasEvent(other.client, last)).toBe(false);
});

test('a store with more events of another history is not the one that was read', async () => {
  expect(await compareEventStore(stores.client, db)).toBeUndefined();
  await expect(requireEventStore(other.client, db)).rejects.toThrow(
    `The event store lacks event ${last.id} of lot-1, which lots has read at ${last.position.commit}`,
  );
  expect(await readFinding(db)).toBeUndefined();
});

test('a checkpoint without an event, of an older version, is compared with the end of the log', async () => {
  await checkpoints(db).updateOne({ _id: 'lots' }, { $unset: { event: '' } });
  expect(await compareEventStore(other.client, db)).toBeUndefined();
  await checkpoints(db).updateOne({ _id: 'lots' }, { $set: { commit: '9000000000', prepare: '9000000000' } });
  expect(await compareEventStore(other.client, db)).toContain('but lots has reached 9000000000');
});

test('what a process finds is reported once and stands for every process until it is accepted', async () => {
  const errors: unknown[] = [];
  const options = { db, onError: (error: unknown) => void errors.push(error) };
  const wrong = watchEventStore({ ...options, client: other.client });
  const right = watchEventStore({ db, client: stores.client, onError() {} });
  const reader = watchEventStore({ db, onError() {} });
  let changes = 0;
  reader.onChange(() => {
    changes += 1;
  });
  for (const watch of [wrong, right, reader]) {
    await until(
      () => watch.finding(),
      (finding) => finding !== undefined,
    );
    await expect(watch.require()).rejects.toThrow(WrongEventStoreError);
    expect(await watch.check()).toMatchObject({ ok: false, detail: expect.stringContaining(last.id) });
  }
  wrong.stop();
  expect(errors).toEqual([expect.any(WrongEventStoreError)]);

  expect(await acceptEventStore(stores.client, db)).toBe(false);
  expect(await checkpoints(db).countDocuments()).toBe(1);
  for (const watch of [right, reader])
    await until(
      () => watch.finding(),
      (finding) => finding === undefined,
    );
  expect(changes).toBe(2);
  right.stop();
  reader.stop();
});

test('accepting another history begins anew with views and policies, and drops what was known of the other', async () => {
  const ofTheOther = { schedule: 'parking.arrivals:lot-1', truncated_streams: 'parkingLot-lot-1' };
  for (const [name, _id] of Object.entries(ofTheOther)) await db.collection<{ _id: string }>(name).insertOne({ _id });
  expect(await acceptEventStore(other.client, db)).toBe(true);
  expect(await checkpoints(db).countDocuments()).toBe(0);
  for (const name of Object.keys(ofTheOther)) expect(await db.collection(name).countDocuments(), name).toBe(0);
  await requireEventStore(other.client, db);
});

test('a look that began before the decision keeps no finding', async () => {
  const asked = Promise.withResolvers<void>();
  const decided = Promise.withResolvers<void>();
  const slow = {
    ...other.client,
    readAll: other.client.readAll.bind(other.client),
    async *readStream() {
      asked.resolve();
      await decided.promise;
      yield* [];
    },
  } as unknown as EventStoreClient;
  await acceptEventStore(stores.client, db);
  const watch = watchEventStore({ db, client: slow, onError() {} });
  await asked.promise;
  await acceptEventStore(other.client, db);
  decided.resolve();
  await watch.ready;
  await watch.require();
  watch.stop();
  expect(await readFinding(db)).toBeUndefined();
});
