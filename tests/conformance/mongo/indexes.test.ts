import { describe, expect, it } from 'vitest';
import { refusal, stagesOf, useServer } from './server.ts';

const server = useServer();

describe('unique indexes', () => {
  it('refuse a second document with the key, telling pattern and value', async () => {
    const docs = server.collection();
    await docs.createIndex({ lotId: 1, carNumber: 1 }, { unique: true });
    await docs.insertOne({ lotId: 'a', carNumber: '10더8612' });
    await docs.insertOne({ lotId: 'b', carNumber: '10더8612' });
    expect(await refusal(docs.insertOne({ lotId: 'a', carNumber: '10더8612' }))).toMatchObject({
      code: 11000,
      keyPattern: { lotId: 1, carNumber: 1 },
      keyValue: { lotId: 'a', carNumber: '10더8612' },
    });
  });

  it('refuse an update into a taken key and leave both documents', async () => {
    const docs = server.collection();
    await docs.createIndex({ k: 1 }, { unique: true });
    await docs.insertMany([
      { _id: 1, k: 'a' },
      { _id: 2, k: 'b' },
    ] as never);
    expect(await refusal(docs.updateOne({ _id: 2 as never }, { $set: { k: 'a' } }))).toMatchObject({ code: 11000 });
    expect(await docs.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 1, k: 'a' },
      { _id: 2, k: 'b' },
    ]);
    await docs.updateOne({ _id: 1 as never }, { $set: { k: 'c' } });
    await docs.updateOne({ _id: 2 as never }, { $set: { k: 'a' } });
    expect(await docs.distinct('k')).toEqual(['a', 'c']);
  });

  it('count a missing field as null', async () => {
    const docs = server.collection();
    await docs.createIndex({ k: 1 }, { unique: true });
    await docs.insertOne({ other: 1 });
    expect(await refusal(docs.insertOne({ other: 2 }))).toMatchObject({ code: 11000 });
    expect(await refusal(docs.insertOne({ k: null }))).toMatchObject({ code: 11000 });
  });

  it('hold for the elements of arrays', async () => {
    const docs = server.collection();
    await docs.createIndex({ k: 1 }, { unique: true });
    await docs.insertOne({ k: [1, 2, 2] });
    expect(await refusal(docs.insertOne({ k: [3, 2] }))).toMatchObject({ code: 11000 });
    await docs.insertOne({ k: [3, 4] });
  });

  it('that are sparse or partial leave out what they do not cover', async () => {
    const sparse = server.collection();
    await sparse.createIndex({ k: 1 }, { unique: true, sparse: true });
    await sparse.insertMany([{ a: 1 }, { a: 2 }, { k: 1 }]);
    expect(await refusal(sparse.insertOne({ k: 1 }))).toMatchObject({ code: 11000 });
    expect(await sparse.find({ k: null }).toArray()).toHaveLength(2);

    const partial = server.collection();
    await partial.createIndex({ car: 1 }, { unique: true, partialFilterExpression: { status: 'open' } });
    await partial.insertMany([
      { car: 1, status: 'closed' },
      { car: 1, status: 'closed' },
      { car: 1, status: 'open' },
    ]);
    expect(await refusal(partial.insertOne({ car: 1, status: 'open' }))).toMatchObject({ code: 11000 });
    expect(await partial.countDocuments({ car: 1 })).toBe(3);
    expect(await partial.countDocuments({ car: 1, status: 'open' })).toBe(1);
  });

  it('are not made over documents that break them', async () => {
    const docs = server.collection();
    await docs.insertMany([{ k: 1 }, { k: 1 }]);
    expect(await refusal(docs.createIndex({ k: 1 }, { unique: true }))).toMatchObject({ code: 11000 });
    expect((await docs.indexes()).map(({ name }) => name)).toEqual(['_id_']);
    await docs.insertOne({ k: 1 });
  });
});

describe('createIndexes', () => {
  it('is listed, is idempotent, and is dropped by name', async () => {
    const docs = server.collection();
    expect(await docs.createIndex({ a: 1, b: -1 })).toBe('a_1_b_-1');
    expect(await docs.createIndex({ a: 1, b: -1 })).toBe('a_1_b_-1');
    expect(
      await docs.createIndexes([
        { key: { c: 1 }, name: 'by_c' },
        { key: { d: 1 }, unique: true },
      ]),
    ).toEqual(['by_c', 'd_1']);
    const listed = await docs.listIndexes().toArray();
    expect(listed).toMatchObject([
      { key: { _id: 1 }, name: '_id_' },
      { key: { a: 1, b: -1 }, name: 'a_1_b_-1' },
      { key: { c: 1 }, name: 'by_c' },
      { key: { d: 1 }, name: 'd_1', unique: true },
    ]);
    await docs.dropIndex('by_c');
    expect(await docs.indexExists('by_c')).toBe(false);
    expect(await refusal(docs.dropIndex('by_c'))).toMatchObject({ code: 27 });
    await docs.dropIndexes();
    expect((await docs.indexes()).map(({ name }) => name)).toEqual(['_id_']);
  });

  it('refuses another index under a name or over keys that are taken', async () => {
    const docs = server.collection();
    await docs.createIndex({ a: 1 });
    expect(await refusal(docs.createIndex({ b: 1 }, { name: 'a_1' }))).toMatchObject({ code: 86 });
    expect(await refusal(docs.createIndex({ a: 1 }, { unique: true }))).toMatchObject({ code: 86 });
    expect(await refusal(docs.createIndex({ a: 1 }, { name: 'other' }))).toMatchObject({ code: 85 });
    expect(await refusal(docs.dropIndex('_id_'))).toMatchObject({ code: 72 });
  });

  it('refuses two arrays in one index', async () => {
    const docs = server.collection();
    await docs.createIndex({ a: 1, b: 1 });
    expect(await refusal(docs.insertOne({ a: [1], b: [2] }))).toMatchObject({ code: 171 });
    expect(await docs.countDocuments()).toBe(0);
  });

  it('covers documents that were there before', async () => {
    const docs = server.collection();
    await docs.insertMany(Array.from({ length: 1500 }, (_, n) => ({ n })));
    await docs.createIndex({ n: 1 });
    expect(
      (
        await docs
          .find({ n: { $gte: 1490 } })
          .sort({ n: -1 })
          .toArray()
      ).map(({ n }) => n),
    ).toEqual([1499, 1498, 1497, 1496, 1495, 1494, 1493, 1492, 1491, 1490]);
  });

  it('of a collection that is not there is listed as an error', async () => {
    expect(await refusal(server.collection().listIndexes().toArray())).toMatchObject({ code: 26 });
  });
});

describe('an indexed query', () => {
  const LOTS = 4000;

  async function reservations() {
    const docs = server.collection();
    await docs.createIndexes([
      { key: { customerId: 1, status: 1, at: 1, _id: 1 } },
      { key: { at: 1, _id: 1 } },
      { key: { tags: 1 } },
    ]);
    await docs.insertMany(
      Array.from({ length: LOTS }, (_, n) => ({
        _id: `r${String(n).padStart(5, '0')}` as never,
        customerId: `CUST${n % 10}`,
        status: n % 4 === 0 ? 'canceled' : 'reserved',
        at: new Date(1_700_000_000_000 + Math.floor(n / 3)),
        tags: [`t${n % 100}`, 'all'],
      })),
    );
    return docs;
  }

  it('reads its rows and no others', async () => {
    const docs = await reservations();
    const at = new Date(1_700_000_000_500);
    const after = 'r01501';
    const cursor = [{ at: { $gt: at } }, { at, _id: { $gt: after } }];
    const queries = [
      docs.find({ _id: { $in: ['r00001', 'r00005', 'nope'] as never[] } }),
      docs.find({ customerId: 'CUST3', status: 'reserved' }).sort({ at: 1, _id: 1 }).limit(51),
      docs.find({ customerId: 'CUST3', status: 'reserved' }).sort({ at: -1, _id: -1 }).limit(51),
      docs
        .find({ customerId: 'CUST3', status: 'reserved', at: { $gte: at } })
        .sort({ at: 1 })
        .limit(51),
      docs
        .find({ customerId: 'CUST3', status: 'reserved', $or: cursor } as never)
        .sort({ at: 1, _id: 1 })
        .limit(51),
      docs.find({ at: { $gt: at, $lt: new Date(at.getTime() + 10) } }),
      docs.find().sort({ at: -1, _id: -1 }).limit(51),
      docs.find({ tags: 't42' }),
    ];
    for (const query of queries) {
      const { executionStats, queryPlanner } = await query.clone().explain('executionStats');
      const found = await query.toArray();
      expect(executionStats.nReturned).toBe(found.length);
      expect(executionStats.totalDocsExamined).toBe(found.length);
      expect(stagesOf(queryPlanner.winningPlan)).not.toContain('COLLSCAN');
      expect(stagesOf(queryPlanner.winningPlan)).not.toContain('SORT');
    }
  });

  it('pages by a cursor condition through everything, once, in order', async () => {
    const docs = await reservations();
    const wanted = (await docs.find({ customerId: 'CUST7', status: 'reserved' }).toArray())
      .sort((a, b) => a.at - b.at || (a._id < b._id ? -1 : 1))
      .map(({ _id }) => _id);
    const seen: unknown[] = [];
    let last: { at: Date; _id: unknown } | undefined;
    for (;;) {
      const rest = last ? { $or: [{ at: { $gt: last.at } }, { at: last.at, _id: { $gt: last._id } }] } : {};
      const page = await docs
        .find({ customerId: 'CUST7', status: 'reserved', ...rest } as never)
        .sort({ at: 1, _id: 1 })
        .limit(23)
        .toArray();
      seen.push(...page.map(({ _id }) => _id));
      if (page.length < 23) break;
      last = page.at(-1) as never;
    }
    expect(seen).toEqual(wanted);
  });

  it('is told apart from a scan by explain', async () => {
    const docs = await reservations();
    const { queryPlanner } = await docs.find({ nowhere: 1 }).explain('queryPlanner');
    expect(stagesOf(queryPlanner.winningPlan)).toContain('COLLSCAN');
  });

  it('obeys a hint, and refuses one that names no index', async () => {
    const docs = await reservations();
    const hinted = docs.find({ customerId: 'CUST3' }).hint({ at: 1, _id: 1 });
    expect(await hinted.toArray()).toHaveLength(LOTS / 10);
    expect(await refusal(docs.find({}).hint('nope').toArray())).toMatchObject({ code: 2 });
  });
});
