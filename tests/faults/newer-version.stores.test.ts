import { jsonEvent } from '@eventstore/db-client';
import type { Db } from 'mongodb';
import { Type } from 'typebox';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parked } from '../../platform/subscriptions/parked.ts';
import { readStatuses } from '../../platform/subscriptions/status.ts';
import { startTestStores, type TestStores, until } from '../../platform/subscriptions/testing.ts';
import { projection } from '../../projections/kernel/projection.ts';
import { startProjections } from '../../projections/start.ts';
import { type ContextSchema, command, event } from '../../schemas/kernel/context.ts';
import { Strict } from '../../schemas/kernel/values.ts';
import { policy } from '../../write-side/policies/policy.ts';
import { startPolicies } from '../../write-side/policies/run-policies.ts';

/* Events that only a newer Plaza knows: the older one waits before them, says so, and the newer one handles each once. */

let stores: TestStores;
let db: Db;
const log: string[] = [];
const notes: string[] = [];
const running: { stop(): Promise<void> }[] = [];
const stopAll = () => Promise.all(running.splice(0).map((each) => each.stop()));

beforeEach(async () => {
  stores = await startTestStores();
  db = stores.newDb();
  log.length = 0;
  notes.length = 0;
});
afterEach(async () => {
  await stopAll();
  await stores.stop();
});

const Added = Strict({ thing: Type.String(), by: Type.Integer() });
const commands = { Note: command('', Strict({ text: Type.String() })) };

/** A Plaza as it was, or after an upgrade: `Added` has another shape, and there is one more event, `Doubled`. */
const plaza = (age: 'older' | 'newer') => {
  const current =
    age === 'older'
      ? event('', Added)
      : event('', Added, 2, { 1: (data: { by: number }) => ({ ...data, by: data.by }) });
  const context = {
    name: 'test',
    title: '',
    events: {
      Added: current,
      Other: event('', Added),
      ...(age === 'newer' ? { Doubled: event('', Added) } : {}),
    },
    commands,
    queries: {},
    problems: {},
  } as ContextSchema;
  const sums = (name: string, type: string, partitions: number) =>
    projection<{ sum: number }>()({
      context,
      name: `test.${name}`,
      version: 1,
      partitions,
      key: (data) => (data as { thing: string }).thing,
      on: {
        [type]: (before: { sum: number } | null, data: unknown) => ({
          sum: (before?.sum ?? 0) + (data as { by: number }).by,
        }),
      },
    });
  const noted = (name: string, types: readonly string[]) =>
    policy({
      name: `test.${name}`,
      context,
      events: types,
      key: ({ data }) => (data as { thing: string }).thing,
      react: ({ type, data }) => {
        const { thing, by } = data as { thing: string; by: number };
        return [{ type: 'Note', data: { text: `${name} ${type} ${thing} ${by}` } }] as never;
      },
    });
  return {
    schemas: [context],
    projections: [sums('counts', 'Added', 3), sums('others', 'Other', 1)],
    policies: [noted('notes', age === 'newer' ? ['Added', 'Doubled'] : ['Added']), noted('others', ['Other'])],
  };
};

const LEASE = 600;

const startProjectionsOf = (age: 'older' | 'newer') => {
  const { projections } = plaza(age);
  const { client } = stores;
  running.push(startProjections({ client, db, projections, leaseMs: LEASE, log: (line) => log.push(line) }));
};

const startPoliciesOf = (age: 'older' | 'newer') => {
  const { policies, schemas } = plaza(age);
  const handle = async ({ data }: { data: object }) => {
    notes.push((data as { text: string }).text);
    return { kind: 'done' };
  };
  running.push(
    startPolicies({
      client: stores.client,
      db,
      policies,
      schemas,
      handler: { handle } as never,
      leaseMs: LEASE,
      log: (line) => log.push(line),
    }),
  );
};

const append = (type: string, thing: string, by: number, schemaVersion = 1) =>
  stores.append(`thing-${thing}`, { type, data: { thing, by }, schemaVersion });

const sumsOf = async (name: string): Promise<Record<string, number>> => {
  const documents = await db.collection<{ _id: string; sum: number }>(`test.${name}`).find().toArray();
  return Object.fromEntries(documents.map(({ _id, sum }) => [_id, sum]));
};

const statusesOf = async (prefix: string) => (await readStatuses(db)).filter(({ _id }) => _id.startsWith(prefix));

const THINGS = Array.from({ length: 12 }, (_, n) => `thing${n}`);
const LATER = THINGS.map((thing) => [thing, 1_101] as const);

test('an older projection waits before it in every partition, and the newer one loses and doubles nothing', async () => {
  for (const thing of THINGS) await append('Added', thing, 1);
  startProjectionsOf('older');
  await until(
    () => sumsOf('counts'),
    (sums) => Object.keys(sums).length === THINGS.length,
  );

  // The partition of an event follows from its data, which the older Plaza cannot read.
  for (const thing of THINGS) await append('Added', thing, 100, 2);
  for (const thing of THINGS) await append('Added', thing, 1_000);
  await append('Other', 'elsewhere', 7);

  // The other view continues, and the status of the waiting ones has the reason.
  await until(
    () => sumsOf('others'),
    ({ elsewhere }) => elsewhere === 7,
  );
  const waiting = await until(
    () => statusesOf('test.counts'),
    (found) => found.length === 3 && found.every(({ state, reason }) => state === 'stopped' && reason),
  );
  const reason = 'Added version 2 is stored, this Plaza knows 1';
  expect(waiting.map((status) => status.reason)).toEqual([reason, reason, reason]);
  expect(log.filter((line) => line.includes(reason)).length).toBeGreaterThan(0);
  await until(
    () => statusesOf('test.others'),
    ([status]) => status?.state === 'live' && status.reason === null,
  );
  expect(await sumsOf('counts')).toEqual(Object.fromEntries(THINGS.map((thing) => [thing, 1])));
  expect(await parked(db).countDocuments()).toBe(0);

  await stopAll();
  startProjectionsOf('newer');
  await until(
    () => sumsOf('counts'),
    (sums) => THINGS.every((thing) => sums[thing] === 1_101),
  );
  const live = await until(
    () => statusesOf('test.counts'),
    (found) => found.every(({ state }) => state === 'live'),
  );
  expect(live.map((status) => status.reason)).toEqual([null, null, null]);
  expect(await sumsOf('counts')).toEqual(Object.fromEntries(LATER));
  expect(await parked(db).countDocuments()).toBe(0);
});

test('an older projection shows every event before it', async () => {
  startProjectionsOf('older');
  await append('Added', 'a', 1);
  await until(
    () => sumsOf('counts'),
    ({ a }) => a === 1,
  );
  await stopAll();
  // They come in one batch.
  for (const [thing, by, version] of [
    ['a', 10, 1],
    ['b', 20, 1],
    ['a', 100, 2],
  ] as const)
    await append('Added', thing, by, version);
  startProjectionsOf('older');
  await until(
    () => sumsOf('counts'),
    ({ a, b }) => a === 11 && b === 20,
  );
});

test.each([
  ['of a newer version', 'Added', 2],
  ['of a type that it does not know', 'Doubled', 1],
])(
  'an older policy waits before an event %s, and the newer one reacts to each event once',
  async (_, type, version) => {
    startPoliciesOf('older');
    await append('Added', 'a', 1);
    await until(
      () => notes,
      ({ length }) => length === 1,
    );
    await append(type, 'a', 2, version);
    await append('Added', 'b', 3);
    await append('Other', 'c', 4);
    const [waiting] = await until(
      () => statusesOf('policy:test.notes'),
      ([status]) => status?.state === 'stopped' && Boolean(status.reason),
    );
    expect(waiting?.reason).toMatch(new RegExp(`^${type} .*this Plaza`));
    if (version === 2)
      await until(
        () => notes,
        (all) => all.includes('others Other c 4'),
      );
    expect(notes.filter((note) => note.startsWith('notes'))).toEqual(['notes Added a 1']);

    await stopAll();
    startPoliciesOf('newer');
    const expected = ['notes Added a 1', `notes ${type} a 2`, 'notes Added b 3', 'others Other c 4'];
    await until(
      () => notes,
      ({ length }) => length >= expected.length,
    );
    expect(notes.toSorted()).toEqual(expected.toSorted());
    expect(await parked(db).countDocuments()).toBe(0);
  },
);

test('events of other programs in the same event store stop no policy', async () => {
  startPoliciesOf('older');
  await stores.client.appendToStream('foreign-1', [jsonEvent({ type: 'Foreign', data: {} })]);
  await append('Added', 'a', 1);
  await until(
    () => notes,
    ({ length }) => length === 1,
  );
});
