import type { Db } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { UnknownEventVersionError } from '../../schemas/kernel/upcast.ts';
import { type Position, START, type StoredEvent, StoreUnavailableError } from '../event-store/types.ts';
import type { Consumer } from './consumer.ts';
import { type ConsumerGroup, startConsumerGroup } from './consumer-group.ts';
import { lagCheck } from './lag-check.ts';
import { discard, parked, requestReplay } from './parked.ts';
import { reachedPosition } from './position.ts';
import { startTestStores, type TestStores, until } from './testing.ts';

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

const WITHIN = 30_000;

/** Appends events, each to the stream of its key. @returns the last one's position */
const append = async (...keys: string[]) => {
  let last: Position = START;
  for (const key of keys)
    last = await stores.append(`${key}-${run}`, { type: `Happened${run}`, data: { key: `${key}-${run}` } });
  return last;
};

/** Returns a consumer with keys that records events as `{key}{revision}`. */
const keyed = (handle: (event: StoredEvent, name: string) => Promise<void> = async () => {}) => {
  const seen: string[] = [];
  const consumer: Consumer = {
    name: 'keyed',
    view: 'keyed',
    version: 1,
    partitions: 1,
    onPoison: 'park',
    takes: ({ type }) => type === `Happened${run}`,
    key: ({ data }) => (data as { key: string }).key,
    async handle(events) {
      for (const event of events) {
        const name = `${event.stream[0]}${event.revision}`;
        await handle(event, name);
        seen.push(name);
      }
    },
  };
  return { consumer, seen };
};

const start = (...consumers: Consumer[]) => {
  const group = startConsumerGroup({
    client: stores.client,
    db,
    name: 'test',
    consumers,
    leaseMs: 3000,
    retryInPlace: 100,
  });
  groups.push(group);
  return group;
};

const sees = (seen: string[], ...expected: string[]) =>
  until(
    () => [...seen],
    (names) => expected.every((name) => names.includes(name)),
    WITHIN,
  );
const parkedNames = async () => {
  const found = await parked(db).find().sort({ position: 1 }).toArray();
  return found.map(({ event, state, heldBack }) => `${event.stream[0]}${event.revision} ${heldBack ? 'held' : state}`);
};
const parks = (...expected: string[]) =>
  until(parkedNames, (names) => names.sort().join() === expected.sort().join(), WITHIN);
const idOf = async (name: string) => {
  const found = await parked(db).find().toArray();
  return found.find(({ event }) => `${event.stream[0]}${event.revision}` === name)!._id;
};

test('an event that never gets an answer delays neither other keys nor other consumers', async () => {
  const stuck = keyed((_, name) => (name === 'a0' ? new Promise(() => {}) : Promise.resolve()));
  const other = keyed();
  start(stuck.consumer, { ...other.consumer, name: 'other', view: 'other' });
  const before = await append('a');
  await append('b', 'a', 'c');
  await sees(stuck.seen, 'b0', 'c0');
  await append('b');
  await sees(stuck.seen, 'b1');
  await sees(other.seen, 'a0', 'a1', 'b1');
  expect(stuck.seen).not.toContain('a1');
  expect((await reachedPosition(db, 'keyed')).commit).toBeLessThan(before.commit);
});

test('a consumer without keys whose work never ends delays no other, is reported, and lets its process stop', async () => {
  const stuck = { ...keyed(() => new Promise(() => {})).consumer, name: 'stuck', view: 'stuck' };
  const other = keyed();
  const { key: _, ...withoutKeys } = stuck;
  const group = start(withoutKeys, other.consumer);
  await append('a');
  await sees(other.seen, 'a0');
  await append('b');
  await sees(other.seen, 'b0');
  await until(lagCheck(db, 1, 'test'), ({ ok, detail }) => !ok && /^stuck: [^;]*$/.test(detail), WITHIN);
  groups.length = 0;
  await group.stop();
});

test('an event without an answer is parked and retried, and later events of its key wait behind it', async () => {
  let isAway = true;
  const { consumer, seen } = keyed(async (_, name) => {
    if (isAway && name.startsWith('a')) throw new StoreUnavailableError('away');
  });
  start(consumer);
  await append('a', 'a', 'b');
  await parks('a0 replaying', 'a1 held');
  const position = await append('a', 'b');
  await parks('a0 replaying', 'a1 held', 'a2 held');
  await sees(seen, 'b0', 'b1');
  await until(
    () => reachedPosition(db, 'keyed'),
    ({ commit }) => commit >= position.commit,
  );
  isAway = false;
  await parks();
  expect(seen.filter((name) => name.startsWith('a'))).toEqual(['a0', 'a1', 'a2']);
  await append('a');
  await sees(seen, 'a3');
});

test('a replayed event is handled before the later ones of its key', async () => {
  let isBroken = true;
  const { consumer, seen } = keyed(async (_, name) => {
    if (isBroken && name === 'a0') throw new Error('cannot be');
  });
  start(consumer);
  await append('a', 'a', 'b');
  await parks('a0 parked', 'a1 held');
  // The later event waits for the first even if an operator requests only the later one.
  await requestReplay(db, await idOf('a1'));
  await requestReplay(db, await idOf('a0'));
  await until(
    () => parked(db).findOne({ 'event.revision': '0' }),
    (found) => found?.attempts === 2 && found.state === 'parked',
    WITHIN,
  );
  expect(seen).not.toContain('a1');
  isBroken = false;
  await requestReplay(db, await idOf('a0'));
  await parks();
  await append('a');
  await sees(seen, 'a2');
  expect(seen.filter((name) => name.startsWith('a'))).toEqual(['a0', 'a1', 'a2']);
});

test('events that were held back follow when the one before them is discarded', async () => {
  const { consumer, seen } = keyed(async (_, name) => {
    if (name === 'a0') throw new Error('cannot be');
  });
  start(consumer);
  await append('a', 'a');
  await parks('a0 parked', 'a1 held');
  await discard(db, await idOf('a0'));
  await sees(seen, 'a1');
  await append('a');
  await sees(seen, 'a1', 'a2');
  expect(seen).toEqual(['a1', 'a2']);
});

test('a process that takes over holds back the same events', async () => {
  let isBroken = true;
  const fail = async (_: unknown, name: string) => {
    if (isBroken && name === 'a0') throw new Error('cannot be');
  };
  const first = start(keyed(fail).consumer);
  await append('a');
  await parks('a0 parked');
  groups.length = 0;
  await first.stop();
  await parked(db).updateMany({}, { $unset: { key: '', heldBack: '' } }); // The form in which an older Plaza parked events.
  const second = keyed(fail);
  start(second.consumer);
  await append('a', 'b');
  await parks('a0 parked', 'a1 held');
  isBroken = false;
  await requestReplay(db, await idOf('a0'));
  await sees(second.seen, 'a0', 'a1', 'b0');
  expect(second.seen.filter((name) => name.startsWith('a'))).toEqual(['a0', 'a1']);
});

test('waits before an event that only a newer Plaza can read, because later events may have its key', async () => {
  let isKnown = false;
  const { consumer, seen } = keyed();
  const tries: string[] = [];
  const key = (event: StoredEvent): string => {
    if (!isKnown && event.revision === 1n) {
      tries.push('tried');
      throw new UnknownEventVersionError('Happened version 2 is stored, this Plaza knows 1');
    }
    return consumer.key!(event);
  };
  start({ ...consumer, key });
  await append('a', 'a', 'b');
  await sees(seen, 'a0');
  await until(
    () => tries.length,
    (count) => count > 1,
    WITHIN,
  );
  expect(seen).toEqual(['a0']);
  isKnown = true;
  await sees(seen, 'a1', 'b0');
  expect(await parkedNames()).toEqual([]);
});
