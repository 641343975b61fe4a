import { describe, expect, it } from 'vitest';
import { refusal, useServer } from './server.ts';

const server = useServer();

describe('createIndexes', () => {
  it('is listed and is idempotent', async () => {
    const docs = server.collection();
    expect(await docs.createIndex({ a: 1, b: -1 })).toBe('a_1_b_-1');
    expect(await docs.createIndex({ a: 1, b: -1 })).toBe('a_1_b_-1');
    expect(await docs.createIndexes([{ key: { c: 1 }, name: 'by_c' }, { key: { d: 1 } }])).toEqual(['by_c', 'd_1']);
    const listed = await docs.listIndexes().toArray();
    expect(listed).toMatchObject([
      { key: { _id: 1 }, name: '_id_' },
      { key: { a: 1, b: -1 }, name: 'a_1_b_-1' },
      { key: { c: 1 }, name: 'by_c' },
      { key: { d: 1 }, name: 'd_1' },
    ]);
  });

  it('refuses another index under a name or over keys that are taken', async () => {
    const docs = server.collection();
    await docs.createIndex({ a: 1 });
    expect(await refusal(docs.createIndex({ b: 1 }, { name: 'a_1' }))).toMatchObject({ code: 86 });
    expect(await refusal(docs.createIndex({ a: 1 }, { name: 'other' }))).toMatchObject({ code: 85 });
  });

  it.each([
    ['an unknown option', { key: { q: 1 }, name: 'q', foo: 1 }, 197],
    ['no name', { key: { q: 1 } }, 9],
    ['no key', { name: 'q' }, 9],
    ['an empty key', { key: {}, name: 'q' }, 67],
    ['a direction of 0', { key: { q: 0 }, name: 'q' }, 67],
    ['an unknown kind of index', { key: { q: 'unknown' }, name: 'q' }, 67],
    ['a direction that is no number', { key: { q: true }, name: 'q' }, 67],
    ['a field that starts with $', { key: { $q: 1 }, name: 'q' }, 67],
    ['_id descending', { key: { _id: -1 }, name: 'q' }, 2],
  ])('refuses %s', async (_name, index, code) => {
    const { collectionName: createIndexes } = server.collection();
    expect(await refusal(server.db.command({ createIndexes, indexes: [index] }))).toMatchObject({ code });
    expect(await refusal(server.db.command({ createIndexes, indexes: [] }))).toMatchObject({ code: 2 });
  });

  it('refuses two arrays in one index', async () => {
    const docs = server.collection();
    await docs.createIndex({ a: 1, b: 1 });
    expect(await refusal(docs.insertOne({ a: [1], b: [2] }))).toMatchObject({ code: 171 });
    expect(await docs.countDocuments()).toBe(0);
  });

  it('covers existing documents', async () => {
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

  it('of a missing collection is an error', async () => {
    expect(await refusal(server.collection().listIndexes().toArray())).toMatchObject({ code: 26 });
  });
});

describe('an indexed query', () => {
  const LOTS = 4000;

  const reservations = async () => {
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
  };

  it('pages by a cursor condition through every document, once, in order', async () => {
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

  it('finds the texts that begin with a prefix as a range, in the order of code points', async () => {
    const docs = server.collection();
    await docs.createIndexes([{ key: { 'texts.plate': 1, _id: 1 } }, { key: { at: 1, _id: 1 } }]);
    const plates = ['10', '10더1', '10더', '10더힣', '10더\u{10fffd}', '10더\uffe6', '10덕', '1', '11', '', '더'];
    await docs.insertMany([
      ...plates.map((plate, at) => ({ _id: at as never, texts: { plate }, at: plates.length - at })),
      { _id: 99 as never, at: 0 },
      { _id: 98 as never, texts: { plate: null }, at: 0 },
    ]);
    const begins = { 'texts.plate': { $gte: '10더', $lt: '10더\u{10ffff}' } };
    const found = await docs.find(begins).sort({ 'texts.plate': 1, _id: 1 }).toArray();
    expect(found.map(({ texts }) => texts.plate)).toEqual(['10더', '10더1', '10더힣', '10더\uffe6', '10더\u{10fffd}']);
    const byTime = await docs.find(begins).sort({ at: 1, _id: 1 }).toArray();
    expect(byTime.map(({ _id }) => _id)).toEqual([5, 4, 3, 2, 1]);
    expect(await docs.countDocuments(begins)).toBe(5);
    expect(await docs.countDocuments(begins, { limit: 3 })).toBe(3);
    expect(await docs.countDocuments({}, { limit: 2 })).toBe(2);
  });
});
