import { Double, Int32, Long } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { refusal, useServer } from './server.ts';

const server = useServer();

const orders = async () => {
  const docs = server.collection();
  await docs.insertMany([
    { _id: 1, lot: 'a', status: 'reserved', amount: 5000, at: { floor: 1 }, items: [{ n: 1 }, { n: 2 }, 3] },
    { _id: 2, lot: 'a', status: 'canceled', amount: 3000, at: { floor: 2 } },
    { _id: 3, lot: 'b', status: 'reserved', amount: 2000, at: { floor: 1 } },
    { _id: 4, lot: null, status: 'reserved', amount: 1000.5 },
    { _id: 5, status: 'reserved', amount: 'unknown' },
  ] as never);
  return docs;
};

describe('aggregate', () => {
  it.each<[string, object[], unknown[]]>([
    [
      '$match, $sort, $limit and $project',
      [{ $match: { status: 'reserved' } }, { $sort: { _id: -1 } }, { $limit: 2 }, { $project: { amount: 1, _id: 0 } }],
      [{ amount: 'unknown' }, { amount: 1000.5 }],
    ],
    [
      '$limit before $match',
      [{ $sort: { _id: 1 } }, { $limit: 2 }, { $match: { status: 'reserved' } }, { $project: { _id: 1 } }],
      [{ _id: 1 }],
    ],
    [
      '$sort, $limit and $sort again',
      [{ $sort: { _id: -1 } }, { $limit: 3 }, { $sort: { _id: 1 } }, { $project: { _id: 1 } }],
      [{ _id: 3 }, { _id: 4 }, { _id: 5 }],
    ],
    [
      '$group of everything and $unset',
      [{ $group: { _id: null, lots: { $sum: 1 }, amount: { $sum: '$amount' } } }, { $unset: '_id' }],
      [{ lots: 5, amount: 11_000.5 }],
    ],
    ['$group of nothing', [{ $match: { lot: 'z' } }, { $group: { _id: null, n: { $sum: 1 } } }], []],
    [
      '$group by a field, where missing is null',
      [{ $group: { _id: '$lot', n: { $sum: 1 } } }, { $sort: { _id: 1 } }],
      [
        { _id: null, n: 2 },
        { _id: 'a', n: 2 },
        { _id: 'b', n: 1 },
      ],
    ],
    [
      '$group by a path below a field',
      [
        { $match: { _id: { $lt: 4 } } },
        { $group: { _id: '$at.floor', n: { $sum: '$amount' } } },
        { $sort: { _id: 1 } },
      ],
      [
        { _id: 1, n: 7000 },
        { _id: 2, n: 3000 },
      ],
    ],
    [
      '$group by a path through an array',
      [{ $match: { _id: 1 } }, { $group: { _id: '$items.n', n: { $sum: '$items.n' } } }],
      [{ _id: [1, 2], n: 0 }],
    ],
    [
      '$unset of several fields',
      [{ $match: { _id: 2 } }, { $unset: ['_id', 'at.floor', 'status', 'lot'] }],
      [{ amount: 3000, at: {} }],
    ],
  ])('runs %s', async (_name, pipeline, expected) => {
    const docs = await orders();
    expect(await docs.aggregate(pipeline).toArray()).toEqual(expected);
  });

  it('sums whole numbers exactly and gives the sum its type', async () => {
    const docs = server.collection();
    await docs.insertMany([
      { g: 'int', n: new Int32(1) },
      { g: 'int', n: new Int32(2) },
      { g: 'large', n: new Int32(2 ** 31 - 1) },
      { g: 'large', n: new Int32(1) },
      { g: 'long', n: Long.fromString('9007199254740993') },
      { g: 'long', n: new Int32(1) },
      ...Array.from({ length: 10 }, () => ({ g: 'tenths', n: 0.1 })),
    ]);
    const sums = await docs
      .aggregate([{ $group: { _id: '$g', n: { $sum: '$n' } } }, { $sort: { _id: 1 } }], { promoteValues: false })
      .toArray();
    expect(sums.map(({ n }) => n)).toEqual([
      new Int32(3),
      Long.fromNumber(2 ** 31),
      Long.fromString('9007199254740994'),
      new Double(1),
    ]);
  });

  it('comes in batches', async () => {
    const docs = server.collection();
    await docs.insertMany(Array.from({ length: 300 }, (_, n) => ({ n, other: 1 })));
    const found = await docs.aggregate([{ $sort: { n: 1 } }, { $unset: 'other' }], { batchSize: 13 }).toArray();
    expect(found.map(({ n }) => n)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('of a missing collection is empty', async () => {
    const missing = server.collection();
    expect(await missing.aggregate([{ $group: { _id: null, n: { $sum: 1 } } }]).toArray()).toEqual([]);
  });

  it.each([
    ['an unknown stage', [{ $foo: 1 }], 40324],
    ['an unknown accumulator', [{ $group: { _id: null, n: { $foo: 1 } } }], 15952],
    ['an unknown operator in an accumulator', [{ $group: { _id: null, n: { $sum: { $foo: 1 } } } }], 168],
    ['an unknown operator in _id', [{ $group: { _id: { $foo: 1 } } }], 168],
    ['a $group without _id', [{ $group: { n: { $sum: 1 } } }], 15955],
    ['a $group that is no document', [{ $group: 1 }], 15947],
    ['a dotted name in $group', [{ $group: { _id: 1, 'a.b': { $sum: 1 } } }], 40235],
    ['a constant as an accumulator', [{ $group: { _id: 1, a: 1 } }], 40234],
    ['a variable', [{ $group: { _id: 1, a: { $sum: '$$x' } } }], 17276],
    ['an empty path', [{ $group: { _id: 1, a: { $sum: '$' } } }], 16872],
    ['an empty part of a path', [{ $group: { _id: 1, a: { $sum: '$a..b' } } }], 15998],
    ['a stage of two fields', [{ $match: {}, $limit: 1 }], 40323],
    ['a $match that is no document', [{ $match: 1 }], 15959],
    ['a limit of 0', [{ $limit: 0 }], 15958],
    ['a negative limit', [{ $limit: -1 }], 5107201],
    ['a limit that is no whole number', [{ $limit: 'a' }], 5107201],
    ['an odd direction', [{ $sort: { a: 2 } }], 15975],
    ['an empty $sort', [{ $sort: {} }], 15976],
    ['an empty $unset', [{ $unset: [] }], 31119],
    ['an $unset of a number', [{ $unset: 1 }], 31002],
    ['an unknown operator in $match', [{ $match: { a: { $foo: 1 } } }], 2],
  ])('refuses %s', async (_name, pipeline, code) => {
    const docs = await orders();
    expect(await refusal(docs.aggregate(pipeline).toArray())).toMatchObject({ code });
  });

  it('refuses a pipeline that is not an array, and a command without a cursor', async () => {
    const { collectionName: aggregate } = await orders();
    expect(await refusal(server.db.command({ aggregate, pipeline: 1, cursor: {} }))).toMatchObject({ code: 14 });
    expect(await refusal(server.db.command({ aggregate, pipeline: [1], cursor: {} }))).toMatchObject({ code: 14 });
    expect(await refusal(server.db.command({ aggregate, pipeline: [] }))).toMatchObject({ code: 9 });
  });
});
