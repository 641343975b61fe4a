import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { checkpoints } from '../../platform/subscriptions/checkpoints.ts';
import { command } from '../support/operator.ts';
import { call, callUnchecked, eventually, openProgram, type Plaza, temporaryData } from '../support/plaza.ts';
import { differingDocuments } from './views.ts';

/* One of the stores is replaced by an older copy of itself. */

type Side = 'write-side' | 'policies' | 'projections' | 'read-api';
const SIDES: readonly Side[] = ['write-side', 'policies', 'projections', 'read-api'];

let data: ReturnType<typeof temporaryData>;
let copies: ReturnType<typeof temporaryData>;
let stores: OpenedStores;
let sides: Record<Side, Plaza>;

const portOf = (url: string): number => Number(new URL(url.replace(/^(esdb|mongodb):/, 'http:')).port);

/** Stops the stores, does something with their files, and starts them at the same addresses. */
const between = async (change: () => void): Promise<void> => {
  const { eventStoreUrl, mongoUrl } = stores;
  await stores.stop();
  change();
  stores = await openTestStores({
    dataFolder: data.folder,
    eventStorePort: portOf(eventStoreUrl),
    mongoPort: portOf(mongoUrl),
  });
};

const isOf = (store: 'events' | 'views') => (name: string) => name.startsWith(`${store}.sqlite`);

/** Copies the files of both stores. @returns functions that put the files of one of them back */
const copy = async () => {
  const folder = join(copies.folder, `${readdirSync(copies.folder).length}`);
  await between(() => cpSync(data.folder, folder, { recursive: true }));
  const back = (store: 'events' | 'views') => () => {
    for (const name of readdirSync(data.folder).filter(isOf(store))) rmSync(join(data.folder, name));
    for (const name of readdirSync(folder).filter(isOf(store))) cpSync(join(folder, name), join(data.folder, name));
  };
  return { events: back('events'), views: back('views') };
};

const open = async (side: Side): Promise<Plaza> =>
  openProgram(side, {
    EVENTSTORE_URL: stores.eventStoreUrl,
    MONGODB_URL: stores.mongoUrl,
    PLAZA_CONTEXTS: 'parking,customers',
  });

const openAll = async (): Promise<void> => {
  sides = Object.fromEntries(await Promise.all(SIDES.map(async (side) => [side, await open(side)]))) as typeof sides;
};
const closeAll = () => Promise.all(Object.values(sides).map((side) => side.close()));

const post = (path: string, body: object) => call(sides['write-side'].url, 'POST', path, body);
const get = (path: string, headers: Record<string, string> = {}) =>
  call<Record<string, unknown>>(sides['read-api'].url, 'GET', path, undefined, headers);
const readiness = async (side: Side) => (await callUnchecked(sides[side].url, 'GET', '/readyz')).status;

/** Registers a lot with a reservation, as soon as the write side has its stores. */
const addLot = async (lotId: string): Promise<void> => {
  await eventually(
    () => post('/parking/lots', { lotId, name: `Lot ${lotId}`, spots: 5, arriveWithin: 60 }),
    ({ status }) => status === 201 || status === 409,
  );
  await reserve(lotId, 'r1');
};
const reserve = async (lotId: string, reservationId: string): Promise<void> => {
  const body = { reservationId, customerId: 'C1', carNumber: `10더861${reservationId}`, amount: 5000 };
  const answer = await eventually(
    () => post(`/parking/lots/${lotId}/reservations`, body),
    ({ status }) => status === 201 || status === 409,
  );
  expect(answer.status).toBe(201);
};

const withDb = async <Result>(use: (db: ReturnType<MongoClient['db']>) => Promise<Result>): Promise<Result> => {
  const mongo = await MongoClient.connect(stores.mongoUrl);
  return use(mongo.db('plaza')).finally(() => mongo.close());
};

/** The lots and reservations whose coupon was issued, and that have a timer. */
const followUps = () =>
  withDb(async (db) => ({
    coupons: (await db.collection('parking.coupons').find().toArray()).length,
    timers: (await db.collection<{ _id: string }>('schedule').find({ process: 'parking.arrivals' }).toArray()).map(
      ({ _id }) => _id,
    ),
  }));

const lotIds = async (): Promise<unknown[]> => {
  const { body } = await get('/parking/lots?limit=200');
  return ((body.items ?? []) as { lotId: string }[]).map(({ lotId }) => lotId).sort();
};

/** Waits until views and policies have these lots, each with a coupon and a timer for each reservation. */
const haveAll = async (lots: readonly string[], reservations: number): Promise<void> => {
  await eventually(lotIds, (ids) => String(ids) === String([...lots].sort()));
  await eventually(followUps, ({ coupons, timers }) => coupons === reservations && timers.length === reservations);
  expect(await differingDocuments(stores)).toEqual([]);
};

beforeEach(async () => {
  data = temporaryData();
  copies = temporaryData();
  stores = await openTestStores({ dataFolder: data.folder });
  await openAll();
});
afterEach(async () => {
  await closeAll();
  await stores.stop();
  data.remove();
  copies.remove();
});

describe('MongoDB goes back to an older copy while every side runs', () => {
  const goBack = async (): Promise<void> => {
    await addLot('before');
    await haveAll(['before'], 1);
    const older = await copy();
    await addLot('between');
    await reserve('before', 'r2');
    await haveAll(['before', 'between'], 3);
    await between(older.views);
  };

  test('views and timers get what lay between, although nothing new happens', async () => {
    await goBack();
    await haveAll(['before', 'between'], 3);
    for (const side of SIDES) expect(await readiness(side)).toBe(200);
  });

  test('they get it too when commands come at once, for documents that the copy has', async () => {
    await goBack();
    await Promise.all([reserve('before', 'r3'), reserve('between', 'r2'), addLot('after')]);
    await haveAll(['after', 'before', 'between'], 6);
  });
});

describe('the event store goes back to an older copy', () => {
  test.each([
    ['while every side runs', true],
    ['while no side runs', false],
  ])('%s: nothing is accepted or shown until an operator decides, and then nothing is lost', async (_, runs) => {
    await addLot('kept');
    await haveAll(['kept'], 1);
    const older = await copy();
    await addLot('lost');
    await reserve('kept', 'r2');
    await haveAll(['kept', 'lost'], 3);
    if (!runs) await closeAll();
    await between(older.events);
    if (!runs) await openAll();

    for (const side of SIDES)
      await eventually(
        () => readiness(side),
        (status) => status === 503,
      );
    const refused = { status: 503, body: { type: '/problems/wrong-event-store' } };
    const answer = await post('/parking/lots', { lotId: 'refused', name: 'R', spots: 1 });
    expect(answer).toMatchObject(refused);
    expect(answer.body.detail).toContain('npm run restored -- accept');
    expect(answer.headers.get('Retry-After')).toBe('30');
    for (const path of ['/parking/lots', '/parking/lots/lost', '/control-center', '/parking/lots/kept/history'])
      expect(await get(path)).toMatchObject(refused);
    for (const side of ['projections', 'policies'] as const)
      expect(sides[side].output()).toMatch(/"level":50.*WrongEventStoreError/);
    const environment = { EVENTSTORE_URL: stores.eventStoreUrl, MONGODB_URL: stores.mongoUrl };
    expect(await command(environment, 'restored')).toMatchObject({
      status: 1,
      output: expect.stringMatching(/The event store lacks event .* which .* has read at/),
    });
    expect(await command(environment, 'restored', 'nonsense')).toMatchObject({ status: 2 });

    const state = () => call(sides.projections.url, 'GET', '/operations/event-store');
    expect((await state()).body).toMatchObject({ state: 'other', reason: answer.body.detail });
    const accepted = await call(sides.projections.url, 'PATCH', '/operations/event-store', { state: 'accepted' });
    expect(accepted).toMatchObject({ status: 202, body: { state: 'same' } });
    await addLot('new');
    await reserve('kept', 'r3');
    await haveAll(['kept', 'new'], 3);
    for (const side of SIDES)
      await eventually(
        () => readiness(side),
        (status) => status === 200,
      );
    expect(await command(environment, 'restored')).toMatchObject({ status: 0 });
  });

  test('when the right copy comes back, everything continues where it was', async () => {
    await addLot('kept');
    await haveAll(['kept'], 1);
    const older = await copy();
    await addLot('more');
    await haveAll(['kept', 'more'], 2);
    const newer = await copy();
    await between(older.events);
    await eventually(
      () => readiness('read-api'),
      (status) => status === 503,
    );
    const standing = () =>
      withDb((db) =>
        checkpoints(db)
          .find({}, { projection: { commit: 1 } })
          .toArray(),
      );
    const before = await standing();
    await between(newer.events);
    const environment = { EVENTSTORE_URL: stores.eventStoreUrl, MONGODB_URL: stores.mongoUrl };
    const shown = await eventually(
      () => command(environment, 'restored'),
      ({ output }) => output.includes('has every event again'),
    );
    expect(shown.status).toBe(1);
    expect(await readiness('read-api')).toBe(503);
    expect(await command(environment, 'restored', 'accept')).toMatchObject({
      status: 0,
      output: expect.stringContaining('continue where they were'),
    });
    expect(await standing()).toEqual(before);
    await addLot('new');
    await haveAll(['kept', 'more', 'new'], 3);
  });
});
