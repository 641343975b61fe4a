import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import { Type } from 'typebox';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { streams } from '../../platform/event-store/streams.ts';
import { startTestStores, type TestStores, until, withClock } from '../../platform/subscriptions/testing.ts';
import { plus } from '../../schemas/kernel/calendar.ts';
import { type ContextSchema, command, event } from '../../schemas/kernel/context.ts';
import { Id, Strict, UtcTime } from '../../schemas/kernel/values.ts';
import { commandHandler } from '../kernel/command-handler.ts';
import { decider, notDue, refuse } from '../kernel/decider.ts';
import { TIME_ZONE } from '../kernel/testing.ts';
import { processManager, timer } from './process.ts';
import { type Processes, startPolicies } from './run-policies.ts';
import type { Task } from './schedule.ts';

const Held = Strict({ id: Id, expiresAt: UtcTime });
const Named = Strict({ id: Id });
const Refused = Strict({ id: Id, isRefused: Type.Boolean() });

/** Things that are held until a time, unless they are released before. */
const context = {
  name: 'things',
  title: 'Things',
  events: { ThingHeld: event('', Held), ThingReleased: event('', Named), ThingExpired: event('', Named) },
  commands: {
    HoldThing: command('', Held),
    ReleaseThing: command('', Named),
    ExpireThing: command('', Refused),
  },
  queries: {},
  problems: {},
} as const satisfies ContextSchema;

const thing = decider(context, {
  stream: 'thing-{id}',
  initialState: { expiresAt: '' },
  evolve: {
    ThingHeld: (_, { expiresAt }) => ({ expiresAt }),
    ThingReleased: () => ({ expiresAt: '' }),
    ThingExpired: () => ({ expiresAt: '' }),
  },
  commands: {
    HoldThing: { decide: (data) => [{ type: 'ThingHeld', data }] },
    ReleaseThing: { decide: (data) => [{ type: 'ThingReleased', data }] },
    ExpireThing: {
      decide: ({ id, isRefused }, { expiresAt }, { now }) => {
        if (isRefused) return refuse('thing-unknown');
        if (expiresAt === '') return [];
        return now < expiresAt ? notDue : [{ type: 'ThingExpired', data: { id } }];
      },
    },
  },
  snapshotVersion: 1,
});

const expiries = timer({
  name: 'things.expiries',
  context,
  events: ['ThingHeld', 'ThingReleased', 'ThingExpired'],
  plan: ({ type, data }) =>
    type === 'ThingHeld'
      ? [
          {
            key: data.id,
            at: data.expiresAt,
            command: { type: 'ExpireThing', data: { id: data.id, isRefused: data.id.startsWith('refused') } },
          },
        ]
      : [{ key: data.id, at: null }],
});

let stores: TestStores;
let db: Db;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());
beforeEach(() => {
  db = stores.newDb();
  return async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  };
});

const handlerAt = (now: () => Date) =>
  commandHandler({
    store: streams(stores.client),
    contexts: [{ schema: context, deciders: [thing] }],
    timeZone: TIME_ZONE,
    now,
    onError: () => {},
  });

/** A process that runs the timers. @param late milliseconds by which its clock is behind */
const run = (late = 0, processes?: Processes, on = db) => {
  const log: string[] = [];
  const handler = handlerAt(() => new Date(Date.now() - late));
  const { stop } = startPolicies({
    client: stores.client,
    db: on,
    policies: [],
    timers: [expiries],
    processes,
    handler,
    log: (line) => /^(?:things\.expiries|MongoDB)/.test(line) && log.push(line),
  });
  stops.push(stop);
  return { log, stop };
};

const give = async (type: keyof typeof context.commands, data: object) =>
  expect(await handlerAt(() => new Date()).handle({ type, data, actor: 'test' })).toMatchObject({ kind: 'done' });

const fromNow = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();

const hold = async (milliseconds: number, id: string = randomUUID()) => {
  const expiresAt = fromNow(milliseconds);
  await give('HoldThing', { id, expiresAt });
  return { id, expiresAt };
};

const eventsOf = async (id: string) => {
  const events = [];
  for await (const each of streams(stores.client).read(`thing-${id}`, 0n)) events.push(each);
  return events;
};

const typesOf = async (id: string) => (await eventsOf(id)).map(({ type }) => type);
const expired = (id: string) =>
  until(
    () => typesOf(id),
    (types) => types.includes('ThingExpired'),
  );

/** The timers of some things. */
const timersOf = (...ids: string[]) =>
  db
    .collection<Task>('schedule')
    .find({ _id: { $in: ids.map((id) => `${expiries.name}:${id}`) } })
    .toArray();
const isNone = ({ length }: readonly unknown[]) => length === 0;
const isOne = ({ length }: readonly unknown[]) => length === 1;

it('dispatches the command of each timer once it is due, in any number of processes', async () => {
  run();
  run();
  const held = await Promise.all(Array.from({ length: 20 }, (_, index) => hold(index * 50)));
  for (const { id } of held) await expired(id);
  await until(() => timersOf(...held.map(({ id }) => id)), isNone);
  for (const { id, expiresAt } of held) {
    const [, end, ...more] = await eventsOf(id);
    expect(more).toEqual([]);
    expect(end!.metadata.time >= expiresAt).toBe(true);
  }
});

it('dispatches them while every task of a service hangs', async () => {
  const calls = processManager({
    name: 'things.calls',
    context,
    events: ['ThingHeld'],
    plan: ({ data: { id } }) => [{ key: id, task: 'call', afterMs: 0, data: { id } }],
  });
  let hanging = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const perform = async () => {
    hanging += 1;
    await promise;
  };
  run(0, { managers: [{ ...calls, perform }] });
  await Promise.all(Array.from({ length: 40 }, () => hold(3_600_000)));
  await until(
    async () => hanging,
    (count) => count >= 32,
  );
  const { id } = await hold(0);
  await expired(id);
  resolve();
});

it('moves the timer of a key to the latest plan, and removes it', async () => {
  run();
  const [moved, released] = [await hold(3_600_000), await hold(3_600_000)];
  await until(
    () => timersOf(moved.id, released.id),
    ({ length }) => length === 2,
  );
  await hold(0, moved.id);
  await give('ReleaseThing', { id: released.id });
  await expired(moved.id);
  await until(() => timersOf(moved.id, released.id), isNone);
  expect(await typesOf(moved.id)).toEqual(['ThingHeld', 'ThingHeld', 'ThingExpired']);
});

it('dispatches the commands that fell due while no process ran', async () => {
  const first = run();
  const { id } = await hold(1_000);
  await until(() => timersOf(id), isOne);
  await first.stop();
  const other = await hold(0);
  await until(
    () => fromNow(0),
    (now) => now > plus(other.expiresAt, { seconds: 1 }),
  );
  expect(await typesOf(other.id)).toEqual(['ThingHeld']);
  run();
  await expired(id);
  await expired(other.id);
});

it('keeps the timer of a command that comes too early by the clock of its process', async () => {
  const { log } = run(1_500);
  const { id, expiresAt } = await hold(0);
  await expired(id);
  expect((await eventsOf(id))[1]!.metadata.time >= expiresAt).toBe(true);
  expect(log).toEqual([expect.stringContaining('its time has not come')]);
  await until(() => timersOf(id), isNone);
});

it('ends the timer of a command that is refused, and logs the refusal', async () => {
  const { log } = run();
  const { id } = await hold(0, `refused-${randomUUID()}`);
  await until(
    () => log,
    ({ length }) => length > 0,
  );
  expect(log).toEqual([`things.expiries:${id}: ExpireThing was refused: thing-unknown`]);
  await until(() => timersOf(id), isNone);
});

it('plans every timer again when the database is lost, and nothing happens twice', async () => {
  const first = run();
  const [past, future] = [await hold(0), await hold(3_600_000)];
  await expired(past.id);
  await first.stop();
  db = stores.newDb();
  run();
  await until(() => timersOf(future.id), isOne);
  await until(() => timersOf(past.id), isNone);
  expect(await typesOf(past.id)).toEqual(['ThingHeld', 'ThingExpired']);
});

const DAY = 86_400_000;

it("dispatches each command on its day after the database's clock was a day ahead for a moment", async () => {
  const { clock, setAhead } = withClock(db);
  const { log } = run(0, undefined, clock);
  const { id, expiresAt } = await hold(2_000);
  await until(() => timersOf(id), isOne);
  setAhead(DAY);
  await until(
    () => timersOf(id),
    ([timer]) => timer!.reason !== null,
  );
  const meanwhile = await hold(2_000);
  await until(() => timersOf(meanwhile.id), isOne);
  setAhead(0);
  await expired(id);
  await expired(meanwhile.id);
  expect((await eventsOf(id))[1]!.metadata.time >= expiresAt).toBe(true);
  expect(log.filter((line) => line.startsWith('MongoDB'))).toEqual([
    "MongoDB's clock was set ahead by 86400 s",
    "MongoDB's clock was set back by 86400 s",
  ]);
});

it('dispatches what a process postponed by such a clock and then crashed, also a timer of an earlier version', async () => {
  const first = run();
  const [crashed, old, tomorrow] = [await hold(1_000), await hold(1_000), await hold(DAY)];
  const ids = [crashed.id, old.id, tomorrow.id];
  await until(
    () => timersOf(...ids),
    ({ length }) => length === 3,
  );
  await first.stop();
  const named = (id: string) => ({ _id: `${expiries.name}:${id}` });
  const wrong = { dueAt: new Date(Date.now() + DAY), attempts: 1 };
  const schedule = db.collection<Task>('schedule');
  await schedule.updateMany({}, { $set: wrong });
  await schedule.updateOne(named(old.id), { $unset: { at: 1 } });
  run();
  await expired(crashed.id);
  await expired(old.id);
  expect(await timersOf(tomorrow.id)).toMatchObject([{ ...wrong, at: new Date(tomorrow.expiresAt) }]);
});

it('performs on its day a task that was planned while the clock was ahead, also one that is soon too old', async () => {
  const calls = processManager({
    name: 'things.calls',
    context,
    events: ['ThingHeld'],
    plan: ({ data: { id } }) => [{ key: id, task: 'call', afterMs: 1_000, data: { id }, before: fromNow(60_000) }],
  });
  const { clock, setAhead } = withClock(db);
  const called: object[] = [];
  const perform = async ({ data }: { data: object }) => void called.push(data);
  setAhead(DAY);
  const first = run(0, { managers: [{ ...calls, perform: () => Promise.reject(new Error('away')) }] }, clock);
  const { id } = await hold(3_600_000);
  await until(
    () => db.collection<Task>('schedule').findOne({ 'data.id': id, process: 'things.calls' }),
    (task) => task !== null,
  );
  await first.stop();
  setAhead(0);
  run(0, { managers: [{ ...calls, perform }] }, clock);
  await until(
    () => called,
    (all) => all.some((data) => (data as { id: string }).id === id),
  );
});
