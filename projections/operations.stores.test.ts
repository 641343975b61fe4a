import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Db } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createApp } from '../platform/http/app.ts';
import { leases } from '../platform/subscriptions/leases.ts';
import { park, parked } from '../platform/subscriptions/parked.ts';
import { reachedPosition } from '../platform/subscriptions/position.ts';
import { startTestStores, storedEvent, type TestStores, until } from '../platform/subscriptions/testing.ts';
import { rebuild } from './kernel/rebuild.ts';
import { type Operations, operationRoutes } from './operations.ts';
import { lots } from './parking/lots.ts';
import { readReplays, replayJobs, requestStop } from './replays.ts';
import { startProjections } from './start.ts';

const HOUR = 3_600_000;

let stores: TestStores;
let db: Db;
let operations: Operations;
let url: string;
const errors: unknown[] = [];
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());

beforeEach(async () => {
  db = stores.newDb();
  const onError = (error: unknown) => errors.push(error);
  operations = operationRoutes({ client: stores.client, db, projections: [lots], onError });
  const server = createServer(createApp([operations.router], [], onError));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stops.push(operations.stop, () => new Promise((resolve) => server.close(resolve)));
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  expect(errors.splice(0)).toEqual([]);
});

type Body = {
  items: { parkedId: string; view: string; state: string; startedAt: string; switchedAt: string }[];
  next?: string;
};

const call = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(url + path, {
    method,
    headers: { Connection: 'close', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
};

describe('parked events', () => {
  const member = { name: 'parking.lots', view: 'parking.lots', onPoison: 'park' } as const;
  const idOf = (at: number) => `parking.lots:${events[at - 1]!.id}`;
  const events = [1, 2, 3].map((at) => storedEvent(at, 'ParkingReserved', { lotId: 'lot-1', at }));

  beforeEach(async () => {
    for (const event of events) await park(db, member, event, 'a lot that was never registered');
  });

  test('are listed page by page, each with its data and the reason', async () => {
    const first = await call('GET', '/operations/parked?limit=2');
    const second = await call('GET', `/operations/parked?limit=2&cursor=${first.body.next}`);
    const all = [...first.body.items, ...second.body.items];
    expect(all.map(({ parkedId }) => parkedId)).toEqual([1, 2, 3].map(idOf).sort());
    expect(second.body.next).toBeUndefined();
    expect(all.find(({ parkedId }) => parkedId === idOf(1))).toMatchObject({
      member: 'parking.lots',
      state: 'parked',
      reason: 'a lot that was never registered',
      attempts: 1,
      type: 'ParkingReserved',
      data: '{"lotId":"lot-1","at":1}',
    });
  });

  test('are handled once more, or discarded', async () => {
    const again = await call('PATCH', `/operations/parked/${encodeURIComponent(idOf(1))}`, { state: 'replaying' });
    const gone = await call('PATCH', `/operations/parked/${encodeURIComponent(idOf(2))}`, { state: 'discarded' });
    expect([again.status, gone.status]).toEqual([200, 200]);
    const states = (await parked(db).find().toArray()).map(({ _id, state }) => [_id, state]);
    expect(Object.fromEntries(states)).toEqual({
      [idOf(1)]: 'replaying',
      [idOf(2)]: 'discarded',
      [idOf(3)]: 'parked',
    });
  });

  test.each([
    ['PATCH', '/operations/parked/parking.lots%3Anothing', { state: 'discarded' }, 404, 'not-found'],
    ['PATCH', '/operations/parked/parking.lots%3Anothing', { state: 'parked' }, 400, 'invalid-request'],
    ['GET', '/operations/parked?limit=0', undefined, 400, 'invalid-request'],
    ['GET', '/operations/parked?cursor=eyJhIjoxfQ', undefined, 400, 'invalid-request'],
    ['GET', '/operations/parked?before=1', undefined, 400, 'invalid-request'],
    ['POST', '/operations/replays', { views: ['parking.nothing'] }, 422, 'out-of-range'],
    ['POST', '/operations/replays', { views: [] }, 400, 'invalid-request'],
    ['PATCH', '/operations/replays/parking.lots', { state: 'stopped' }, 404, 'not-found'],
    ['PATCH', '/operations/replays/parking.lots', { state: 'running' }, 400, 'invalid-request'],
    ['DELETE', '/operations/replays', undefined, 405, 'method-not-allowed'],
  ])('%s %s %j is refused', async (method, path, body, status, problem) => {
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status, body: { type: `/problems/${problem}` } });
  });
});

describe('a replay', () => {
  test('continues after the answer, and shows its progress and the time of the switch', async () => {
    const running = startProjections({ client: stores.client, db, projections: [lots], leaseMs: 600 });
    stops.push(running.stop);
    const last = await stores.append('parkingLot-replayed', {
      type: 'LotRegistered',
      data: { lotId: 'replayed', name: '정자역', spots: 5 },
    });
    await until(
      async () => (await reachedPosition(db, 'parking.lots')).commit,
      (commit) => commit >= last.commit,
    );
    await db.collection('parking.lots').updateMany({}, { $set: { name: 'wrong' } });

    const begun = await call('POST', '/operations/replays', { views: ['parking.lots'] });
    expect(begun).toMatchObject({ status: 202, body: { items: [{ view: 'parking.lots', state: 'running' }] } });
    const twice = await call('POST', '/operations/replays', { views: ['parking.lots'] });
    expect(twice).toMatchObject({ status: 409, body: { type: '/problems/replay-running' } });

    const replays = async () => (await call('GET', '/operations/replays')).body.items;
    const [done] = await until(replays, ([replay]) => replay?.state !== 'running');
    expect(done).toMatchObject({ view: 'parking.lots', state: 'switched', share: 1 });
    expect(Date.parse(done!.switchedAt)).toBeGreaterThanOrEqual(Date.parse(done!.startedAt));
    expect(await db.collection('parking.lots').findOne()).toMatchObject({ name: '정자역' });
  });

  /** Rebuilds the view as another process would, which holds its lease until `held` is resolved. */
  const rebuildElsewhere = async () => {
    const held = Promise.withResolvers<boolean>();
    const options = { client: stores.client, db, projections: [lots], signal: new AbortController().signal };
    const other = rebuild({ ...options, isNeeded: () => held.promise });
    await until(
      () => leases(db).countDocuments({ _id: 'parking.lots@next' }),
      (count) => count > 0,
    );
    return { held, other };
  };

  test('stops on request, and continues when it is requested again', async () => {
    const { held, other } = await rebuildElsewhere();
    await call('POST', '/operations/replays', { views: ['parking.lots'] }); // It waits for the other.
    const asked = await call('PATCH', '/operations/replays/parking.lots', { state: 'stopped' });
    expect(asked).toMatchObject({ status: 202, body: { items: [{ view: 'parking.lots' }] } });
    const replays = async () => (await call('GET', '/operations/replays')).body.items;
    const [stopped] = await until(replays, ([replay]) => replay?.state !== 'running');
    expect(stopped).toMatchObject({ view: 'parking.lots', state: 'stopped' });
    expect(stopped).not.toHaveProperty('reason');
    expect(await call('PATCH', '/operations/replays/parking.lots', { state: 'stopped' })).toMatchObject({
      status: 404,
    });

    held.resolve(true);
    await other;
    await call('POST', '/operations/replays', { views: ['parking.lots'] });
    const [done] = await until(replays, ([replay]) => replay?.state !== 'running');
    expect(done).toMatchObject({ view: 'parking.lots', state: 'switched' });
  });

  test('that is requested five times at the same time runs once, and none fails', async () => {
    const post = () => call('POST', '/operations/replays', { views: ['parking.lots'] });
    const answers = await Promise.all(Array.from({ length: 5 }, post));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409]);
    const replays = async () => (await call('GET', '/operations/replays')).body.items;
    const [done] = await until(replays, ([replay]) => replay?.state !== 'running');
    expect(done).toMatchObject({ view: 'parking.lots', state: 'switched' });
  });

  test('waits while another process builds the view, and shows that it is running', async () => {
    const { held, other } = await rebuildElsewhere();
    await call('POST', '/operations/replays', { views: ['parking.lots'] });
    const replays = async () => (await call('GET', '/operations/replays')).body.items;
    // Longer than a rebuild waits for a process that may have died.
    const since = performance.now();
    await until(replays, ([replay]) => replay?.state !== 'running' || performance.now() - since > 6000);
    expect((await replays())[0]).toMatchObject({ view: 'parking.lots', state: 'running' });
    held.resolve(true);
    expect(await other).toBe(true);
    const [done] = await until(replays, ([replay]) => replay?.state !== 'running');
    expect(done).toMatchObject({ view: 'parking.lots', state: 'switched' });
  });

  test('keeps its outcome when MongoDB answers an earlier progress note late', async () => {
    const { held, other } = await rebuildElsewhere();
    const late = Promise.withResolvers<void>();
    let first: Promise<unknown> | undefined;
    const replays = db.collection('replays');
    const updateMany: typeof replays.updateMany = (...given) => {
      if (first) return replays.updateMany(...given);
      const note = late.promise.then(() => replays.updateMany(...given));
      first = note;
      return note;
    };
    const collection = (name: string) =>
      name === 'replays' ? Object.create(replays, { updateMany: { value: updateMany } }) : db.collection(name);
    const jobs = replayJobs(stores.client, Object.create(db, { collection: { value: collection } }), (error) =>
      errors.push(error),
    );
    stops.push(jobs.stop);
    expect(await jobs.start([lots])).toBe(true);
    await until(
      async () => first !== undefined,
      (isNoted) => isNoted,
    );
    held.resolve(true);
    expect(await other).toBe(true);
    const replay = async () => (await readReplays(db))[0];
    const since = performance.now();
    await until(replay, (one) => one?.state !== 'running' || performance.now() - since > 2500);
    late.resolve();
    await first;
    const done = await until(replay, (one) => one?.state !== 'running');
    expect(done).toMatchObject({ state: 'switched', share: 1 });
  });

  describe.each([
    ['behind', 'hello', -HOUR],
    ['ahead of', 'hello', HOUR],
    ['ahead of', 'serverStatus', HOUR],
  ])('while MongoDB’s clock is an hour %s this machine’s, by %s', (_, source, difference) => {
    const note = async (age: number) => {
      const command = async (given: object) =>
        source in given ? { localTime: new Date(Date.now() + difference) } : { ok: 1 };
      const skewed: Db = Object.create(db, {
        client: { value: Object.create(db.client) },
        command: { value: command },
      });
      const time = new Date(Date.now() + difference - age);
      const replay = { state: 'running', startedAt: time, updatedAt: time, events: 7, share: 0.5 };
      await db.collection<{ _id: string }>('replays').insertOne({ _id: 'parking.lots', ...replay });
      return skewed;
    };
    const start = (skewed: Db) => {
      const jobs = replayJobs(stores.client, skewed, (error) => errors.push(error));
      stops.push(jobs.stop);
      return jobs.start([lots]);
    };

    test('a replay that another machine runs is running, cannot start twice, and can be stopped', async () => {
      const skewed = await note(0);
      expect(await readReplays(skewed)).toMatchObject([{ state: 'running' }]);
      expect(await start(skewed)).toBe(false);
      expect(await requestStop(skewed, 'parking.lots')).toBe(true);
    });

    test('a replay whose process died a minute ago is stopped, and can start again', async () => {
      const skewed = await note(60_000);
      expect(await readReplays(skewed)).toMatchObject([{ state: 'stopped' }]);
      expect(await requestStop(skewed, 'parking.lots')).toBe(false);
      expect(await start(skewed)).toBe(true);
    });
  });

  test('whose process died counts as stopped, and can be requested again', async () => {
    const startedAt = new Date(Date.now() - 60_000);
    const lost = { state: 'running', startedAt, updatedAt: startedAt, events: 7, share: 0.5 };
    await db.collection<{ _id: string }>('replays').insertOne({ _id: 'parking.lots', ...lost });
    const { body } = await call('GET', '/operations/replays');
    expect(body.items).toMatchObject([{ view: 'parking.lots', state: 'stopped', events: 7, share: 0.5 }]);
    expect(await call('POST', '/operations/replays', { views: ['parking.lots'] })).toMatchObject({ status: 202 });
  });
});

test.each([
  ['PATCH', '/operations/parked/any', { state: 'replaying' }],
  ['GET', '/operations/replays', undefined],
  ['POST', '/operations/replays', { views: ['parking.lots'] }],
  ['PATCH', '/operations/replays/parking.lots', { state: 'stopped' }],
  ['GET', '/operations/demo', undefined],
  ['POST', '/operations/demo', undefined],
  ['DELETE', '/operations/demo', undefined],
])('%s %s refuses a parameter that it does not have', async (method, path, body) => {
  expect(await call(method, `${path}?dryRun=true`, body)).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/dryRun', detail: 'is not a parameter of this resource' }] },
  });
});
