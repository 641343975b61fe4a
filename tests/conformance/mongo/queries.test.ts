import { Decimal128, type Document, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { refusal, useServer } from './server.ts';

const server = useServer();

/** Every BSON type that Plaza could meet, in the order in which BSON compares them; equal ones share a rank. */
const RANKED: [rank: number, value: unknown][] = [
  [0, new MinKey()],
  [1, null],
  [2, new Double(Number.NaN)],
  [3, new Double(-Infinity)],
  [4, Long.MIN_VALUE],
  [5, new Double(-1.5)],
  [6, Decimal128.fromString('-1.25')],
  [7, new Int32(0)],
  [7, new Double(-0)],
  [8, Decimal128.fromString('1E-400')],
  [9, Decimal128.fromString('0.1')],
  [10, new Double(0.1)],
  [11, new Int32(1)],
  [11, Long.fromNumber(1)],
  [11, Decimal128.fromString('1.00')],
  [12, Decimal128.fromString('1.000000000000000000000000000000001')],
  [13, new Double(2 ** 53)],
  [14, Long.fromString('9007199254740993')],
  [15, new Double(2 ** 53 + 2)],
  [16, Long.MAX_VALUE],
  [17, new Double(2 ** 63)],
  [18, Decimal128.fromString('1E+6000')],
  [19, new Double(Infinity)],
  [20, ''],
  [21, 'A'],
  [22, 'a'],
  [23, 'a\u0000b'],
  [24, 'ab'],
  [25, 'é'],
  [26, '\uffee'],
  [27, '🅿'],
  [28, {}],
  [29, { a: 1 }],
  [30, { a: 1, b: 1 }],
  [31, { a: 2 }],
  [32, { b: 0 }],
  [33, { a: 'x' }],
  [34, Buffer.from([9])],
  [35, Buffer.from([1, 2])],
  [36, new ObjectId('000000000000000000000001')],
  [37, new ObjectId('0000000000000000000000ff')],
  [38, false],
  [39, true],
  [40, new Date(-1)],
  [41, new Date(0)],
  [42, new Date(1_700_000_000_000)],
  [43, new Timestamp({ t: 1, i: 1 })],
  [44, new Timestamp({ t: 1, i: 2 })],
  [45, /a/],
  [46, new MaxKey()],
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
      (a, b) => ((a._id * 17) % 47) - ((b._id * 17) % 47),
    );
    await docs.insertMany(shuffled);
    const ranks = RANKED.map(([rank]) => rank);
    expect((await docs.find().sort({ v: 1 }).toArray()).map(({ rank }) => rank)).toEqual(ranks);
    expect((await docs.find().sort({ v: -1 }).toArray()).map(({ rank }) => rank)).toEqual([...ranks].reverse());
  });

  bothWays('finds equal values whatever their number type', { v: 1 }, async (docs) => {
    await docs.insertMany(RANKED.map(([rank, v]) => ({ rank, v })));
    for (const [rank, value] of RANKED.filter(([, v]) => !(v instanceof RegExp))) {
      const found = await docs.find({ v: { $eq: value } }).toArray();
      const expected = RANKED.filter(([other]) => other === rank).length;
      expect({ rank, found: found.map((doc) => doc.rank) }).toEqual({ rank, found: Array(expected).fill(rank) });
    }
  });

  bothWays('keeps ranges within the type of their bound', { v: 1 }, async (docs) => {
    await docs.insertMany(RANKED.map(([rank, v]) => ({ rank, v })));
    const ranks = async (filter: Document) =>
      (await docs.find(filter).sort({ v: 1 }).toArray()).map(({ rank }) => rank);
    expect(await ranks({ v: { $gt: 1 } })).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
    expect(await ranks({ v: { $gte: 1, $lt: 2 ** 53 } })).toEqual([11, 11, 11, 12]);
    expect(await ranks({ v: { $lt: 0 } })).toEqual([3, 4, 5, 6]);
    expect(await ranks({ v: { $gt: Long.fromString('9007199254740992'), $lte: Long.MAX_VALUE } })).toEqual([
      14, 15, 16,
    ]);
    expect(await ranks({ v: { $lt: Decimal128.fromString('0.2'), $gt: Decimal128.fromString('0') } })).toEqual([
      8, 9, 10,
    ]);
    expect(await ranks({ v: { $gt: 'a' } })).toEqual([23, 24, 25, 26, 27]);
    expect(await ranks({ v: { $lte: new Date(0) } })).toEqual([40, 41]);
    expect(await ranks({ v: { $gte: false } })).toEqual([38, 39]);
    expect(await ranks({ v: { $gt: new ObjectId('000000000000000000000001') } })).toEqual([37]);
    expect(await ranks({ v: { $gte: { a: 1 }, $lt: { b: 0 } } })).toEqual([29, 30, 31]);
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
    expect(await ids(docs.find({ v: { $type: 'null' } }).sort({ _id: 1 }))).toEqual([1, 4]);
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
    expect(await ids(docs.find({ v: { $elemMatch: { $gt: 2, $lt: 4 } } }).sort({ _id: 1 }))).toEqual([2]);
    expect(await ids(docs.find({ v: { $all: [1, 5] } }))).toEqual([1]);
    expect(await ids(docs.find({ v: { $size: 0 } }))).toEqual([4]);
    expect(await ids(docs.find({ v: { $ne: 3 } }).sort({ _id: 1 }))).toEqual([1, 4, 5]);
    expect(await ids(docs.find({ v: { $nin: [3, 5] } }).sort({ _id: 1 }))).toEqual([4, 5]);
    expect(await ids(docs.find({ 'v.0': 3, _id: { $lt: 5 } } as never).sort({ _id: 1 }))).toEqual([2]);
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

  bothWays(
    'of documents match by dotted paths, and by one element with $elemMatch',
    { 'd.x': 1, 'd.y': 1 },
    async (docs) => {
      await docs.insertMany(stored as never);
      expect(await ids(docs.find({ 'd.x': 3 }).sort({ _id: 1 }))).toEqual([1, 3]);
      expect(await ids(docs.find({ 'd.x': 1, 'd.y': 4 }).sort({ _id: 1 }))).toEqual([1, 2]);
      expect(await ids(docs.find({ d: { $elemMatch: { x: 1, y: 4 } } }))).toEqual([2]);
      expect(await ids(docs.find({ 'd.0.x': 1 }).sort({ _id: 1 }))).toEqual([1, 2]);
      expect(await ids(docs.find({ 'd.x': { $in: [1, 3] } }).sort({ _id: 1 }))).toEqual([1, 2, 3]);
    },
  );
});

describe('filters', () => {
  const stored = [
    { _id: 1, name: '분당_정자역_1구역', n: 1, status: 'reserved' },
    { _id: 2, name: '분당_서현역', n: 2, status: 'canceled' },
    { _id: 3, name: 'Lot 3', n: 3, status: 'reserved' },
    { _id: 4, name: 'lot 4', n: 4 },
  ];

  bothWays('combine with $and, $or, $nor and $not', { n: 1 }, async (docs) => {
    await docs.insertMany(stored as never);
    expect(await ids(docs.find({ $or: [{ n: 1 }, { n: { $gt: 3 } }] }).sort({ n: 1 }))).toEqual([1, 4]);
    expect(await ids(docs.find({ $or: [{ n: { $lt: 3 } }, { n: { $gte: 2, $lt: 4 } }] }).sort({ n: -1 }))).toEqual([
      3, 2, 1,
    ]);
    expect(await ids(docs.find({ $or: [{ n: 4 }, { status: 'canceled' }] }).sort({ n: 1 }))).toEqual([2, 4]);
    expect(await ids(docs.find({ $and: [{ n: { $gt: 1 } }, { n: { $lt: 4 } }], status: 'reserved' }))).toEqual([3]);
    expect(await ids(docs.find({ $nor: [{ n: 1 }, { status: 'canceled' }] }).sort({ n: 1 }))).toEqual([3, 4]);
    expect(await ids(docs.find({ n: { $not: { $gt: 2 } } }).sort({ n: 1 }))).toEqual([1, 2]);
    expect(await ids(docs.find({ n: { $gt: 3, $lt: 2 } }))).toEqual([]);
    expect(await ids(docs.find({ n: { $in: [] } }))).toEqual([]);
    expect(await ids(docs.find({ n: { $in: [4, 1, 4] } }).sort({ n: 1 }))).toEqual([1, 4]);
    expect(await ids(docs.find({ n: { $mod: [2, 0] } }).sort({ n: 1 }))).toEqual([2, 4]);
    expect(await ids(docs.find({ $expr: { $gt: ['$n', 2] } }).sort({ n: 1 }))).toEqual([3, 4]);
  });

  bothWays('match texts by regular expressions', { name: 1 }, async (docs) => {
    await docs.insertMany(stored as never);
    expect(await ids(docs.find({ name: /^분당/ }).sort({ _id: 1 }))).toEqual([1, 2]);
    expect(await ids(docs.find({ name: /^lot/ }).sort({ _id: 1 }))).toEqual([4]);
    expect(await ids(docs.find({ name: /^lot/i }).sort({ _id: 1 }))).toEqual([3, 4]);
    expect(await ids(docs.find({ name: { $regex: '^Lot?', $options: '' } }).sort({ _id: 1 }))).toEqual([3]);
    expect(await ids(docs.find({ name: { $regex: '^x|^Lot' } }))).toEqual([3]);
    expect(await ids(docs.find({ name: { $in: [/현역$/, 'lot 4'] } }).sort({ _id: 1 }))).toEqual([2, 4]);
    expect(await ids(docs.find({ name: { $not: /lot/i } }).sort({ _id: 1 }))).toEqual([1, 2]);
  });

  it('select by type', async () => {
    const docs = server.collection();
    await docs.insertMany([
      { _id: 1, v: 1 },
      { _id: 2, v: 1.5 },
      { _id: 3, v: 'x' },
      { _id: 4, v: Long.fromNumber(1) },
    ] as never);
    expect(await ids(docs.find({ v: { $type: 'number' } }).sort({ _id: 1 }))).toEqual([1, 2, 4]);
    expect(await ids(docs.find({ v: { $type: 'long' } }))).toEqual([4]);
    expect(await ids(docs.find({ v: { $type: ['double', 'string'] } }).sort({ _id: 1 }))).toEqual([2, 3]);
  });

  it.each([
    ['an unknown operator', { a: { $foo: 1 } }],
    ['an unknown top-level operator', { $foo: [] }],
    ['$in without an array', { a: { $in: 5 } }],
    ['an empty $or', { $or: [] }],
    ['$or without an array', { $or: { a: 1 } }],
    ['$not of a value', { a: { $not: 5 } }],
    ['$size of a text', { a: { $size: 'x' } }],
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

describe('sort, skip, limit and projection', () => {
  it('page through compound keys', async () => {
    const docs = server.collection();
    await docs.insertMany(Array.from({ length: 60 }, (_, n) => ({ _id: n as never, a: n % 3, b: n % 4, c: 'x' })));
    const wanted = Array.from({ length: 60 }, (_, n) => n).sort(
      (x, y) => (x % 3) - (y % 3) || (y % 4) - (x % 4) || x - y,
    );
    const sorted = docs.find().sort({ a: 1, b: -1, _id: 1 });
    expect(await ids(sorted.clone().skip(10).limit(20))).toEqual(wanted.slice(10, 30));
    expect(await ids(sorted.clone().skip(55).limit(20))).toEqual(wanted.slice(55));
    expect(await ids(sorted.clone().skip(100))).toEqual([]);
    expect(await ids(sorted.clone().limit(-5))).toEqual(wanted.slice(0, 5));
  });

  it.each([
    ['inclusion', { a: 1, 'b.x': 1 }, { _id: 1, a: 1, b: { x: 1 } }],
    ['inclusion without _id', { a: 1, _id: 0 }, { a: 1 }],
    ['exclusion', { b: 0, c: 0 }, { _id: 1, a: 1 }],
    ['exclusion below a path', { 'b.x': 0, c: 0 }, { _id: 1, a: 1, b: { y: 2 } }],
    ['only _id', { _id: 1 }, { _id: 1 }],
    ['fields of array elements', { 'c.x': 1, _id: 0 }, { c: [{ x: 1 }, {}] }],
    ['a slice of an array', { c: { $slice: 1 }, a: 1 }, { _id: 1, a: 1, c: [{ x: 1 }] }],
    ['the first element that matches', { c: { $elemMatch: { y: 3 } }, _id: 0 }, { c: [{ y: 3 }] }],
    ['a field that is not there', { nope: 1, _id: 0 }, {}],
  ])('project %s', async (_name, projection, expected) => {
    const docs = server.collection();
    await docs.insertOne({ _id: 1 as never, a: 1, b: { x: 1, y: 2 }, c: [{ x: 1 }, { y: 3 }] });
    expect(await docs.findOne({}, { projection: projection as never })).toEqual(expected);
  });

  it('refuse a mix of inclusion and exclusion, and odd directions', async () => {
    const docs = server.collection();
    expect(await refusal(docs.findOne({}, { projection: { a: 1, b: 0 } }))).toMatchObject({ code: 31254 });
    expect(await refusal(docs.findOne({}, { projection: { a: 0, b: 1 } }))).toMatchObject({ code: 31253 });
    expect(await refusal(docs.aggregate([{ $sort: { a: 2 } }]).toArray())).toMatchObject({ code: 15975 });
  });
});

describe('count and distinct', () => {
  bothWays('count matches with skip and limit', { n: 1 }, async (docs) => {
    await docs.insertMany(Array.from({ length: 50 }, (_, n) => ({ n, half: n % 2 })));
    expect(await docs.countDocuments({})).toBe(50);
    expect(await docs.countDocuments({ n: { $gte: 10, $lt: 20 } })).toBe(10);
    expect(await docs.countDocuments({ n: { $gte: 10, $lt: 20 }, half: 1 })).toBe(5);
    expect(await docs.countDocuments({ n: { $gte: 10 } }, { skip: 5, limit: 7 })).toBe(7);
    expect(await docs.countDocuments({ n: 99 })).toBe(0);
    expect(await docs.estimatedDocumentCount()).toBe(50);
  });

  it('give each value once, arrays unfolded', async () => {
    const docs = server.collection();
    await docs.insertMany([{ v: 1 }, { v: Long.fromNumber(1) }, { v: [2, 3] }, { v: 3 }, { v: null }, {}]);
    expect(await docs.distinct('v')).toEqual([null, 1, 2, 3]);
    expect(await docs.distinct('v', { v: { $gt: 2 } })).toEqual([2, 3]);
  });
});
