import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Int32 } from 'bson';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Collection } from './catalog.ts';
import { pacer } from './pace.ts';
import { plan } from './plan.ts';
import { type Query, run, sortFields } from './query.ts';
import { openStorage, type Storage } from './storage.ts';
import { type Doc, decode, encode } from './values.ts';

const DOCUMENTS = 30_000;
const PAGE = 1_000;

let folder: string;
let storage: Storage;
let collection: Collection;

const docOf = (n: number, group = n % 7): Doc => ({ _id: new Int32(n), group: `g${group}`, tags: [`t${n % 3}`, 't'] });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'index-build-'));
  storage = openStorage(join(folder, 'documents.sqlite'));
  collection = storage.create('test', 'documents');
  for (let n = 0; n < DOCUMENTS; n++) storage.insert(collection, docOf(n), encode(docOf(n)));
});

afterAll(() => {
  storage.close();
  rmSync(folder, { recursive: true });
});

const specOf = (name: string) => ({ name, fields: [[name, 1] as const, ['_id', 1] as const] });

const idsOf = async (query: Query): Promise<number[]> => {
  const chosen = plan(collection, query.filter, sortFields(query.sort));
  expect(chosen).toMatchObject({ sorted: true, access: { index: { ready: true } } });
  const result = run(storage, collection, query);
  const ids: number[] = [];
  while (!result.ended) for (const bytes of await result.next(PAGE)) ids.push((decode(bytes)._id as Int32).value);
  return ids;
};

it('an index that is built during writes contains every document once, with its final key', async () => {
  const group = storage.addIndex(collection, specOf('group'));
  const tags = storage.addIndex(collection, specOf('tags'));
  let built = false;
  const building = storage.buildIndexes(collection, [group, tags], pacer()).then(() => {
    built = true;
  });
  const groups = new Map(Array.from({ length: DOCUMENTS }, (_, n) => [n, n % 7]));
  let changes = 0;
  while (!built) {
    const n = (changes * 7_919) % DOCUMENTS;
    const { access } = plan(collection, { _id: new Int32(n) }, []);
    const [row] = storage.scan(collection, access).next(1);
    if (row) {
      const before = decode(row.bytes);
      if (changes % 3 === 0) {
        storage.remove(collection, row.rid, before);
        groups.delete(n);
      } else {
        storage.replace(collection, row.rid, before, docOf(n, 8), encode(docOf(n, 8)));
        groups.set(n, 8);
      }
    }
    changes += 1;
    const added = DOCUMENTS + changes;
    storage.insert(collection, docOf(added), encode(docOf(added)));
    groups.set(added, added % 7);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await building;
  expect(changes).toBeGreaterThan(5);
  const sort = { _id: new Int32(1) };
  for (let each = 0; each < 9; each++)
    expect(await idsOf({ filter: { group: `g${each}` }, sort })).toEqual(
      [...groups].flatMap(([n, of]) => (of === each ? [n] : [])).sort((a, b) => a - b),
    );
  expect(await idsOf({ filter: { tags: 't' }, sort })).toEqual([...groups.keys()].sort((a, b) => a - b));
});

it('an index on an array of texts contains each of them once', async () => {
  const other = storage.create('test', 'repeats');
  for (let n = 0; n < 10; n++) {
    const doc = { _id: new Int32(n), tags: ['a', 'a', 'b'] };
    storage.insert(other, doc, encode(doc));
  }
  const index = storage.addIndex(other, specOf('tags'));
  await storage.buildIndexes(other, [index], pacer());
  const all = { low: Buffer.alloc(0), high: Buffer.from([0xff]), point: false };
  expect([...storage.counts(other, { index, ranges: [all], reverse: false })]).toEqual([20]);
});

it('ends after its time limit', async () => {
  const index = storage.addIndex(collection, { ...specOf('slow'), name: 'slow' });
  await expect(storage.buildIndexes(collection, [index], pacer(1))).rejects.toMatchObject({ code: 50 });
  storage.dropIndex(collection, index);
});

it('is refused when its collection is dropped meanwhile', async () => {
  const index = storage.addIndex(collection, { ...specOf('other'), name: 'other' });
  const building = storage.buildIndexes(collection, [index], pacer());
  storage.drop(collection);
  await expect(building).rejects.toMatchObject({ code: 276 });
});
