import { type Db, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UnknownEventVersionError } from '../../schemas/kernel/upcast.ts';
import { startWire } from '../../tests/faults/wire.ts';
import { START, type StoredEvent } from '../event-store/types.ts';
import { checkpoints, positionOf } from './checkpoints.ts';
import { type Consumer, WriteConflictError } from './consumer.ts';
import { type ConsumerGroup, type ConsumerGroupOptions, startConsumerGroup } from './consumer-group.ts';
import { leases, takeLease } from './leases.ts';
import { discard, park, parked, requestReplay } from './parked.ts';
import { reachedPosition } from './position.ts';
import { readStatuses, statuses } from './status.ts';
import { storeNow } from './store-clock.ts';
import { startTestStores, storedEvent, type TestStores, until } from './testing.ts';
import { forgetAllWorkers, joinWorkers, workers } from './workers.ts';

let stores: TestStores;
let db: Db;
let run = 0;
const groups: ConsumerGroup[] = [];

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());
beforeEach(() => {
  db = stores.newDb();
  run += 1;
});
afterEach(() => Promise.all(groups.splice(0).map((group) => group.stop())));

/** Each test has its own event types, so that events of other tests only move its checkpoints. */
const typeOf = (name: string) => `${name}${run}`;
const stream = () => `thing-${run}`;
const append = (...types: string[]) =>
  stores.append(stream(), ...types.map((type, n) => ({ type: typeOf(type), data: { n } })));

type Recorder = Consumer & { seen: StoredEvent[] };

const recorder = (
  name: string,
  options: Partial<Consumer> & { fail?: (event: StoredEvent) => void } = {},
): Recorder => {
  const seen: StoredEvent[] = [];
  const { fail, ...rest } = options;
  return {
    name,
    view: name,
    version: 1,
    partitions: 1,
    takes: ({ type }) => type === typeOf('Happened'),
    async handle(events) {
      for (const event of events) fail?.(event);
      seen.push(...events);
    },
    onPoison: 'park',
    ...rest,
    seen,
  };
};

const start = (consumers: readonly Consumer[], options: Partial<ConsumerGroupOptions> = {}) => {
  const group = startConsumerGroup({ client: stores.client, db, name: 'test', consumers, leaseMs: 600, ...options });
  groups.push(group);
  return group;
};

const reached = async (consumer: string, position: { commit: bigint }) =>
  until(
    () => reachedPosition(db, consumer),
    ({ commit }) => commit >= position.commit,
  );

const revisions = ({ seen }: Recorder) => seen.map(({ revision }) => Number(revision));

describe('a group', () => {
  test('takes over at once from a process that is known to be gone', async () => {
    const leaseMs = 3_600_000;
    const gone = joinWorkers(db, 'test', leaseMs);
    await gone.beat(['mine']);
    await takeLease(db, 'mine', gone.id, undefined);
    await forgetAllWorkers(db);
    const mine = recorder('mine');
    start([mine], { leaseMs });
    await reached('mine', await append('Happened'));
    expect(revisions(mine)).toEqual([0]);
  });

  test('gives each consumer its events in order, and moves its checkpoint over other events', async () => {
    const mine = recorder('mine');
    const other = recorder('other', { takes: ({ type }) => type === typeOf('Else') });
    start([mine, other]);
    const position = await append('Happened', 'Happened', 'Else');
    await Promise.all([reached('mine', position), reached('other', position)]);
    expect(revisions(mine)).toEqual([0, 1]);
    expect(revisions(other)).toEqual([2]);
  });

  test('continues after a restart where it stopped, without repeating an event', async () => {
    const first = recorder('mine');
    const group = start([first]);
    await reached('mine', await append('Happened', 'Happened'));
    await group.stop();
    expect((await leases(db).findOne({ _id: 'mine' }))?.owner).toBeNull();
    const position = await append('Happened');
    const second = recorder('mine');
    start([second]);
    await reached('mine', position);
    expect(revisions(second)).toEqual([2]);
  });

  test('never has a checkpoint ahead of the work', async () => {
    const ahead: bigint[] = [];
    let handled = START.commit;
    const slow = recorder('slow', {
      async handle(events) {
        const checkpoint = await checkpoints(db).findOne({ _id: 'slow' });
        if (checkpoint && positionOf(checkpoint).commit >= events[0]!.position.commit)
          ahead.push(positionOf(checkpoint).commit);
        handled = events.at(-1)!.position.commit;
      },
    });
    start([slow], { maxBatch: 5 });
    const positions = [];
    for (let n = 0; n < 20; n++) positions.push(await append('Happened', 'Else', 'Happened'));
    await reached('slow', positions.at(-1)!);
    expect(ahead).toEqual([]);
    expect(handled).toBe(positions.at(-1)!.commit);
  });

  test('parks an event that keeps failing and continues; other consumers are not affected', async () => {
    const failing = recorder('failing', {
      fail({ revision }) {
        if (revision === 1n) throw new Error('cannot be');
      },
    });
    const fine = recorder('fine');
    start([failing, fine]);
    const position = await append('Happened', 'Happened', 'Happened');
    await reached('fine', position);
    expect(revisions(fine)).toEqual([0, 1, 2]);
    await reached('failing', position);
    expect(revisions(failing)).toEqual([0, 2]);
    const [kept, ...more] = await parked(db).find().toArray();
    expect(more).toEqual([]);
    expect(kept).toMatchObject({ member: 'failing', state: 'parked', reason: 'cannot be', blocks: false, attempts: 1 });
    expect(JSON.parse(kept!.event.data)).toEqual({ n: 1 });
    await until(
      () => readStatuses(db),
      (all) => all.some(({ _id, parked: waiting }) => _id === 'failing' && waiting === 1),
    );
  });

  test('replays a parked event on request', async () => {
    let broken = true;
    const failing = recorder('failing', {
      fail({ revision }) {
        if (broken && revision === 0n) throw new Error('cannot be');
      },
    });
    start([failing]);
    const position = await append('Happened', 'Happened');
    await reached('failing', position);
    const [kept] = await parked(db).find().toArray();
    const _id = kept!._id;

    expect(await requestReplay(db, _id)).toBe(true);
    await until(
      () => parked(db).findOne({ _id }),
      (event) => event?.attempts === 2 && event.state === 'parked',
    );
    broken = false;
    await requestReplay(db, _id);
    await until(
      () => parked(db).countDocuments(),
      (count) => count === 0,
    );
    expect(revisions(failing)).toEqual([1, 0]);
    expect(await requestReplay(db, _id)).toBe(false);
    await reached('failing', await append('Happened'));
    expect(revisions(failing)).toEqual([1, 0, 2]);
  });

  test('stops a consumer with onPoison stop before an event that fails, until the event is discarded', async () => {
    const strict = recorder('strict', {
      onPoison: 'stop',
      fail({ revision }) {
        if (revision === 1n) throw new Error('cannot be');
      },
    });
    const fine = recorder('fine');
    const group = start([strict, fine]);
    const position = await append('Happened', 'Happened', 'Happened');
    await reached('fine', position);
    await until(
      () => group.working(),
      (names) => names.join() === 'fine',
    );
    const standing = await reachedPosition(db, 'strict');
    expect(standing.commit).toBeLessThan(position.commit);
    const [kept] = await parked(db).find().toArray();
    expect(kept).toMatchObject({ member: 'strict', blocks: true });

    expect(await discard(db, kept!._id)).toBe(true);
    await reached('strict', position);
    expect(revisions(strict)).toEqual([0, 2]);
  });

  test('keeps an event discarded that is discarded during a retry', async () => {
    const event = storedEvent(1, typeOf('Happened'));
    const strict = recorder('strict', { onPoison: 'stop' });
    await park(db, strict, event, 'cannot be');
    await discard(db, `strict:${event.id}`);
    expect(await park(db, strict, event, 'cannot be')).toBe(false);
    expect(await parked(db).findOne()).toMatchObject({ state: 'discarded', blocks: false, attempts: 1 });
  });

  test('gives a stopped consumer the event again when a replay is requested', async () => {
    let broken = true;
    const strict = recorder('strict', {
      onPoison: 'stop',
      fail({ revision }) {
        if (broken && revision === 0n) throw new Error('cannot be');
      },
    });
    start([strict]);
    const position = await append('Happened', 'Happened');
    const [kept] = await until(
      () => parked(db).find().toArray(),
      ({ length }) => length === 1,
    );
    broken = false;
    await requestReplay(db, kept!._id);
    await reached('strict', position);
    expect(revisions(strict)).toEqual([0, 1]);
    await until(
      () => parked(db).countDocuments(),
      (count) => count === 0,
    );
  });

  test('retries without parking after a lost race or an unreachable server', async () => {
    let tries = 0;
    const unlucky = recorder('unlucky', {
      fail() {
        tries += 1;
        if (tries < 5)
          throw tries % 2 ? new WriteConflictError('race') : Object.assign(new Error(''), { type: 'unavailable' });
      },
    });
    start([unlucky]);
    await reached('unlucky', await append('Happened', 'Happened'));
    expect(revisions(unlucky)).toEqual([0, 1]);
    expect(await parked(db).countDocuments()).toBe(0);
  });

  test('waits before an event of a newer version and parks nothing', async () => {
    let isKnown = false;
    let tries = 0;
    const consumer = recorder('older', {
      fail() {
        tries += 1;
        if (!isKnown) throw new UnknownEventVersionError('Happened version 2 is stored, this Plaza knows 1');
      },
    });
    start([consumer]);
    await append('Happened', 'Happened');
    // More tries than before an event is parked.
    await until(
      () => tries,
      (count) => count > 5,
    );
    expect([consumer.seen.length, await parked(db).countDocuments()]).toEqual([0, 0]);
    isKnown = true;
    await until(
      () => consumer.seen.length,
      (count) => count === 2,
    );
    expect(await parked(db).countDocuments()).toBe(0);
  });

  test('measures lag against the tail of the store', async () => {
    let release = () => {};
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    start([recorder('behind', { handle: () => blocked })]);
    await until(
      () => readStatuses(db),
      ([first]) => first?.state === 'live',
    );
    await append('Happened', 'Happened', 'Happened');
    const [status] = await until(
      () => readStatuses(db),
      ([first]) => first?.eventsBehind === 3,
    );
    expect(status!.secondsBehind).toBeGreaterThan(0);
    expect(BigInt(status!.tail)).toBeGreaterThan(BigInt(status!.position));
    release();
    await until(
      () => readStatuses(db),
      ([first]) => first?.eventsBehind === 0 && first.state === 'live',
    );
    const [later] = await readStatuses(db, 60_000);
    expect(later).toMatchObject({ state: 'stopped', isReported: false });
    expect(later!.secondsBehind).toBeGreaterThan(55);
  });

  test('writes a status rarely while nothing happens, and stays live by the report of its worker', async () => {
    const group = start([recorder('idle')]);
    await reached('idle', await append('Happened'));
    const statusOf = () => statuses(db).findOne({ _id: 'idle' });
    await until(statusOf, (status) => status?.state === 'live' && status.eventsBehind === 0);
    const nextAfter = async (earlier: Date) =>
      (await until(statusOf, (status) => status!.updatedAt > earlier))!.updatedAt;
    const written = await nextAfter(new Date(await storeNow(db)));
    const reportOf = () => workers(db).findOne({ _id: group.session.id });
    await until(reportOf, (worker) => (worker?.reportedAt?.getTime() ?? 0) > written.getTime() + 1_000);
    expect((await statusOf())!.updatedAt).toEqual(written);
    expect((await readStatuses(db))[0]).toMatchObject({ state: 'live', worker: group.session.id });
    // A read API of 2.0.0 counts a status as stopped that is older than 5 seconds.
    expect((await nextAfter(written)).getTime() - written.getTime()).toBeLessThan(5_000);
    await group.stop();
    expect(await statusOf()).toMatchObject({ worker: null });
    expect((await readStatuses(db, 6_000))[0]).toMatchObject({ state: 'stopped' });
  });
});

test('keeps the leases of a worker whose first round lasts longer than a lease', async () => {
  const wire = await startWire(Number(new URL(stores.mongoUrl).port));
  const mongo = await MongoClient.connect(`mongodb://127.0.0.1:${wire.port}`);
  try {
    wire.set('latency'); // 100 ms for each round trip
    const consumers = Array.from({ length: 30 }, (_, n) => recorder(`slow-${n}`));
    const lines: string[] = [];
    const leaseMs = 1500;
    const group = start(consumers, { db: mongo.db(db.databaseName), leaseMs, log: (line) => lines.push(line) });
    const worker = () => db.collection('workers').findOne<{ beat: number }>();
    // Long enough for a worker that considers itself dead to give everything back.
    const first = await until(worker, (found) => group.working().length === consumers.length && found !== null);
    await until(worker, (found) => found!.beat >= first!.beat + 6);
    expect(lines.filter((line) => /gives back|taken over/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.includes(': took ')).flatMap((line) => line.match(/slow-\d+ at/g))).toHaveLength(
      30,
    );
    await group.stop();
  } finally {
    await mongo.close();
    await wire.close();
  }
});

describe('processes that share a group', () => {
  const consumers = () => ['a', 'b', 'c', 'd'].map((name) => recorder(name));

  test('share the consumers evenly, and take over from one that leaves', async () => {
    const first = start(consumers());
    await until(
      () => first.working(),
      ({ length }) => length === 4,
    );
    const second = start(consumers());
    await until(
      () => [first.working(), second.working()],
      ([one, two]) => one?.length === 2 && two?.length === 2,
    );
    expect([...first.working(), ...second.working()].sort()).toEqual(['a', 'b', 'c', 'd']);
    await first.stop();
    await until(
      () => second.working(),
      ({ length }) => length === 4,
    );
  });

  test('take over from a dead process, which can then move no checkpoint', async () => {
    const dead = consumers();
    const group = start(dead);
    const position = await append('Happened');
    await reached('a', position);
    // A dead process leaves leases under a name whose beat stands still.
    const held = await leases(db).find().toArray();
    await group.stop();
    for (const { _id, token } of held)
      await leases(db).updateOne({ _id }, { $set: { owner: 'gone', token: token + 1 } });
    const heirs = consumers();
    const heir = start(heirs);
    await until(
      () => heir.working(),
      ({ length }) => length === 4,
    );
    await reached('a', await append('Happened'));
    expect(revisions(heirs[0]!)).toEqual([1]);
    const claimed = await checkpoints(db).findOne({ _id: 'a' });
    expect(claimed!.token).toBe(held.find(({ _id }) => _id === 'a')!.token + 2);
  });

  test('stop their work before the next write when their lease is taken', async () => {
    const mine = recorder('mine');
    const group = start([mine]);
    await reached('mine', await append('Happened'));
    const thief = joinWorkers(db, 'test');
    await thief.beat([]);
    await leases(db).updateOne({ _id: 'mine' }, { $set: { owner: thief.id }, $inc: { token: 1 } });
    await checkpoints(db).updateOne({ _id: 'mine' }, { $inc: { token: 1 } });
    const before = await reachedPosition(db, 'mine');
    await append('Happened');
    await until(
      async () => {
        await thief.beat([]); // Otherwise the lease would be taken back from a dead worker.
        return group.working();
      },
      ({ length }) => length === 0,
    );
    expect(await reachedPosition(db, 'mine')).toEqual(before);
  });
});
