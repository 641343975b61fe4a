import { Double, Int32, Long } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { refusal, useServer } from './server.ts';

const server = useServer();

const orders = async () => {
  const docs = server.collection();
  await docs.insertMany([
    { _id: 1, lot: 'a', status: 'reserved', amount: 5000 },
    { _id: 2, lot: 'a', status: 'canceled', amount: 3000 },
    { _id: 3, lot: 'b', status: 'reserved', amount: 2000 },
    { _id: 4, lot: null, status: 'reserved', amount: 1000 },
    { _id: 5, status: 'reserved', amount: 'unknown' },
  ] as never);
  return docs;
};

describe('aggregate', () => {
  it.each<[string, object[], unknown[]]>([
    [
      'sums of everything',
      [{ $group: { _id: null, lots: { $sum: 1 }, amount: { $sum: '$amount' } } }],
      [{ _id: null, lots: 5, amount: 11_000 }],
    ],
    [
      'sums of what several $match leave',
      [
        { $match: { status: 'reserved' } },
        { $match: { _id: { $lt: 4 } } },
        { $group: { _id: 1, n: { $sum: '$amount' } } },
      ],
      [{ _id: 1, n: 7000 }],
    ],
    [
      'a sum of at most some documents',
      [{ $match: { _id: { $gt: 1 } } }, { $limit: 2 }, { $group: { _id: 1, n: { $sum: 1 } } }],
      [{ _id: 1, n: 2 }],
    ],
    ['$group of nothing', [{ $match: { lot: 'z' } }, { $group: { _id: null, n: { $sum: 1 } } }], []],
  ])('runs %s', async (_name, pipeline, expected) => {
    const docs = await orders();
    expect(await docs.aggregate(pipeline).toArray()).toEqual(expected);
  });

  it.each([
    ['small numbers', [new Int32(1), new Int32(2)], new Int32(3)],
    ['numbers over 32 bits', [new Int32(2 ** 31 - 1), new Int32(1)], Long.fromNumber(2 ** 31)],
    ['numbers over 53 bits', [Long.fromString('9007199254740993'), new Int32(1)], Long.fromString('9007199254740994')],
    ['doubles', [new Double(3e9), new Int32(1)], new Double(3e9 + 1)],
  ])('sums %s exactly and gives the sum its type', async (_case, values, sum) => {
    const docs = server.collection();
    await docs.insertMany(values.map((n) => ({ n })));
    const group = { $group: { _id: null, n: { $sum: '$n' } } };
    const [found] = await docs.aggregate([group], { promoteValues: false }).toArray();
    expect(found?.n).toEqual(sum);
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
    ['a stage of two fields', [{ $match: {}, $limit: 1 }], 40323],
    ['a $match that is no document', [{ $match: 1 }, { $group: { _id: 1 } }], 15959],
    ['a limit of 0', [{ $limit: 0 }, { $group: { _id: 1 } }], 15958],
    ['a negative limit', [{ $limit: -1 }, { $group: { _id: 1 } }], 5107201],
    ['a limit that is no whole number', [{ $limit: 'a' }, { $group: { _id: 1 } }], 5107201],
    ['an unknown operator in $match', [{ $match: { a: { $foo: 1 } } }, { $group: { _id: 1 } }], 2],
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
