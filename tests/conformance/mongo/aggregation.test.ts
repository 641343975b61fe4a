import { Decimal128, Long } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { refusal, useServer } from './server.ts';

const server = useServer();

async function orders() {
  const docs = server.collection();
  await docs.insertMany([
    { _id: 1, lot: 'a', status: 'reserved', amount: 5000, tags: ['x', 'y'], at: new Date(1000) },
    { _id: 2, lot: 'a', status: 'canceled', amount: 3000, tags: [], at: new Date(2000) },
    { _id: 3, lot: 'b', status: 'reserved', amount: 2000, tags: ['x'], at: new Date(3000) },
    { _id: 4, lot: 'c', status: 'reserved', amount: 1000.5, at: new Date(4000) },
  ] as never);
  return docs;
}

describe('aggregate', () => {
  it.each<[string, object[], unknown[]]>([
    [
      '$match, $sort, $skip and $limit',
      [
        { $match: { status: 'reserved' } },
        { $sort: { _id: -1 } },
        { $skip: 1 },
        { $limit: 1 },
        { $project: { lot: 1 } },
      ],
      [{ _id: 3, lot: 'b' }],
    ],
    [
      '$limit before $match',
      [{ $sort: { _id: 1 } }, { $limit: 2 }, { $match: { status: 'reserved' } }, { $project: { _id: 1 } }],
      [{ _id: 1 }],
    ],
    [
      '$sort before $match after $limit',
      [{ $sort: { _id: -1 } }, { $limit: 3 }, { $sort: { _id: 1 } }, { $project: { _id: 1 } }],
      [{ _id: 2 }, { _id: 3 }, { _id: 4 }],
    ],
    [
      '$group with $sum, $avg, $min, $max and $count',
      [
        {
          $group: {
            _id: '$lot',
            total: { $sum: '$amount' },
            mean: { $avg: '$amount' },
            least: { $min: '$amount' },
            last: { $max: '$at' },
            n: { $count: {} },
          },
        },
        { $sort: { _id: 1 } },
      ],
      [
        { _id: 'a', total: 8000, mean: 4000, least: 3000, last: new Date(2000), n: 2 },
        { _id: 'b', total: 2000, mean: 2000, least: 2000, last: new Date(3000), n: 1 },
        { _id: 'c', total: 1000.5, mean: 1000.5, least: 1000.5, last: new Date(4000), n: 1 },
      ],
    ],
    [
      '$group by a document, with conditions',
      [
        {
          $group: {
            _id: { status: '$status' },
            big: { $sum: { $cond: [{ $gte: ['$amount', 2000] }, 1, 0] } },
            ids: { $push: '$_id' },
          },
        },
        { $sort: { '_id.status': 1 } },
      ],
      [
        { _id: { status: 'canceled' }, big: 1, ids: [2] },
        { _id: { status: 'reserved' }, big: 2, ids: [1, 3, 4] },
      ],
    ],
    ['$group of everything, then $unset', [{ $group: { _id: null, n: { $sum: 1 } } }, { $unset: '_id' }], [{ n: 4 }]],
    ['$group of nothing', [{ $match: { lot: 'z' } }, { $group: { _id: null, n: { $sum: 1 } } }], []],
    [
      '$group with $first, $last and $addToSet',
      [
        { $sort: { _id: 1 } },
        { $group: { _id: null, first: { $first: '$lot' }, last: { $last: '$lot' }, set: { $addToSet: '$status' } } },
        { $project: { first: 1, last: 1, kinds: { $size: '$set' } } },
      ],
      [{ _id: null, first: 'a', last: 'c', kinds: 2 }],
    ],
    ['$count', [{ $match: { lot: 'a' } }, { $count: 'n' }], [{ n: 2 }]],
    [
      '$project with expressions',
      [
        { $match: { _id: 1 } },
        { $project: { _id: 0, double: { $multiply: ['$amount', 2] }, where: '$lot', when: { $year: '$at' } } },
      ],
      [{ double: 10000, where: 'a', when: 1970 }],
    ],
    [
      '$addFields',
      [{ $match: { _id: 3 } }, { $addFields: { isBig: { $gt: ['$amount', 1000] } } }, { $project: { isBig: 1 } }],
      [{ _id: 3, isBig: true }],
    ],
    [
      '$unwind',
      [{ $unwind: '$tags' }, { $sort: { _id: 1, tags: 1 } }, { $project: { tags: 1 } }],
      [
        { _id: 1, tags: 'x' },
        { _id: 1, tags: 'y' },
        { _id: 3, tags: 'x' },
      ],
    ],
    [
      '$unwind that keeps the empty',
      [{ $unwind: { path: '$tags', preserveNullAndEmptyArrays: true } }, { $count: 'n' }],
      [{ n: 5 }],
    ],
    [
      '$sortByCount',
      [{ $sortByCount: '$status' }],
      [
        { _id: 'reserved', count: 3 },
        { _id: 'canceled', count: 1 },
      ],
    ],
    [
      '$facet',
      [{ $facet: { n: [{ $count: 'n' }], top: [{ $sort: { amount: -1 } }, { $limit: 1 }, { $project: { _id: 1 } }] } }],
      [{ n: [{ n: 4 }], top: [{ _id: 1 }] }],
    ],
    [
      '$replaceRoot',
      [{ $match: { _id: 1 } }, { $replaceRoot: { newRoot: { lot: '$lot', n: { $literal: 1 } } } }],
      [{ lot: 'a', n: 1 }],
    ],
  ])('runs %s', async (_name, pipeline, expected) => {
    const docs = await orders();
    expect(await docs.aggregate(pipeline).toArray()).toEqual(expected);
  });

  it('looks up documents of another collection', async () => {
    const docs = await orders();
    const lots = server.collection();
    await lots.insertMany([
      { _id: 'a', name: 'A' },
      { _id: 'b', name: 'B' },
    ] as never);
    const joined = await docs
      .aggregate([
        { $match: { _id: { $in: [1, 4] } } },
        { $lookup: { from: lots.collectionName, localField: 'lot', foreignField: '_id', as: 'lots' } },
        { $sort: { _id: 1 } },
        { $project: { lots: 1 } },
      ])
      .toArray();
    expect(joined).toEqual([
      { _id: 1, lots: [{ _id: 'a', name: 'A' }] },
      { _id: 4, lots: [] },
    ]);
  });

  it('sums Int64 and Decimal128 without losing a digit', async () => {
    const docs = server.collection();
    await docs.insertMany([
      { long: Long.fromString('9007199254740993'), decimal: Decimal128.fromString('0.1') },
      { long: 1, decimal: Decimal128.fromString('0.2') },
    ]);
    const [sums] = await docs
      .aggregate([{ $group: { _id: null, long: { $sum: '$long' }, decimal: { $sum: '$decimal' } } }])
      .toArray();
    expect(String(sums?.long)).toBe('9007199254740994');
    expect(String(sums?.decimal)).toBe('0.3');
  });

  it('comes in batches', async () => {
    const docs = server.collection();
    await docs.insertMany(Array.from({ length: 300 }, (_, n) => ({ n })));
    const found = await docs.aggregate([{ $sort: { n: 1 } }, { $addFields: { m: '$n' } }], { batchSize: 13 }).toArray();
    expect(found.map(({ m }) => m)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('of a collection that is not there is empty', async () => {
    expect(
      await server
        .collection()
        .aggregate([{ $group: { _id: null, n: { $sum: 1 } } }])
        .toArray(),
    ).toEqual([]);
  });

  it.each([
    ['an unknown stage', [{ $foo: 1 }], 40324],
    ['an unknown accumulator', [{ $group: { _id: null, n: { $foo: 1 } } }], 15952],
    ['a $group without _id', [{ $group: { n: { $sum: 1 } } }], 15955],
    ['a stage of two fields', [{ $match: {}, $limit: 1 }], 40323],
    ['a limit of 0', [{ $limit: 0 }], 15958],
    ['a negative limit', [{ $limit: -1 }], 5107201],
    ['a limit that is no whole number', [{ $limit: 'a' }], 5107201],
    ['a negative skip', [{ $skip: -1 }], 5107200],
    ['a skip that is no whole number', [{ $skip: 1.5 }], 5107200],
    ['an unknown operator in $match', [{ $match: { a: { $foo: 1 } } }], 2],
  ])('refuses %s', async (_name, pipeline, code) => {
    const docs = await orders();
    expect(await refusal(docs.aggregate(pipeline).toArray())).toMatchObject({ code });
  });
});
