import { randomBytes } from 'node:crypto';
import type { Db } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestStores, type TestStores } from '../subscriptions/testing.ts';
import { keyStore, WrongMasterKeyError } from './keys.ts';
import { parseMasterKeys } from './master-key.ts';

const newMaster = () => parseMasterKeys(randomBytes(32).toString('base64'));

let stores: TestStores;
let db: Db;
const [first] = newMaster();
const [second] = newMaster();

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());
beforeEach(() => {
  db = stores.newDb();
});

describe('the keys of personal data', () => {
  test('are made on first use, and are the same for every process', async () => {
    const processes = Array.from({ length: 8 }, () => keyStore(db, [first!]));
    const owners = ['c-1', 'c-2', 'c-3'];
    const all = await Promise.all(processes.map((keys) => keys.current(owners)));
    for (const found of all) expect(found).toEqual(all[0]);
    expect(new Set([...all[0]!.values()].map(({ bytes }) => bytes.toString('hex'))).size).toBe(3);
    expect(await processes[0]!.check()).toEqual({ live: 3, erased: 0, unreadable: [] });
  });

  test('are read by the name that is stored beside what they encrypt', async () => {
    const keys = keyStore(db, [first!]);
    const { name, bytes } = (await keys.current(['c-1'])).get('c-1')!;
    expect(await keys.byName([name])).toEqual(new Map([[name, bytes]]));
    expect(await keys.byName([`${name}x`, 'c-2:0:other'])).toEqual(new Map());
  });

  test('are erased once; the same customer gets another key later', async () => {
    const keys = keyStore(db, [first!]);
    const before = (await keys.current(['c-1'])).get('c-1')!;
    expect(await keys.latest('c-1')).toBe(before.name);
    await keys.erase(before.name);
    expect(await keys.latest('c-1')).toBe(before.name);
    expect(await keys.byName([before.name])).toEqual(new Map([[before.name, null]]));
    const after = (await keys.current(['c-1'])).get('c-1')!;
    expect(after.name).not.toBe(before.name);
    expect(after.bytes).not.toEqual(before.bytes);
    expect(await keys.latest('c-1')).toBe(after.name);
    // Again, as a replay does, and under names that other keys once had.
    for (const name of [before.name, 'c-1:1:lostlost', 'c-9:0:lostlost']) await keys.erase(name);
    expect(await keys.byName([after.name])).toEqual(new Map([[after.name, after.bytes]]));
    expect(await keys.latest('c-9')).toBeUndefined();
    expect(await keys.check()).toEqual({ live: 1, erased: 1, unreadable: [] });
  });

  test('leave nothing of an erased key but its name', async () => {
    const keys = keyStore(db, [first!]);
    await keys.erase((await keys.current(['c-1'])).get('c-1')!.name);
    const [stored] = await db.collection('personal_keys').find().toArray();
    expect(Object.keys(stored!).sort()).toEqual(['_id', 'createdAt', 'erasedAt', 'name', 'owner']);
  });

  test('cannot be made or read with another master key, and nothing is written', async () => {
    const { name } = (await keyStore(db, [first!]).current(['c-1'])).get('c-1')!;
    const wrong = keyStore(db, [second!]);
    await expect(wrong.current(['c-2'])).rejects.toThrow(WrongMasterKeyError);
    await expect(wrong.current(['c-2'])).rejects.toThrow('PERSONAL_KEY is not the master key');
    await expect(wrong.byName([name])).rejects.toThrow(WrongMasterKeyError);
    await expect(wrong.newSnapshotKey('lot-1', 0)).rejects.toThrow(WrongMasterKeyError);
    expect(await db.collection('personal_keys').countDocuments()).toBe(1);
    expect(await db.collection('snapshot_keys').countDocuments()).toBe(0);
    expect(await wrong.check()).toEqual({ live: 1, erased: 0, unreadable: ['c-1:0'] });
  });

  test('stay the same when the master key is rotated, at any moment of it', async () => {
    const owners = Array.from({ length: 20 }, (_, index) => `c-${index}`);
    const old = keyStore(db, [first!]);
    const before = await old.current(owners);
    const snapshot = await old.newSnapshotKey('lot-1', 0);
    const both = keyStore(db, [second!, first!]);
    await both.current(['c-new']);
    expect(await both.current(owners)).toEqual(before);
    expect(await both.rotate()).toBe(21);
    expect(await both.rotate()).toBe(0);
    const after = keyStore(db, [second!]);
    expect(await after.current(owners)).toEqual(before);
    expect(await after.snapshotKeys('lot-1')).toEqual({ keys: [snapshot], erasures: 0 });
    expect((await keyStore(db, [first!]).check()).unreadable).toHaveLength(21);
  });

  test('of the snapshots of a stream are erased together', async () => {
    const keys = keyStore(db, [first!]);
    for (const stream of ['lot-1', 'lot-1', 'lot-2']) await keys.newSnapshotKey(stream, 0);
    await keys.eraseSnapshots(['lot-1', 'lot-9']);
    expect(await keys.snapshotKeys('lot-1')).toEqual({ keys: [], erasures: 1 });
    expect(await keys.snapshotKeys('lot-9')).toEqual({ keys: [], erasures: 1 });
    expect((await keys.snapshotKeys('lot-2')).keys).toHaveLength(1);
  });

  test('of snapshots are not made for a state that was read before an erasure', async () => {
    const keys = keyStore(db, [first!]);
    await keys.eraseSnapshots(['lot-1']);
    expect(await keys.newSnapshotKey('lot-1', 0)).toBeUndefined();
    const made = await keys.newSnapshotKey('lot-1', 1);
    expect(await keys.snapshotKeys('lot-1')).toEqual({ keys: [made], erasures: 1 });
    await keys.eraseSnapshots(['lot-1']);
    expect(await keys.newSnapshotKey('lot-1', 1)).toBeUndefined();
    expect(await keys.snapshotKeys('lot-1')).toEqual({ keys: [], erasures: 2 });
  });

  /** Returns the keys of a process that is overtaken once, after it has read the keys of snapshots. */
  const overtaken = (by: () => Promise<unknown>) => {
    let isOvertaken = false;
    const overtake = async (found: unknown) => {
      if (!isOvertaken) {
        isOvertaken = true;
        await by();
      }
      return found;
    };
    const around = (real: object, name: string, replacement: unknown) =>
      new Proxy(real, { get: (target, asked) => (asked === name ? replacement : Reflect.get(target, asked)) });
    const snapshots = db.collection('snapshot_keys');
    const pausing = around(snapshots, 'findOne', async (filter: object) => overtake(await snapshots.findOne(filter)));
    const collection = (name: string) => (name === 'snapshot_keys' ? pausing : db.collection(name));
    return keyStore(around(db, 'collection', collection) as Db, [first!]);
  };

  test('of snapshots do not come back when they are erased while a new one is made', async () => {
    const keys = keyStore(db, [first!]);
    await keys.newSnapshotKey('lot-1', 0);
    const other = overtaken(() => keys.eraseSnapshots(['lot-1']));
    expect(await other.newSnapshotKey('lot-1', 0)).toBeUndefined();
    expect(await keys.snapshotKeys('lot-1')).toEqual({ keys: [], erasures: 1 });
    const third = overtaken(() => keys.eraseSnapshots(['lot-2']));
    expect(await third.newSnapshotKey('lot-2', 0)).toBeUndefined();
  });

  test.each([0, 1, 2])(
    'of snapshots of two processes are kept when they are made at once, after %i others',
    async (made) => {
      const keys = keyStore(db, [first!]);
      for (let count = 0; count < made; count++) await keys.newSnapshotKey('lot-1', 0);
      let others: unknown;
      const other = overtaken(async () => {
        others = await keys.newSnapshotKey('lot-1', 0);
      });
      const own = await other.newSnapshotKey('lot-1', 0);
      expect((await keys.snapshotKeys('lot-1')).keys).toEqual([own, others]);
    },
  );

  test('of snapshots are those of the latest two', async () => {
    const keys = keyStore(db, [first!]);
    const made = [];
    for (let count = 0; count < 3; count++) made.unshift(await keys.newSnapshotKey('lot-1', 0));
    expect((await keys.snapshotKeys('lot-1')).keys).toEqual(made.slice(0, 2));
    expect(await keys.snapshotKeys('lot-2')).toEqual({ keys: [], erasures: 0 });
  });

  test('are unavailable, like the event store, when MongoDB does not answer', async () => {
    const { createMongoClient } = await import('../mongo.ts');
    const away = createMongoClient('mongodb://127.0.0.1:1', 100);
    await expect(keyStore(away.db('plaza'), [first!]).current(['c-1'])).rejects.toThrow('cannot be read');
    await away.close();
  });
});

test.each([
  'short',
  Buffer.alloc(31).toString('base64'),
  `${Buffer.alloc(32).toString('base64')},`,
  Buffer.alloc(32).toString('hex'),
])('refuses the master key %s', (text) => {
  expect(() => parseMasterKeys(text)).toThrow('must be 32 bytes in base64');
});
