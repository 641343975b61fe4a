import { setTimeout as pause } from 'node:timers/promises';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkpoints } from '../../platform/subscriptions/checkpoints.ts';
import { type Lease, leases } from '../../platform/subscriptions/leases.ts';
import { reachedPosition } from '../../platform/subscriptions/position.ts';
import { startTestStores, type TestStores, until } from '../../platform/subscriptions/testing.ts';
import { type ContextSchema, event } from '../../schemas/kernel/context.ts';
import { Strict } from '../../schemas/kernel/values.ts';
import { startProjections } from '../start.ts';
import { verifyViews } from '../verify.ts';
import { projection } from './projection.ts';
import { rebuild } from './rebuild.ts';
import { interruptible } from './testing.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());

const LEASE = 800;
/** Milliseconds between two looks at a view's position: often enough, and most of the processor is left to the rest. */
const WATCHED_EVERY = 3;
const VIEW = 'test.counts';

type Count = { sum: number };

/** A view that counts events of a type of its own, because all runs share one event store. */
const countsOf = (run: string, partitions = 1) => {
  const added = `Added-${run}`;
  const context = {
    name: 'test',
    title: '',
    events: { [added]: event('', Strict({ thing: Type.String() })) },
    commands: {},
    queries: {},
    problems: {},
  } as const satisfies ContextSchema;
  return projection<Count>()({
    context,
    name: VIEW,
    version: 1,
    partitions,
    key: ({ thing }) => thing,
    on: { [added]: (count: Count | null) => ({ sum: (count?.sum ?? 0) + 1 }) },
    indexes: [['sum']],
  });
};

/**
 * The commands that write, from the moment when a rebuild takes the live view's consumers. Signs of life are left out.
 */
const recorder = (onWrite: (step: number, command: string) => Promise<void>) => {
  let step = -1;
  const reads = new Set(['findOne', 'toArray', 'next', 'countDocuments', 'hasNext', 'close', 'command']);
  return async (command: string, args: readonly unknown[]): Promise<void> => {
    if (command.startsWith('workers.') || command.startsWith('projection_status.')) return onWrite(-1, command);
    if (reads.has(command.split('.').at(-1)!)) return onWrite(-1, command);
    const isTaken = () =>
      (args as [[{ updateOne?: { filter: Lease } }]])[0][0].updateOne?.filter._id.split('/')[0] === VIEW;
    if (step === -1 && command === 'leases.bulkWrite' && isTaken()) step = 0;
    else if (step >= 0) step += 1;
    return onWrite(step, command);
  };
};

/** A live view that a process keeps up to date, and a rebuild of it in another process that goes through a gate. */
const liveView = async (run: string, partitions = 1) => {
  const db = stores.newDb();
  const counts = countsOf(run, partitions);
  const add = () =>
    stores.append(`counts-${run}`, ...['a', 'b'].map((thing) => ({ type: `Added-${run}`, data: { thing } })));
  const live = startProjections({ client: stores.client, db, projections: [counts], leaseMs: LEASE });
  const reached = (commit: bigint) =>
    until(
      async () => (await reachedPosition(db, VIEW)).commit,
      (at) => at >= commit,
    );
  await reached((await add()).commit);
  const rebuildThrough = (gate: Parameters<typeof interruptible>[1], signal = new AbortController().signal) =>
    rebuild({
      client: stores.client,
      db: interruptible(db, gate),
      projections: [counts],
      signal,
      leaseMs: LEASE,
    }).catch((error: Error) => error.message);
  return { db, counts, add, live, reached, rebuildThrough };
};

/** The writes of a rebuild that nobody interrupts. */
const writesOf = async (partitions: number): Promise<string[]> => {
  const { live, rebuildThrough } = await liveView(`recorded-${partitions}`, partitions);
  const writes: string[] = [];
  const gate = recorder(async (step, command) => {
    if (step >= 0) writes[step] = command;
  });
  expect(await rebuildThrough(gate)).toBe(true);
  await live.stop();
  return writes;
};

/** Interrupts a rebuild before one of its writes, lets the view move on, and looks whether it is still whole. */
const interrupt = async (how: 'killed' | 'paused', at: number, partitions: number): Promise<string> => {
  const run = `${how}-${at}-${partitions}`;
  const { db, counts, add, live, reached, rebuildThrough } = await liveView(run, partitions);
  const met = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  let isCutOff = false;
  const gate = recorder(async (step) => {
    if (step === at) {
      isCutOff = true;
      met.resolve();
    }
    if (!isCutOff) return;
    if (how === 'killed') throw new Error('killed');
    await goesOn.promise;
  });
  const rebuilding = rebuildThrough(gate);
  await Promise.race([met.promise, rebuilding]); // It may have fewer writes than the one that was recorded.
  const positions: bigint[] = [];
  let isWatched = true;
  const watching = (async () => {
    for (; isWatched; await pause(WATCHED_EVERY)) positions.push((await reachedPosition(db, VIEW)).commit);
  })();
  await add();
  await reached((await add()).commit);
  goesOn.resolve();
  const outcome = String(await rebuilding);
  await reached((await add()).commit);
  isWatched = false;
  await watching;

  const documents = await db.collection<{ _id: string; sum: number }>(VIEW).find().toArray();
  expect(Object.fromEntries(documents.map(({ _id, sum }) => [_id, sum]))).toEqual({ a: 4, b: 4 });
  const indexes = await db.collection(VIEW).indexes();
  expect(indexes.map(({ key }) => key)).toContainEqual({ sum: 1, _id: 1 });
  expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  // A replay that is requested afterwards runs.
  const options = { client: stores.client, db, projections: [counts], signal: new AbortController().signal };
  await db.collection<{ _id: string }>(VIEW).updateOne({ _id: 'a' }, { $set: { sum: 99 } });
  // On a busy machine a lease may run out in between; then the projections finish the replay.
  const replayed = rebuild({ ...options, leaseMs: LEASE }).catch((error: Error) => error.name === 'LeaseLostError');
  expect(await replayed).toBe(true);
  await until(
    () => db.collection<{ _id: string; sum: number }>(VIEW).findOne({ _id: 'a' }),
    (document) => document?.sum === 4,
  );
  expect(await verifyViews({ ...options, leaseMs: LEASE })).toMatchObject([{ documents: 2, differences: [] }]);
  await until(
    () => checkpoints(db).countDocuments({ $or: [{ switching: true }, { view: { $ne: VIEW } }] }),
    (count) => count === 0,
  );
  const names = (await db.listCollections().toArray()).map(({ name }) => name);
  expect(names.filter((name) => name.startsWith(`${VIEW}.`))).toEqual([]);
  await until(
    () => leases(db).countDocuments({ _id: `${VIEW}@next`, owner: { $ne: null } }),
    (count) => count === 0,
  );
  await live.stop();
  return outcome;
};

/** Scenarios that run side by side: they mostly wait for leases to run out. */
const AT_ONCE = 4;

describe.each([
  [1, ['killed', 'paused']],
  [2, ['paused']],
] as const)('a switch of a view in %i partitions', (partitions, interruptions) => {
  test('loses and repeats no event, wherever its process is interrupted', async () => {
    const writes = await writesOf(partitions);
    expect(writes).toContain('renameCollection');
    const attempts = interruptions.flatMap((how) => writes.map((command, at) => ({ how, command, at })));
    const attempt = async (): Promise<void> => {
      for (let next = attempts.shift(); next; next = attempts.shift()) {
        const { how, command, at } = next;
        await interrupt(how, at, partitions).catch((error: Error) => {
          throw new Error(`${how} before write ${at}, ${command}: ${error.message}`, { cause: error });
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, attempt));
  });
});
