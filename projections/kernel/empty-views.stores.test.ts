import type { Db } from 'mongodb';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { checkpoints } from '../../platform/subscriptions/checkpoints.ts';
import { startTestStores, type TestStores, until } from '../../platform/subscriptions/testing.ts';
import { lots } from '../parking/lots.ts';
import { reservations } from '../parking/reservations.ts';
import { type RunningProjections, startProjections } from '../start.ts';
import { createEmptyViews } from './empty-views.ts';

let stores: TestStores;
let running: RunningProjections | undefined;
beforeAll(async () => {
  stores = await startTestStores();
});
afterEach(async () => running?.stop());
afterAll(() => stores.stop());

const views = [lots, { ...reservations, partitions: 2 }];
const emptyStore = { readAll: () => (async function* () {})() } as never;
const names = (projections: readonly { name: string }[]) => projections.map(({ name }) => name);

test('views of an empty event store are created, not built, and follow the first events', async () => {
  const db = stores.newDb();
  expect(names(await createEmptyViews(stores.client, db, views))).toEqual(['parking.lots', 'parking.reservations']);
  expect((await db.collection('parking.lots').indexes()).map(({ key }) => key)).toEqual([{ _id: 1 }, ...lots.indexes]);
  expect(
    await checkpoints(db)
      .find({}, { projection: { version: 1, partitions: 1 } })
      .toArray(),
  ).toEqual([
    { _id: 'parking.lots', version: lots.version, partitions: 1 },
    { _id: 'parking.reservations/0', version: reservations.version, partitions: 2 },
    { _id: 'parking.reservations/1', version: reservations.version, partitions: 2 },
  ]);

  const lines: string[] = [];
  running = startProjections({
    client: stores.client,
    db,
    projections: views,
    leaseMs: 600,
    log: (line) => lines.push(line),
  });
  expect(await running.checks.views()).toMatchObject({ ok: true });
  const spot = { lotId: 'first', name: '정자역', spots: 5 };
  await stores.append('parkingLot-first', { type: 'LotRegistered', data: spot });
  await until(
    () => db.collection('parking.lots').findOne({ lotId: 'first' }),
    (lot) => lot !== null,
  );
  expect(lines.filter((line) => line.startsWith('buil'))).toEqual([]);
});

test('of several processes that start at once, each takes the views that another created', async () => {
  const db = stores.newDb();
  await Promise.all([1, 2, 3].map(() => createEmptyViews(emptyStore, db, views)));
  expect(await checkpoints(db).countDocuments({ version: { $gt: 0 } })).toBe(3);
  expect(await createEmptyViews(emptyStore, db, views)).toEqual([]);
});

test.each([
  ['a collection', (db: Db) => db.collection('parking.lots').insertOne({ old: true })],
  [
    'a checkpoint',
    (db: Db) => checkpoints(db).insertOne({ _id: 'parking.lots', view: 'parking.lots', version: 1 } as never),
  ],
  [
    'the checkpoint of a build',
    (db: Db) => checkpoints(db).insertOne({ _id: 'parking.lots@next', view: 'parking.lots@next' } as never),
  ],
])('a view of which there is %s is left to a build', async (_, leave) => {
  const db = stores.newDb();
  await leave(db);
  expect(names(await createEmptyViews(emptyStore, db, views))).toEqual(['parking.reservations']);
});

test('views are built when the event store holds events', async () => {
  const spot = { lotId: 'held', name: '정자역', spots: 5 };
  await stores.append('parkingLot-held', { type: 'LotRegistered', data: spot });
  expect(await createEmptyViews(stores.client, stores.newDb(), views)).toEqual([]);
});
