import type { Db } from 'mongodb';
import { Type } from 'typebox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Position } from '../../platform/event-store/types.ts';
import { checkpoints } from '../../platform/subscriptions/checkpoints.ts';
import { leases } from '../../platform/subscriptions/leases.ts';
import { discard, parked, requestReplay } from '../../platform/subscriptions/parked.ts';
import { reachedPosition } from '../../platform/subscriptions/position.ts';
import { startTestStores, type TestStores, until } from '../../platform/subscriptions/testing.ts';
import { joinWorkers } from '../../platform/subscriptions/workers.ts';
import { type ContextSchema, event } from '../../schemas/kernel/context.ts';
import { Strict } from '../../schemas/kernel/values.ts';
import { startProjections } from '../start.ts';
import { verifyViews } from '../verify.ts';
import { AlreadyBuildingError, openBuild, PoisonedBuildError } from './build.ts';
import { type Projection, projection } from './projection.ts';
import { discardRebuild, type RebuildOptions, rebuild, withFreshViews } from './rebuild.ts';

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

const LEASE = 600;

type Count = { sum: number; version: number };

/** Counts what was added to each thing. Event types are the test's own, since all tests share one store. */
const counting = (options: { version?: number; partitions?: number; refuses?: (by: number) => boolean } = {}) => {
  const { version = 1, partitions = 1, refuses = () => false } = options;
  const added = `Added${run}`;
  const removed = `Removed${run}`;
  const data = Strict({ thing: Type.String(), by: Type.Integer() });
  const context = {
    name: 'test',
    title: '',
    events: { [added]: event('', data), [removed]: event('', data) },
    commands: {},
    queries: {},
    problems: {},
  } as const satisfies ContextSchema;
  return projection<Count>()({
    context,
    name: 'test.counts',
    version,
    partitions,
    key: ({ thing }) => thing,
    on: {
      [added]: (count: Count | null, { by }: { by: number }) => {
        if (refuses(by)) throw new Error(`${by} cannot be`);
        return { sum: (count?.sum ?? 0) + by, version };
      },
      [removed]: () => null,
    },
    indexes: [['sum']],
  });
};

const add = (thing: string, ...by: number[]): Promise<Position> =>
  stores.append(`count-${thing}-${run}`, ...by.map((n) => ({ type: `Added${run}`, data: { thing, by: n } })));
const remove = (thing: string) =>
  stores.append(`count-${thing}-${run}`, { type: `Removed${run}`, data: { thing, by: 0 } });

const start = (...projections: Projection[]) => {
  const started = startProjections({ client: stores.client, db, projections, leaseMs: LEASE });
  running.push(started);
  return started;
};

const options = (projections: Projection[], rest: Partial<RebuildOptions> = {}): RebuildOptions => ({
  client: stores.client,
  db,
  projections,
  signal: new AbortController().signal,
  leaseMs: LEASE,
  ...rest,
});

const reached = (position: Position) =>
  until(
    () => reachedPosition(db, 'test.counts'),
    ({ commit }) => commit >= position.commit,
  );

const sums = async (): Promise<Record<string, number>> => {
  const counts = db.collection<{ _id: string; sum: number }>('test.counts');
  const documents = await counts.find({ _deleted: { $exists: false } }).toArray();
  return Object.fromEntries(documents.map(({ _id, sum }) => [_id, sum]));
};

const collections = async () => (await db.listCollections().toArray()).map(({ name }) => name).sort();

describe('a projection', () => {
  test('is built from history and follows it', async () => {
    await add('a', 1, 2);
    start(counting());
    await reached(await add('b', 5));
    expect(await sums()).toEqual({ a: 3, b: 5 });
    await reached(await add('a', 10));
    expect(await sums()).toEqual({ a: 13, b: 5 });
    const indexes = await db.collection('test.counts').indexes();
    expect(indexes.map(({ key }) => key)).toContainEqual({ sum: 1, _id: 1 });
  });

  test('is built anew when its collection, or the whole database, is gone', async () => {
    start(counting());
    await reached(await add('a', 1, 2));
    await db.collection('test.counts').drop();
    // A live consumer may fill the collection again, with what comes later only.
    await add('b', 5);
    await until(sums, ({ a, b }) => a === 3 && b === 5);
    await db.dropDatabase();
    await until(sums, ({ a, b }) => a === 3 && b === 5);
    await reached(await add('a', 10));
    expect(await sums()).toEqual({ a: 13, b: 5 });
    expect(await verifyViews(options([counting()]))).toMatchObject([{ differences: [] }]);
  });

  test('is built anew with other partitions, once nobody works on it in the old ones', async () => {
    const old = start(counting());
    await reached(await add('a', 1));
    await until(old.working, ({ length }) => length === 1);
    const next = start(counting({ partitions: 2 }));
    await reached(await add('b', 1));
    expect(next.working()).toEqual([]);
    await old.stop();
    await until(
      () => next.working().toSorted(),
      (names) => names.join() === 'test.counts/0,test.counts/1',
    );
    await reached(await add('a', 10));
    expect(await sums()).toEqual({ a: 11, b: 1 });
    expect(
      await checkpoints(db)
        .find()
        .map(({ _id }) => _id)
        .toArray(),
    ).toEqual(['test.counts/0', 'test.counts/1']);
  });

  test('is ready once it is built, in its version or in a newer one', async () => {
    await add('a', 1);
    const first = start(counting());
    expect(await first.checks.views()).toMatchObject({ ok: false, detail: 'not yet built: test.counts' });
    await until(first.checks.views, ({ ok }) => ok);
    const second = start(counting({ version: 2 }));
    expect(await second.checks.views()).toMatchObject({ ok: false });
    await until(second.checks.views, ({ ok }) => ok);
    expect(await first.checks.views()).toMatchObject({ ok: true });
  });

  test('deletes a document and makes it anew', async () => {
    start(counting());
    await reached(await add('a', 1));
    await reached(await remove('a'));
    expect(await sums()).toEqual({});
    expect(await verifyViews(options([counting()]))).toMatchObject([{ differences: [] }]);
    await reached(await add('a', 7));
    expect(await sums()).toEqual({ a: 7 });
  });

  test('makes the same documents when its checkpoint is set back', async () => {
    const first = start(counting());
    await reached(await add('a', 1, 2, 3));
    await first.stop();
    await checkpoints(db).updateOne({ _id: 'test.counts' }, { $set: { commit: '-1', prepare: '-1' } });
    start(counting());
    await reached(await add('a', 4));
    expect(await sums()).toEqual({ a: 10 });
  });

  test('works in partitions, each with the documents of its own keys', async () => {
    start(counting({ partitions: 3 }));
    const things = Array.from({ length: 20 }, (_, n) => `thing-${n}`);
    let last: Position | undefined;
    for (const thing of things) last = await add(thing, 1, 2);
    await reached(last!);
    expect(await sums()).toEqual(Object.fromEntries(things.map((thing) => [thing, 3])));
    expect(await checkpoints(db).countDocuments({ view: 'test.counts' })).toBe(3);
  });

  test('parks what it cannot handle; when it can, the document is made again in order', async () => {
    let broken = true;
    start(counting({ refuses: (by) => broken && by === 2 }));
    await reached(await add('b', 1));
    await add('a', 1, 2);
    await reached(await add('a', 10));
    expect(await sums()).toEqual({ a: 11, b: 1 });
    const [kept] = await parked(db).find().toArray();
    broken = false;
    await requestReplay(db, kept!._id);
    await until(
      () => parked(db).countDocuments(),
      (count) => count === 0,
    );
    expect(await sums()).toEqual({ a: 13, b: 1 });
    await reached(await add('a', 100));
    expect(await sums()).toEqual({ a: 113, b: 1 });
  });
});

describe('a rebuild', () => {
  test('shows the old view whole until the new one is there', async () => {
    start(counting());
    for (let n = 0; n < 50; n++) await add(`thing-${n}`, 1);
    await reached(await add('last', 1));
    const seen = new Set<string>();
    let rebuilding = true;
    const reading = (async () => {
      while (rebuilding) {
        const documents = await db.collection('test.counts').find().toArray();
        seen.add(`${documents.length} of version ${[...new Set(documents.map(({ version }) => version))]}`);
      }
    })();
    await rebuild(options([counting({ version: 2 })]));
    rebuilding = false;
    await reading;
    expect([...seen].every((view) => view === '51 of version 1' || view === '51 of version 2')).toBe(true);
    const document = await db.collection('test.counts').findOne();
    expect(document?.version).toBe(2);
  });

  test('of a view that is being written loses nothing, and the position never goes back', async () => {
    start(counting());
    await reached(await add('a', 1));
    let writing = true;
    let sum = 1;
    const appending = (async () => {
      while (writing) {
        await add('a', 1);
        sum += 1;
      }
    })();
    const positions: bigint[] = [];
    const watching = (async () => {
      while (writing) positions.push((await reachedPosition(db, 'test.counts')).commit);
    })();
    expect(await rebuild(options([counting()]))).toBe(true);
    writing = false;
    await Promise.all([appending, watching]);
    await reached(await add('a', 1));
    expect(await sums()).toEqual({ a: sum + 1 });
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  });

  test('leaves nothing behind but the view', async () => {
    await add('a', 1);
    await rebuild(options([counting()]));
    expect(await collections()).toContain('test.counts');
    expect(await collections()).not.toContainEqual(expect.stringContaining('test.counts.'));
    expect(await checkpoints(db).countDocuments()).toBe(1);
    expect(await leases(db).countDocuments({ owner: { $ne: null } })).toBe(0);
  });

  test('that was stopped half way continues where it was', async () => {
    for (let n = 0; n < 30; n++) await add(`thing-${n}`, 1);
    const stopping = new AbortController();
    const first = rebuild(
      options([counting()], { signal: stopping.signal, maxBatch: 5, onProgress: () => stopping.abort() }),
    );
    expect(await first).toBe(false);
    const half = await checkpoints(db).findOne({ _id: 'test.counts@next' });
    expect(await sums()).toEqual({});
    const froms: bigint[] = [];
    const second = options([counting()], { onProgress: ({ from }) => froms.push(from.commit) });
    expect(await rebuild(second)).toBe(true);
    expect(froms[0]).toBe(BigInt(half!.commit));
    expect(Object.keys(await sums()).length).toBe(30);
  });

  test('that was cancelled leaves nothing behind', async () => {
    await add('a', 1);
    const stopping = new AbortController();
    stopping.abort();
    expect(await rebuild(options([counting()], { signal: stopping.signal }))).toBe(false);
    await discardRebuild(options([counting()]));
    expect((await collections()).filter((name) => name.startsWith('test.'))).toEqual([]);
    expect(await checkpoints(db).countDocuments()).toBe(0);
  });

  test('is refused while another process builds the same view', async () => {
    const other = joinWorkers(db, 'rebuilds', LEASE);
    const beating = setInterval(() => other.beat([]), LEASE / 6);
    try {
      await other.beat([]);
      await openBuild(db, counting(), 'next', other);
      await expect(rebuild(options([counting()]))).rejects.toThrow(AlreadyBuildingError);
    } finally {
      clearInterval(beating);
    }
  });

  test('takes over from a process that died while it was building', async () => {
    await add('a', 1);
    const dead = joinWorkers(db, 'rebuilds', LEASE);
    await dead.beat([]);
    await openBuild(db, counting(), 'next', dead);
    expect(await rebuild(options([counting()]))).toBe(true);
    expect(await sums()).toEqual({ a: 1 });
  });

  test('takes the consumers of the old partitions, too', async () => {
    const old = start(counting());
    await reached(await add('a', 1));
    expect(await rebuild(options([counting({ version: 2, partitions: 2 })]))).toBe(true);
    await until(old.working, ({ length }) => length === 0);
    const names = await checkpoints(db)
      .find()
      .map(({ _id }) => _id)
      .toArray();
    expect(names.toSorted()).toEqual(['test.counts/0', 'test.counts/1']);
  });

  test('is strict: an event that cannot be handled ends it, and the old view continues', async () => {
    start(counting());
    await reached(await add('a', 1, 2));
    const strict = counting({ version: 2, refuses: (by) => by === 2 });
    await expect(rebuild(options([strict]))).rejects.toThrow(PoisonedBuildError);
    await reached(await add('a', 5));
    expect(await sums()).toEqual({ a: 8 });

    const [kept] = await parked(db).find().toArray();
    expect(kept).toMatchObject({ member: 'test.counts@next', view: 'test.counts' });
    await discard(db, kept!._id);
    expect(await rebuild(options([strict]))).toBe(true);
    expect(await sums()).toEqual({ a: 6 });
  });

  test('happens by itself when the version is a newer one, and not when it is an older', async () => {
    const old = start(counting());
    await reached(await add('a', 1));
    start(counting({ version: 2 }));
    await until(
      () => db.collection('test.counts').findOne(),
      (document) => document?.version === 2,
    );
    await until(
      () => old.working(),
      ({ length }) => length === 0,
    );
    await reached(await add('a', 1));
    const document = await db.collection('test.counts').findOne();
    expect(document).toMatchObject({ sum: 2, version: 2 });
  });
});

describe('with another event store, or an emptied one', () => {
  let empty: TestStores;
  beforeAll(async () => {
    empty = await startTestStores();
  });
  afterAll(() => empty.stop());

  test('replay and verify refuse, name the reason and change nothing', async () => {
    const started = start(counting());
    await reached(await add('a', 1, 2));
    await started.stop();
    const before = { names: await collections(), standing: await checkpoints(db).find().toArray(), sums: await sums() };
    const wrong = options([counting()], { client: empty.client });
    for (const attempt of [rebuild(wrong), verifyViews(wrong), withFreshViews(wrong, null, async () => true)])
      await expect(attempt).rejects.toThrow(/event store lacks event .* which test\.counts has read at/);
    expect(await collections()).toEqual(before.names);
    expect(await checkpoints(db).find().toArray()).toEqual(before.standing);
    expect(await sums()).toEqual(before.sums);
  });

  test('the projections report it, are not ready, and build no view', async () => {
    const started = start(counting());
    await reached(await add('a', 1));
    await started.stop();
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const options = { client: empty.client, db, projections: [counting({ version: 2 })], leaseMs: LEASE, log };
    const other = startProjections(options);
    running.push(other);
    await until(
      () => lines,
      (all) => all.some((line) => line.includes('it is another event store')),
    );
    await expect(other.checks.views()).rejects.toThrow('it is another event store');
    expect(await sums()).toEqual({ a: 1 });
  });
});

describe('verifying', () => {
  test('finds no difference in a view that follows, even while it does', async () => {
    start(counting());
    await reached(await add('a', 1, 2));
    let writing = true;
    const appending = (async () => {
      for (let n = 0; writing; n++) await add(`thing-${n % 5}`, 1);
    })();
    const results = await verifyViews(options([counting()]));
    writing = false;
    await appending;
    expect(results).toMatchObject([{ view: 'test.counts', differences: [] }]);
    expect(await collections()).not.toContainEqual(expect.stringContaining('test.counts.'));
  });

  test('finds no difference in a view that stands still behind the store', async () => {
    const started = start(counting());
    await reached(await add('a', 1));
    await started.stop();
    await add('a', 1);
    await add('b', 1);
    expect(await verifyViews(options([counting()]))).toMatchObject([{ documents: 1, differences: [] }]);
  });

  test('shows each document that differs from a replay', async () => {
    start(counting());
    await add('a', 1);
    await add('b', 2);
    await reached(await add('c', 3));
    const documents = db.collection<{ _id: string }>('test.counts');
    await documents.updateOne({ _id: 'a' }, { $set: { sum: 99 } });
    await documents.deleteOne({ _id: 'b' });
    await documents.insertOne({ _id: 'd', sum: 4 } as { _id: string });
    const [result] = (await verifyViews(options([counting()]))) ?? [];
    expect(result!.differences.map(({ id, live, fresh }) => [id, live?.sum, fresh?.sum])).toEqual([
      ['a', 99, 1],
      ['b', undefined, 2],
      ['d', 4, undefined],
    ]);
  });
});
