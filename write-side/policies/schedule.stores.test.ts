import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import { Type } from 'typebox';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startConsumerGroup } from '../../platform/subscriptions/consumer-group.ts';
import {
  startTestStores,
  storedEvent,
  type TestStores,
  until,
  withClock,
} from '../../platform/subscriptions/testing.ts';
import { type ContextSchema, event } from '../../schemas/kernel/context.ts';
import { processManager } from './process.ts';
import { scheduleConsumer, startSchedule, type Task } from './schedule.ts';

const Data = Type.Object({ id: Type.String(), afterMs: Type.Integer() });

/** Things that are begun, and are done some time after unless they end before. */
const context = {
  name: 'things',
  title: 'Things',
  events: { ThingBegun: event('', Data), ThingEnded: event('', Data) },
  commands: {},
  queries: {},
  problems: {},
} as const satisfies ContextSchema;

const manager = processManager({
  name: 'things.ends',
  context,
  events: ['ThingBegun', 'ThingEnded'],
  plan: ({ type, data: { id, afterMs } }) =>
    type === 'ThingBegun' ? [{ key: id, task: 'end', afterMs, data: { id } }] : [{ key: id, task: null }],
});

let stores: TestStores;
let db: Db;
let done: string[];
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());
beforeEach(() => {
  db = stores.newDb();
  done = [];
  return async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  };
});

const follow = (of = manager) => {
  const group = startConsumerGroup({
    client: stores.client,
    db,
    name: randomUUID(),
    consumers: [scheduleConsumer(db, of)],
  });
  stops.push(group.stop);
};

const work = (perform: (id: string, attempts: number) => Promise<void> = async () => {}) => {
  const { stop } = startSchedule({
    db,
    dispatch: async () => ({ kind: 'done' }),
    managers: [
      {
        name: 'things.ends',
        async perform({ data, attempts }) {
          const { id } = data as { id: string };
          await perform(id, attempts);
          done.push(id);
        },
      },
    ],
  });
  stops.push(stop);
  return stop;
};

const begin = (id: string, afterMs = 0) => stores.append(`thing-${id}`, { type: 'ThingBegun', data: { id, afterMs } });
const tasks = () => db.collection<Task>('schedule').find().toArray();
const count = () => db.collection<Task>('schedule').countDocuments();

/** Plans due tasks without events. */
const insert = (process: string, ids: readonly string[]) => {
  const task = {
    process,
    task: 'end',
    dueAt: new Date(),
    attempts: 0,
    reason: null,
    correlationId: '',
    causationId: '',
  };
  return db
    .collection<Task>('schedule')
    .insertMany(ids.map((id) => ({ ...task, _id: `${process}:${id}`, data: { id } })));
};
const named = (): string => randomUUID();

it('performs due tasks once, in any number of processes', async () => {
  follow();
  work();
  work();
  const ids = Array.from({ length: 40 }, named);
  for (const id of ids) await begin(id);
  await until(
    () => done.length,
    (count) => count >= ids.length,
  );
  await until(tasks, ({ length }) => length === 0);
  expect(done.filter((id) => ids.includes(id)).sort()).toEqual(ids.sort());
});

it('performs each of many due tasks once, although several processes begin at the same time', async () => {
  const ids = Array.from({ length: 700 }, named);
  await insert('things.ends', ids);
  work();
  work();
  work();
  await until(count, (left) => left === 0);
  expect(done.sort()).toEqual(ids.sort());
});

it('keeps held-up tasks of one process manager from delaying those of another', async () => {
  await insert('elsewhere', ['1']);
  await insert('a', Array.from({ length: 300 }, named));
  const held = Promise.withResolvers<void>();
  const { stop } = startSchedule({
    db,
    dispatch: async () => ({ kind: 'done' }),
    managers: [
      { name: 'a', perform: () => held.promise },
      { name: 'b', perform: async () => void done.push('b') },
    ],
  });
  stops.push(stop);
  await until(tasks, (all) => all.some(({ attempts }) => attempts === 1));
  await insert('b', ['1']);
  await until(
    () => done,
    ({ length }) => length === 1,
  );
  held.resolve();
  await until(count, (left) => left === 1);
  expect(await tasks()).toMatchObject([{ process: 'elsewhere', attempts: 0 }]);
  expect(done).toEqual(['b']);
});

it('performs no task before its time, and none that a later event withdrew', async () => {
  follow();
  const [soon, late, ended] = [named(), named(), named()];
  await begin(late, 3_600_000);
  await begin(ended, 400);
  await stores.append(`thing-${ended}`, { type: 'ThingEnded', data: { id: ended, afterMs: 0 } });
  await begin(soon, 500);
  work();
  await until(
    () => done,
    (ids) => ids.includes(soon),
  );
  expect(done).not.toContain(late);
  expect(done).not.toContain(ended);
  const waiting = await tasks();
  expect(waiting.some(({ _id }) => _id === `things.ends:${late}`)).toBe(true);
});

it('plans no task that is too old when its event is read, as those of an old log', async () => {
  const [old, fresh] = [named(), named()];
  await begin(old);
  const seen: string[] = [];
  follow({
    ...manager,
    plan: ({ data, revision, time }) => {
      const { id } = data as { id: string };
      seen.push(`${id} ${revision} ${typeof time}`);
      return [
        {
          key: id,
          task: 'end',
          afterMs: 0,
          data,
          before: id === old ? '2020-01-01T00:00:00.000Z' : '9999-12-31T23:59:59.999Z',
        },
      ];
    },
  });
  await begin(fresh);
  await until(tasks, (all) => all.some(({ _id }) => _id.endsWith(fresh)));
  expect(seen).toEqual(expect.arrayContaining([`${old} 0 string`, `${fresh} 0 string`]));
  expect((await tasks()).filter(({ _id }) => _id.endsWith(old))).toEqual([]);
});

it('performs nothing early when clocks differ: the database counts the time since the event was read', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  try {
    const [late, soon] = [named(), named()];
    await begin(late, 600_000); // Its event says that it happened an hour ago.
    vi.setSystemTime(Date.now() + 2 * 3_600_000);
    db = withClock(db).clock;
    follow();
    work();
    await begin(soon);
    await until(
      () => done,
      (ids) => ids.includes(soon),
    );
    expect(done).not.toContain(late);
  } finally {
    vi.useRealTimers();
  }
});

it('performs after a restart the tasks that came due meanwhile', async () => {
  follow();
  const id = named();
  const stop = work();
  await stop();
  await begin(id, 200);
  await until(tasks, (all) => all.some(({ _id }) => _id.endsWith(id)));
  expect(done).not.toContain(id);
  work();
  await until(
    () => done,
    (ids) => ids.includes(id),
  );
});

it('repeats a failed task, and keeps the reason until then', async () => {
  follow();
  const id = named();
  let mayFail = true;
  work(async (which, attempts) => {
    if (which === id && (mayFail || attempts === 0)) throw new Error('the provider is away');
  });
  await begin(id);
  const [failed] = await until(
    async () => (await tasks()).filter(({ _id }) => _id.endsWith(id)),
    ([task]) => task?.reason != null,
  );
  expect(failed).toMatchObject({ reason: 'the provider is away', task: 'end' });
  mayFail = false;
  await until(
    () => done,
    (ids) => ids.includes(id),
  );
  await until(tasks, (all) => !all.some(({ _id }) => _id.endsWith(id)));
});

it('a late write of a paused process does not undo what later events planned', async () => {
  const { handle } = scheduleConsumer(db, manager);
  const lease = { assertHeld: () => {} };
  const at = (position: number, type: 'ThingBegun' | 'ThingEnded', afterMs = 60_000) =>
    storedEvent(position, type, { id: 'a', afterMs });
  const [begun, ended, begunAgain] = [at(9, 'ThingBegun'), at(10, 'ThingEnded'), at(11, 'ThingBegun', 90_000)];
  for (const event of [begun, ended, begunAgain]) await handle([event], lease);
  const planned = await tasks();
  expect(planned).toMatchObject([{ _id: 'things.ends:a', causationId: begunAgain!.id }]);
  await handle([begun!, ended!], lease);
  await handle([begun!], lease);
  expect(await tasks()).toEqual(planned);
});

it('stops after the tasks of a claim that was in flight', async () => {
  const ids = Array.from({ length: 40 }, (_, number) => `${number}`); // More than are performed at a time.
  await insert('things.ends', ids);
  const claiming = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let claims = 0;
  const tasksOf = db.collection<Task>('schedule');
  const claim = tasksOf.updateMany.bind(tasksOf);
  vi.spyOn(tasksOf, 'updateMany').mockImplementation(async (...args: Parameters<typeof claim>) => {
    claims += 1;
    if (claims > 1) {
      claiming.resolve();
      await goOn.promise;
    }
    return claim(...args);
  });
  const collection = vi.spyOn(db, 'collection').mockReturnValue(tasksOf as never);
  const stop = work();
  collection.mockRestore();
  await claiming.promise;
  const stopped = stop();
  goOn.resolve();
  await stopped;
  const attempted = (await tasks()).filter(({ attempts }) => attempts > 0);
  expect(attempted).toEqual([]);
  expect(done.length).toBeGreaterThan(32);
});

it('the tasks of an erased customer are removed, and those of one who returns are kept', async () => {
  const Of = Type.Object({ id: Type.String(), customerId: Type.String() });
  const erasing = {
    ...context,
    events: { ThingPlanned: event('', Of), CustomerErased: event('', Type.Object({})) },
  } as const satisfies ContextSchema;
  const planned = (isPersonal: boolean) =>
    processManager({
      name: isPersonal ? 'things.personal' : 'things.others',
      context: erasing,
      events: ['ThingPlanned'],
      ...(isPersonal ? { isPersonal } : {}),
      plan: ({ data }) => [{ key: data.id, task: 'tell', afterMs: 1_000_000, data }],
    });
  const plan = (at: number, id: string, customerId: string) => storedEvent(at, 'ThingPlanned', { id, customerId });
  const erased = storedEvent(3, 'CustomerErased', { customerId: 'kim', key: 'kim:0:12345678' });
  const events = [plan(1, 'a', 'kim'), plan(2, 'b', 'lee'), erased, plan(4, 'c', 'kim')];
  const left = async (process: string) =>
    (await db.collection<Task>('schedule').find({ process }).sort({ _id: 1 }).toArray()).map(({ data }) => data);
  const all = [plan(1, 'a', 'kim'), plan(2, 'b', 'lee'), plan(4, 'c', 'kim')].map(({ data }) => data);
  for (const size of [1, 2, 3, 4]) {
    await db.collection('schedule').deleteMany({});
    for (const isPersonal of [true, false]) {
      const { handle, takes } = scheduleConsumer(db, planned(isPersonal));
      const taken = events.filter(takes);
      const lease = { assertHeld: () => {} };
      for (let at = 0; at < taken.length; at += size) await handle(taken.slice(at, at + size), lease);
    }
    expect(await left('things.personal')).toEqual(all.slice(1));
    expect(await left('things.others')).toEqual(all);
  }
});
