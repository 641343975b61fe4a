import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Double, Int32, Long, ObjectId } from 'bson';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Collection } from './catalog.ts';
import { compileFilter } from './match.ts';
import { pacer } from './pace.ts';
import { type KeyField, sortKey } from './paths.ts';
import { plan } from './plan.ts';
import { countMatches, type Query, run, sortFields } from './query.ts';
import { openStorage, type Storage } from './storage.ts';
import { type Doc, decode, encode, keyOf } from './values.ts';

let folder: string;
let storage: Storage;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-'));
  storage = openStorage(join(folder, 'documents.sqlite'));
});

afterEach(() => {
  storage.close();
  rmSync(folder, { recursive: true });
});

const scalar = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<unknown>(new Int32(1), new Int32(2), null, Number.NaN) },
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }).map((n) => new Int32(n) as unknown) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>('', 'a', 'ab', 'b', 'a\0', '\u{1f17f}', '\uffee') },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, Number.NaN, 0.5, -0, Infinity) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      Long.fromNumber(2),
      Long.fromString('9007199254740993'),
      Long.fromString('-9007199254740993'),
      new Date(0),
      new Date(5),
      new Date(255),
      new ObjectId('000000000000000000000001'),
      { x: new Int32(1) },
    ),
  },
);
const value = fc.oneof({ weight: 6, arbitrary: scalar }, { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) });
const field = fc.constantFrom('a', 'b', 'c.d', 'c.e');
const plainDoc = (of: fc.Arbitrary<unknown>) =>
  fc
    .record({ a: of, b: of, d: of }, { requiredKeys: [] })
    .map(({ d, ...rest }): Doc => (d === undefined ? rest : { ...rest, c: { d } }));
const fewArrays = plainDoc(scalar).chain((doc) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(doc) },
    { weight: 1, arbitrary: value.map((a): Doc => ({ ...doc, a })) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.record({ d: scalar, e: scalar }, { requiredKeys: [] }), { maxLength: 3 })
        .map((c): Doc => ({ ...doc, c })),
    },
  ),
);

const condition: fc.Arbitrary<unknown> = fc.oneof(
  scalar,
  fc.record({ $gt: scalar, $lte: scalar }, { requiredKeys: [] }).filter((range) => Object.keys(range).length > 0),
  fc.record({ $gte: scalar, $lt: scalar }, { requiredKeys: ['$lt'] }),
  fc.record({ $in: fc.array(scalar, { maxLength: 4 }) }),
  fc.record({ $eq: scalar, $gte: scalar }),
  fc.constantFrom<unknown>({ $exists: false }, { $exists: true }, { $nin: ['a', null] }, { $ne: null }),
);
const conditions = fc
  .array(fc.tuple(field, condition), { minLength: 1, maxLength: 3 })
  .map((list): Doc => Object.fromEntries(list));
const filter = fc.oneof(
  conditions,
  fc
    .tuple(conditions, fc.array(conditions, { minLength: 1, maxLength: 3 }))
    .map(([all, $or]): Doc => ({ ...all, $or })),
  fc.array(conditions, { minLength: 1, maxLength: 2 }).map(($and): Doc => ({ $and })),
);
const sort = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c.d', 'c.e', '_id'), fc.constantFrom(1, -1)), { maxLength: 3 })
  .map((fields): Doc => Object.fromEntries(fields));
const index = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c.d', 'c.e', '_id'), fc.constantFrom<1 | -1>(1, -1)), {
    minLength: 1,
    maxLength: 3,
    selector: ([path]) => path,
  })
  .map((fields) => fields as KeyField[]);

const fill = (name: string, docs: Doc[], indexes: KeyField[][]): Collection => {
  const collection = storage.create('test', name);
  for (const [at, fields] of indexes.entries()) {
    const made = storage.addIndex(collection, { name: `i${at}`, fields });
    storage.finishIndex(made);
  }
  for (const [_id, doc] of docs.entries()) {
    const stored = { _id: new Int32(_id), ...doc };
    try {
      storage.insert(collection, stored, encode(stored));
    } catch (error) {
      if ((error as { code?: number }).code !== 171) throw error;
    }
  }
  return collection;
};

const all = async (collection: Collection, query: Query): Promise<Doc[]> => {
  const result = run(storage, collection, query);
  const docs: Doc[] = [];
  while (!result.ended) docs.push(...(await result.next(7)).map(decode));
  return docs;
};

const goesThroughTwoArrays = (doc: Doc, fields: KeyField[]): boolean => {
  try {
    sortKey(doc, fields);
    return false;
  } catch {
    return true;
  }
};

/** Returns a storage that counts the rows that its scans read. */
const countingRows = () => {
  const counted = { rows: 0 };
  const scan: Storage['scan'] = (...given) => {
    const { next } = storage.scan(...given);
    const counting = (most: number) => {
      const found = next(most);
      counted.rows += found.length;
      return found;
    };
    return { next: counting };
  };
  return { counted, watched: { ...storage, scan } };
};

const idOf = (doc: Doc) => (doc._id as Int32).value;

test('with any indexes, a query returns the same as a scan of every document', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.array(plainDoc(scalar), { minLength: 1, maxLength: 40 }),
        fc.array(fewArrays, { minLength: 1, maxLength: 40 }),
      ),
      fc.array(index, { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(filter, sort), { minLength: 1, maxLength: 8 }),
      async (docs, indexes, queries) => {
        const collection = fill(`c${++runs}`, docs, indexes);
        const stored = await all(collection, { filter: {} });
        for (const [where, order] of queries) {
          const matches = compileFilter(where);
          const expected = stored.filter(matches);
          if (expected.some((doc) => goesThroughTwoArrays(doc, sortFields(order)))) {
            await expect(all(collection, { filter: where, sort: order })).rejects.toMatchObject({ code: 2 });
            continue;
          }
          const found = await all(collection, { filter: where, sort: order });
          expect(found.map(idOf).sort((a, b) => a - b)).toEqual(expected.map(idOf).sort((a, b) => a - b));
          const fields = sortFields(order);
          const keys = found.map((doc) => sortKey(doc, fields));
          expect(keys).toEqual([...keys].sort(Buffer.compare));
          const some = await all(collection, { filter: where, sort: order, limit: 3 });
          expect(some.map((doc) => sortKey(doc, fields))).toEqual(keys.slice(0, 3));
        }
        storage.drop(collection);
      },
    ),
    { numRuns: 500 },
  );
});

test('keys of numbers and dates have their order, and equal ones have equal keys', () => {
  const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(number, number, fc.constantFrom(Int32, Double), (x, y, Type) => {
      const order = x < y ? -1 : x > y ? 1 : 0;
      const whole = Number.isInteger(x) && Math.abs(x) < 4;
      expect(Buffer.compare(keyOf(whole ? new Type(x) : new Double(x)), keyOf(new Double(y)))).toBe(order);
    }),
  );
  const time = fc.date({ noInvalidDate: true });
  fc.assert(
    fc.property(time, time, (a, b) => {
      expect(Buffer.compare(keyOf(a), keyOf(b))).toBe(Math.sign(a.getTime() - b.getTime()));
    }),
  );
});

test('whole numbers are ordered by their exact values', () => {
  const near = fc.integer({ min: -3, max: 3 }).map((n) => 2n ** 53n + BigInt(n));
  const number = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), near);
  fc.assert(
    fc.property(number, number, (x, y) => {
      const order = Buffer.compare(keyOf(Long.fromBigInt(x)), keyOf(Long.fromBigInt(y)));
      expect(Math.sign(order)).toBe(x < y ? -1 : x > y ? 1 : 0);
    }),
  );
});

test('counts the keys of an index range, also over many statements', async () => {
  const collection = storage.create('test', 'counted');
  const index = storage.addIndex(collection, { name: 'n', fields: [['n', 1]] });
  storage.finishIndex(index);
  for (let n = 0; n < 24_000; n++) {
    const doc = { _id: new Int32(n), n: new Int32(n % 2) };
    storage.insert(collection, doc, encode(doc));
  }
  const count = (filter: Doc) => countMatches(storage, collection, { filter }, pacer());
  expect(await count({})).toBe(24_000);
  expect(await count({ n: new Int32(1) })).toBe(12_000);
  expect(await count({ _id: { $gte: new Int32(10), $lt: new Int32(21_010) } })).toBe(21_000);
  const impatient = pacer(0.001);
  await expect(countMatches(storage, collection, { filter: {} }, impatient)).rejects.toMatchObject({ code: 50 });
});

test('a page of a large collection reads only its own rows', async () => {
  const collection = storage.create('test', 'reservations');
  const fields: KeyField[] = [
    ['customerId', 1],
    ['status', 1],
    ['at', 1],
    ['_id', 1],
  ];
  storage.finishIndex(storage.addIndex(collection, { name: 'page', fields }));
  for (let n = 0; n < 30_000; n++) {
    const doc = { _id: new Int32(n), customerId: `c${n % 3}`, status: 'reserved', at: new Date(Math.floor(n / 30)) };
    storage.insert(collection, doc, encode(doc));
  }
  const at = new Date(500);
  const query: Query = {
    filter: {
      customerId: 'c1',
      status: 'reserved',
      $or: [{ at: { $gt: at } }, { at, _id: { $gt: new Int32(15_010) } }],
    },
    sort: { at: 1, _id: 1 },
    limit: 51,
  };
  expect(plan(collection, query.filter, sortFields(query.sort))).toMatchObject({ exact: true, sorted: true });
  const { counted, watched } = countingRows();
  const found = await run(watched, collection, query).next(51);
  expect(found.map((bytes) => idOf(decode(bytes)))).toEqual(Array.from({ length: 51 }, (_, n) => 15_013 + 3 * n));
  expect(counted.rows).toBe(51);
});

test.each([
  ['a prefix rather than the order', { plate: { $gte: '10', $lt: '11' } }, ['at'], 'plate', false],
  ['a prefix rather than an equality', { plate: { $gte: '10', $lt: '11' }, status: 'open' }, ['plate'], 'plate', true],
  ['the order rather than a range with one bound', { plate: { $gte: '10' } }, ['at'], 'at', true],
  [
    'an equality rather than a range with one bound',
    { plate: { $gte: '10' }, status: 'open' },
    ['at'],
    'status',
    false,
  ],
] as const)('a query uses the index of %s', (_, filter, [path], name, sorted) => {
  const collection = storage.create('test', 'visits');
  for (const field of ['at', 'plate', 'status']) {
    const fields: KeyField[] = [
      [field, 1],
      ['_id', 1],
    ];
    storage.finishIndex(storage.addIndex(collection, { name: field, fields }));
  }
  const chosen = plan(collection, filter, [
    [path, 1],
    ['_id', 1],
  ]);
  expect(chosen).toMatchObject({ access: { index: { name } }, sorted });
});

test('a count with a limit reads no further', async () => {
  const collection = storage.create('test', 'many');
  for (let n = 0; n < 30_000; n++) storage.insert(collection, { _id: new Int32(n) }, encode({ _id: new Int32(n) }));
  let pauses = 0;
  const pace = Object.assign(async () => void pauses++, { resume: () => {}, pause: () => {} });
  expect(await countMatches(storage, collection, { filter: {}, limit: 7 }, pace)).toBe(7);
  expect(pauses).toBeLessThan(2);
});

test('a page of the documents with a value in an array, ordered by id, reads only its own rows', async () => {
  const collection = storage.create('test', 'history');
  const fields: KeyField[] = [
    ['resources', 1],
    ['_id', 1],
  ];
  storage.finishIndex(storage.addIndex(collection, { name: 'resources', fields }));
  for (let n = 0; n < 10_000; n++) {
    const doc = { _id: new Int32(n), resources: [`/lots/${n % 2}`, `/lots/${n % 2}/reservations/${n}`] };
    storage.insert(collection, doc, encode(doc));
  }
  const query: Query = {
    filter: { resources: '/lots/1', _id: { $lt: new Int32(5_000) } },
    sort: { _id: -1 },
    limit: 51,
  };
  expect(plan(collection, query.filter, sortFields(query.sort))).toMatchObject({ sorted: true });
  const { counted, watched } = countingRows();
  const found = await run(watched, collection, query).next(51);
  expect(found.map((bytes) => idOf(decode(bytes)))).toEqual(Array.from({ length: 51 }, (_, n) => 4_999 - 2 * n));
  expect(counted.rows).toBeLessThan(200);
});
