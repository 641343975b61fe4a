import { type Document, Double, Int32, Long, ObjectId } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { refusal, useServer } from './server.ts';

const server = useServer();

/** Values of every supported type, in the order in which BSON compares them; equal ones share a rank. */
const RANKED: [rank: number, value: unknown][] = [
  [1, null],
  [2, new Double(Number.NaN)],
  [3, new Double(-Infinity)],
  [4, Long.MIN_VALUE],
  [5, new Double(-1.5)],
  [6, new Int32(-1)],
  [7, new Int32(0)],
  [7, new Double(-0)],
  [8, new Double(0.1)],
  [9, new Int32(1)],
  [9, Long.fromNumber(1)],
  [9, new Double(1)],
  [10, new Double(2 ** 53)],
  [11, Long.fromString('9007199254740993')],
  [12, new Double(2 ** 53 + 2)],
  [13, Long.MAX_VALUE],
  [14, new Double(2 ** 63)],
  [15, new Double(Infinity)],
  [16, ''],
  [17, 'A'],
  [18, 'a'],
  [19, 'a\u0000b'],
  [20, 'ab'],
  [21, 'é'],
  [22, '\uffee'],
  [23, '🅿'],
  [24, {}],
  [25, { a: 1 }],
  [26, { a: 1, b: 1 }],
  [27, { a: 2 }],
  [28, { b: 0 }],
  [29, { a: 'x' }],
  [30, Buffer.from([9])],
  [31, Buffer.from([1, 2])],
  [32, new ObjectId('000000000000000000000001')],
  [33, new ObjectId('0000000000000000000000ff')],
  [34, false],
  [35, true],
  [36, new Date(-1)],
  [37, new Date(0)],
  [38, new Date(1_700_000_000_000)],
];

/** Runs a test on a collection without and with an index on the field. */
function bothWays(
  name: string,
  index: Document,
  run: (docs: ReturnType<typeof server.collection>) => Promise<void>,
): void {
  it.each(['unindexed', 'indexed'])(`${name}, %s`, async (kind) => {
    const docs = server.collection();
    if (kind === 'indexed') await docs.createIndex(index as never);
    await run(docs);
  });
}

const ids = async (cursor: { toArray(): Promise<Document[]> }) => (await cursor.toArray()).map(({ _id }) => _id);

describe('comparison', () => {
  bothWays('sorts every type as BSON compares them, both ways', { v: 1 }, async (docs) => {
    const shuffled = RANKED.map(([rank, v], at) => ({ _id: at as never, rank, v })).sort(
      (a, b) => ((a._id * 17) % RANKED.length) - ((b._id * 17) % RANKED.length),
    );
    await docs.insertMany(shuffled);
    const ranks = RANKED.map(([rank]) => rank);
    expect((await docs.find().sort({ v: 1 }).toArray()).map(({ rank }) => rank)).toEqual(ranks);
    expect((await docs.find().sort({ v: -1 }).toArray()).map(({ rank }) => rank)).toEqual([...ranks].reverse());
  });

  bothWays('finds equal values whatever their number type', { v: 1 }, async (docs) => {
    await docs.insertMany(RANKED.map(([rank, v]) => ({ rank, v })));
    for (const [rank, value] of RANKED) {
      const found = await docs.find({ v: { $eq: value } }).toArray();
      const expected = RANKED.filter(([other]) => other === rank).length;
      expect({ rank, found: found.map((doc) => doc.rank) }).toEqual({ rank, found: Array(expected).fill(rank) });
    }
  });

  bothWays('keeps ranges within the type of their bound', { v: 1 }, async (docs) => {
    await docs.insertMany(RANKED.map(([rank, v]) => ({ rank, v })));
    const ranks = async (filter: Document) =>
      (await docs.find(filter).sort({ v: 1 }).toArray()).map(({ rank }) => rank);
    expect(await ranks({ v: { $gt: 1 } })).toEqual([10, 11, 12, 13, 14, 15]);
    expect(await ranks({ v: { $gte: 1, $lt: 2 ** 53 } })).toEqual([9, 9, 9]);
    expect(await ranks({ v: { $lt: 0 } })).toEqual([3, 4, 5, 6]);
    expect(await ranks({ v: { $gt: Long.fromString('9007199254740992'), $lte: Long.MAX_VALUE } })).toEqual([
      11, 12, 13,
    ]);
    expect(await ranks({ v: { $gt: 'a' } })).toEqual([19, 20, 21, 22, 23]);
    expect(await ranks({ v: { $lte: new Date(0) } })).toEqual([36, 37]);
    expect(await ranks({ v: { $gte: false } })).toEqual([34, 35]);
    expect(await ranks({ v: { $gt: new ObjectId('000000000000000000000001') } })).toEqual([33]);
    expect(await ranks({ v: { $gte: { a: 1 }, $lt: { b: 0 } } })).toEqual([25, 26, 27]);
    expect(await ranks({ v: Number.NaN })).toEqual([2]);
  });
});

describe('null and missing', () => {
  const stored = [{ _id: 1, v: null }, { _id: 2 }, { _id: 3, v: 0 }, { _id: 4, v: [null, 1] }, { _id: 5, v: [] }];

  bothWays('are found alike by null and told apart by $exists', { v: 1 }, async (docs) => {
    await docs.insertMany(stored as never);
    expect(await ids(docs.find({ v: null }).sort({ _id: 1 }))).toEqual([1, 2, 4]);
    expect(await ids(docs.find({ v: { $ne: null } }).sort({ _id: 1 }))).toEqual([3, 5]);
    expect(await ids(docs.find({ v: { $exists: false } }).sort({ _id: 1 }))).toEqual([2]);
    expect(await ids(docs.find({ v: { $exists: true } }).sort({ _id: 1 }))).toEqual([1, 3, 4, 5]);
    expect(await ids(docs.find({ v: { $in: [null, 0] } }).sort({ _id: 1 }))).toEqual([1, 2, 3, 4]);
    expect(await ids(docs.find({ v: { $gte: null } }).sort({ _id: 1 }))).toEqual([1, 2, 4]);
  });

  bothWays('are found below arrays where an element has no such field', { 'a.b': 1 }, async (docs) => {
    const values = [undefined, 1, {}, { b: null }, { b: 1 }, { b: [] }, [], [1], [{}], [{ b: 1 }], [{ b: null }]];
    const more = [[{ b: 1 }, 1], [{ b: 1 }, {}], [{ b: 1 }, null], [[]], [[{ b: 1 }]], [{ b: 1 }, []], [{ b: [1] }]];
    await docs.insertMany([...values, ...more].map((a, n) => ({ _id: n as never, ...(a !== undefined && { a }) })));
    const nulls = [0, 1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 15];
    expect(await ids(docs.find({ 'a.b': null }).sort({ _id: 1 }))).toEqual(nulls);
    expect(await ids(docs.find({ 'a.b': { $in: [null] } }).sort({ _id: 1 }))).toEqual(nulls);
    expect(await ids(docs.find({ 'a.b': { $gte: null } }).sort({ _id: 1 }))).toEqual(nulls);
    expect(await ids(docs.find({ 'a.b': { $ne: null } }).sort({ _id: 1 }))).toEqual([4, 5, 9, 16, 17]);
    const missing = [0, 1, 2, 6, 7, 8, 14, 15];
    expect(await ids(docs.find({ 'a.b': { $exists: false } }).sort({ _id: 1 }))).toEqual(missing);
    const sorted = [5, 0, 1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 4, 9, 17];
    expect(await ids(docs.find().sort({ 'a.b': 1, _id: 1 }))).toEqual(sorted);
  });
});

describe('arrays', () => {
  const stored = [
    {
      _id: 1,
      v: [1, 5],
      d: [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
    },
    { _id: 2, v: [3], d: [{ x: 1, y: 4 }] },
    { _id: 3, v: 3, d: { x: 3, y: 2 } },
    { _id: 4, v: [], d: [] },
    { _id: 5, v: [[3]], d: [5] },
  ];

  bothWays('match by any element', { v: 1 }, async (docs) => {
    await docs.insertMany(stored as never);
    expect(await ids(docs.find({ v: 3 }).sort({ _id: 1 }))).toEqual([2, 3]);
    expect(await ids(docs.find({ v: [3] }).sort({ _id: 1 }))).toEqual([2, 5]);
    expect(await ids(docs.find({ v: { $gt: 2, $lt: 4 } }).sort({ _id: 1 }))).toEqual([1, 2, 3]);
    expect(await ids(docs.find({ v: { $ne: 3 } }).sort({ _id: 1 }))).toEqual([1, 4, 5]);
    expect(await ids(docs.find({ v: { $nin: [3, 5] } }).sort({ _id: 1 }))).toEqual([4, 5]);
  });

  bothWays('sort by their least element upwards and their greatest downwards', { v: 1 }, async (docs) => {
    await docs.insertMany([
      { _id: 1, v: [1, 9] },
      { _id: 2, v: 5 },
      { _id: 3, v: [4, 6] },
      { _id: 4, v: [] },
    ] as never);
    expect(await ids(docs.find().sort({ v: 1 }))).toEqual([4, 1, 3, 2]);
    expect(await ids(docs.find().sort({ v: -1 }))).toEqual([1, 3, 2, 4]);
  });

  bothWays('of documents match by dotted paths', { 'd.x': 1, 'd.y': 1 }, async (docs) => {
    await docs.insertMany(stored as never);
    expect(await ids(docs.find({ 'd.x': 3 }).sort({ _id: 1 }))).toEqual([1, 3]);
    expect(await ids(docs.find({ 'd.x': 1, 'd.y': 4 }).sort({ _id: 1 }))).toEqual([1, 2]);
    expect(await ids(docs.find({ 'd.x': { $in: [1, 3] } }).sort({ _id: 1 }))).toEqual([1, 2, 3]);
  });
});

describe('filters', () => {
  const stored = [
    { _id: 1, name: '분당_정자역_1구역', n: 1, status: 'reserved' },
    { _id: 2, name: '분당_서현역', n: 2, status: 'canceled' },
    { _id: 3, name: 'Lot 3', n: 3, status: 'reserved' },
    { _id: 4, name: 'lot 4', n: 4 },
  ];

  bothWays('combine with $and and $or', { n: 1 }, async (docs) => {
    await docs.insertMany(stored as never);
    expect(await ids(docs.find({ $or: [{ n: 1 }, { n: { $gt: 3 } }] }).sort({ n: 1 }))).toEqual([1, 4]);
    expect(await ids(docs.find({ $or: [{ n: { $lt: 3 } }, { n: { $gte: 2, $lt: 4 } }] }).sort({ n: -1 }))).toEqual([
      3, 2, 1,
    ]);
    expect(await ids(docs.find({ $or: [{ n: 4 }, { status: 'canceled' }] }).sort({ n: 1 }))).toEqual([2, 4]);
    expect(await ids(docs.find({ $and: [{ n: { $gt: 1 } }, { n: { $lt: 4 } }], status: 'reserved' }))).toEqual([3]);
    expect(await ids(docs.find({ n: { $gt: 3, $lt: 2 } }))).toEqual([]);
    expect(await ids(docs.find({ n: { $in: [] } }))).toEqual([]);
    expect(await ids(docs.find({ n: { $in: [4, 1, 4] } }).sort({ n: 1 }))).toEqual([1, 4]);
  });

  it.each([
    ['an unknown operator', { a: { $foo: 1 } }],
    ['an unknown top-level operator', { $foo: [] }],
    ['$in without an array', { a: { $in: 5 } }],
    ['an empty $or', { $or: [] }],
    ['$or without an array', { $or: { a: 1 } }],
    ['$or of a value', { $or: [1] }],
    ['an operator beside a value', { a: { $gt: 1, b: 2 } }],
    ['an operator below $in', { a: { $in: [{ $gt: 1 }] } }],
  ])('with %s are refused as BadValue, on an empty collection too', async (_name, filter) => {
    expect(
      await refusal(
        server
          .collection()
          .find(filter as never)
          .toArray(),
      ),
    ).toMatchObject({ code: 2, codeName: 'BadValue' });
  });
});

describe('sort, limit and projection', () => {
  it('page through compound keys', async () => {
    const docs = server.collection();
    await docs.insertMany(Array.from({ length: 60 }, (_, n) => ({ _id: n as never, a: n % 3, b: n % 4, c: 'x' })));
    const wanted = Array.from({ length: 60 }, (_, n) => n).sort(
      (x, y) => (x % 3) - (y % 3) || (y % 4) - (x % 4) || x - y,
    );
    const sorted = docs.find().sort({ a: 1, b: -1, _id: 1 });
    expect(await ids(sorted.clone().limit(20))).toEqual(wanted.slice(0, 20));
    expect(await ids(sorted.clone())).toEqual(wanted);
    expect(await ids(sorted.clone().limit(-5))).toEqual(wanted.slice(0, 5));
  });

  it.each([
    ['inclusion', { a: 1, b: 1 }, { _id: 1, a: 1, b: { x: 1, y: 2 } }],
    ['inclusion without _id', { a: 1, _id: 0 }, { a: 1 }],
    ['exclusion', { b: 0, c: 0 }, { _id: 1, a: 1 }],
    ['only _id', { _id: 1 }, { _id: 1 }],
    ['a field that is not there', { nope: 1, _id: 0 }, {}],
  ])('project %s', async (_name, projection, expected) => {
    const docs = server.collection();
    await docs.insertOne({ _id: 1 as never, a: 1, b: { x: 1, y: 2 }, c: [{ x: 1 }, { y: 3 }] });
    expect(await docs.findOne({}, { projection: projection as never })).toEqual(expected);
  });

  it('refuse to sort by two arrays', async () => {
    const docs = server.collection();
    await docs.insertOne({ a: [1], b: [2] });
    expect(await refusal(docs.find().sort({ a: 1, b: 1 }).toArray())).toMatchObject({ code: 2 });
  });

  it('refuse a mix of inclusion and exclusion, and odd directions', async () => {
    const docs = server.collection();
    expect(await refusal(docs.findOne({}, { projection: { a: 1, b: 0 } }))).toMatchObject({ code: 31254 });
    expect(await refusal(docs.findOne({}, { projection: { a: 0, b: 1 } }))).toMatchObject({ code: 31253 });
    expect(await refusal(docs.findOne({}, { projection: { a: { $foo: 1 } } }))).toMatchObject({ code: 31325 });
    const find = docs.collectionName;
    expect(await refusal(server.db.command({ find, sort: { a: 2 } }))).toMatchObject({ code: 15975 });
    expect(await refusal(server.db.command({ find, sort: { a: 'x' } }))).toMatchObject({ code: 15974 });
  });
});

describe('counts', () => {
  bothWays('are those of the matches', { n: 1 }, async (docs) => {
    await docs.insertMany(Array.from({ length: 50 }, (_, n) => ({ n, half: n % 2 })));
    expect(await docs.countDocuments({})).toBe(50);
    expect(await docs.countDocuments({ n: { $gte: 10, $lt: 20 } })).toBe(10);
    expect(await docs.countDocuments({ n: { $gte: 10, $lt: 20 }, half: 1 })).toBe(5);
    expect(await docs.countDocuments({ n: { $gte: 10 } }, { limit: 7 })).toBe(7);
    expect(await docs.countDocuments({ n: 99 })).toBe(0);
    expect(await docs.estimatedDocumentCount()).toBe(50);
  });
});
