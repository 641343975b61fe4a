import type { Db } from 'mongodb';
import { Type } from 'typebox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Position } from '../platform/event-store/types.ts';
import { checkpoints } from '../platform/subscriptions/checkpoints.ts';
import { leases } from '../platform/subscriptions/leases.ts';
import { askForMoments, MOST_MOMENTS, moments, readMoments } from '../platform/subscriptions/moments.ts';
import { parked } from '../platform/subscriptions/parked.ts';
import { statuses } from '../platform/subscriptions/status.ts';
import { startTestStores, type TestStores, until } from '../platform/subscriptions/testing.ts';
import { type ContextSchema, event } from '../schemas/kernel/context.ts';
import { Strict } from '../schemas/kernel/values.ts';
import { projection } from './kernel/projection.ts';
import { type MomentsOptions, startMoments } from './moments.ts';

let stores: TestStores;
let db: Db;
let run = 0;
const running: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());
beforeEach(() => {
  db = stores.newDb();
  run += 1;
});
afterEach(() => Promise.all(running.splice(0).map((one) => one.stop())));

/** A view that sums what was added. The event type is the test's own, since all tests share one store. */
const sums = (refused = Number.NaN) => {
  const added = `Added${run}`;
  const context = {
    name: 'test',
    title: '',
    events: { [added]: event('', Strict({ by: Type.Integer() })) },
    commands: {},
    queries: {},
    problems: {},
  } as const satisfies ContextSchema;
  return projection<{ sum: number }>()({
    context,
    name: 'test.sums',
    version: 1,
    key: () => 'all',
    on: {
      [added]: (sum: { sum: number } | null, { by }: { by: number }) => {
        if (by === refused) throw new Error(`${by} cannot be`);
        return { sum: (sum?.sum ?? 0) + by };
      },
    },
  });
};

const add = (by: number): Promise<Position> => stores.append(`sum-${run}`, { type: `Added${run}`, data: { by } });

const start = (options: Partial<MomentsOptions> = {}) => {
  const started = startMoments({ client: stores.client, db, projections: [sums()], ...options });
  running.push(started);
  return started;
};

const ask = ({ commit }: Position) => askForMoments(db, commit.toString(), ['test']);
const read = async ({ commit }: Position) => (await readMoments(db, commit.toString(), ['test']))[0];
const ends = (position: Position, state = 'ready') =>
  until(
    () => read(position),
    (moment) => moment?.state === state,
    120_000,
  );
const sumIn = async (collection: string | undefined) =>
  (await db.collection<{ _id: string; sum: number }>(collection!).findOne({ _id: 'all' }))?.sum;

/** The names of everything that a build keeps in the database. */
const traces = async (): Promise<string[]> => {
  const collections = (await db.listCollections().toArray()).map(({ name }) => name);
  const kept = await Promise.all(
    [checkpoints(db), leases(db), statuses(db)].map(async (each) =>
      (await each.find().toArray()).map(({ _id }) => _id),
    ),
  );
  const members = (await parked(db).find().toArray()).map(({ member }) => member);
  return [...collections, ...kept.flat(), ...members].filter((name) => name.includes('at-'));
};

describe('a moment', () => {
  test('is a view up to its position, built once for all who ask', async () => {
    await add(1);
    const second = await add(10);
    await add(100);
    start();
    expect(await Promise.all([ask(second), ask(second), ask(second)])).toEqual([true, true, true]);
    const moment = await ends(second);
    expect(moment).toMatchObject({ share: 1, context: 'test' });
    expect(await sumIn(moment!.collections[0]?.collection)).toBe(11);
    expect(await statuses(db).countDocuments()).toBe(0);
    await ask(second);
    expect(await read(second)).toMatchObject({ state: 'ready', claim: moment!.claim });
  });

  test('is removed with all its traces some time after it was built', async () => {
    const only = await add(1);
    start({ keepFor: 1, grace: 1 });
    await ask(only);
    await until(
      async () => [await moments(db).countDocuments(), ...(await traces())],
      (left) => left.length === 1 && left[0] === 0,
      120_000,
    );
  });

  test('of an earlier run ends when the next one starts, and is readable until then and a while longer', async () => {
    const only = await add(5);
    await ask(only);
    const first = start();
    const { collections } = (await ends(only))!;
    await first.stop();
    start();
    await ends(only, 'expired');
    expect(await sumIn(collections[0]?.collection)).toBe(5);
  });

  test('whose views cannot be built has failed, with the reason, and may be asked for again', async () => {
    await add(1);
    const poisoned = await add(13);
    const started = start({ projections: [sums(13)] });
    await ask(poisoned);
    expect(await ends(poisoned, 'failed')).toMatchObject({ reason: expect.stringContaining('13 cannot be') });
    await started.stop();
    start({ grace: 1 });
    await until(
      async () => [await moments(db).countDocuments(), ...(await traces())],
      (left) => left.length === 1 && left[0] === 0,
      120_000,
    );
    await ask(poisoned);
    expect(await sumIn((await ends(poisoned))!.collections[0]?.collection)).toBe(14);
  });

  test('is limited in number: one that was not used for a minute makes room', async () => {
    const positions: Position[] = [];
    for (let n = 0; n <= MOST_MOMENTS; n++) positions.push(await add(n));
    const [first, ...others] = positions as [Position, ...Position[]];
    const last = others.pop()!;
    start();
    for (const position of [first, ...others]) expect(await ask(position)).toBe(true);
    for (const position of [first, ...others]) await ends(position);
    const usedAt = async (position: Position, milliseconds: number) =>
      moments(db).updateOne({ position: position.commit.toString() }, { $set: { usedAt: new Date(milliseconds) } });
    for (const position of [first, ...others]) await usedAt(position, Date.now());
    expect(await ask(last)).toBe(false);
    await usedAt(first, Date.now() - 120_000);
    expect(await ask(last)).toBe(true);
    await ends(last);
    expect((await moments(db).findOne({ position: first.commit.toString() }))?.state).toBe('expired');
  });
});
