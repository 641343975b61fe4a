import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestStores, type TestStores } from '../platform/subscriptions/testing.ts';
import { lots } from './parking/lots.ts';
import { reservations } from './parking/reservations.ts';
import { startProjections } from './start.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());

test('reports that every view shows what the store holds, after a build and after a restart', async () => {
  const register = (lotId: string) =>
    stores.append(`parkingLot-${lotId}`, { type: 'LotRegistered', data: { lotId, name: '정자역', spots: 5 } });
  const db = stores.newDb();
  const options = { client: stores.client, db, projections: [lots, reservations], leaseMs: 600 };
  for (const [lotId, logged] of [
    ['first', ['building', 'built']],
    ['later', []],
  ] as const) {
    await register(lotId);
    const lines: string[] = [];
    const running = startProjections({ ...options, log: (line) => lines.push(line.split(' ')[0]!) });
    await running.caughtUp(60_000);
    expect(await running.checks.views()).toMatchObject({ ok: true });
    expect(await db.collection('parking.lots').findOne({ lotId })).toMatchObject({ name: '정자역' });
    expect(lines.filter((line) => line.startsWith('buil'))).toEqual(logged);
    await running.stop();
  }
});

test('stops waiting in time for views that cannot be built', async () => {
  const never = { ...lots, events: ['LotRegistered'], evolve: () => expect.unreachable('poisoned') };
  const db = stores.newDb();
  const running = startProjections({ client: stores.client, db, projections: [never], leaseMs: 600 });
  await running.caughtUp(50);
  expect(await running.checks.views()).toMatchObject({ ok: false });
  await running.stop();
});

test('refuses to start with two contexts that declare the same view', () => {
  const other = { ...lots, context: { ...lots.context, name: 'library' } };
  expect(() => startProjections({ client: stores.client, db: stores.newDb(), projections: [lots, other] })).toThrow(
    'The view parking.lots is declared twice: by parking and by library',
  );
});

test('creates the indexes that a built view lacks, and keeps the view', async () => {
  await stores.append('parkingLot-indexed', {
    type: 'LotRegistered',
    data: { lotId: 'indexed', name: '정자역', spots: 5 },
  });
  const db = stores.newDb();
  const run = async (projection: typeof lots) => {
    const running = startProjections({ client: stores.client, db, projections: [projection], leaseMs: 600 });
    await running.caughtUp(60_000);
    return running;
  };
  await (await run({ ...lots, indexes: [] })).stop();
  const view = db.collection<{ _id: string; mark?: true }>('parking.lots');
  await view.updateOne({ _id: 'indexed' }, { $set: { mark: true } });
  expect(await view.indexes()).toHaveLength(1);

  const running = await run(lots);
  expect((await view.indexes()).map(({ key }) => key)).toEqual([{ _id: 1 }, ...lots.indexes]);
  expect(await view.findOne({ _id: 'indexed' })).toMatchObject({ mark: true });
  await running.stop();
});
