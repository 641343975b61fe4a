import { setTimeout as pause } from 'node:timers/promises';
import { type Collection, type Document, Long } from 'mongodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusal, useServer } from './server.ts';

const server = useServer();
const numbered = (count: number) => Array.from({ length: count }, (_, n) => ({ _id: n as never, n }));

describe('cursors', () => {
  it('return every document once, with any batch size', async () => {
    const docs = server.collection();
    await docs.insertMany(numbered(500));
    for (const batchSize of [1, 7, 100, 499, 500, 501]) {
      const found = await docs.find().sort({ _id: 1 }).batchSize(batchSize).toArray();
      expect(found.map(({ n }) => n)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    }
  });

  it('return 101 documents first, and then as many as requested', async () => {
    const docs = server.collection();
    await docs.insertMany(numbered(300));
    const first = await server.db.command({ find: docs.collectionName });
    expect(first.cursor.firstBatch).toHaveLength(101);
    expect(first.cursor.ns).toBe(docs.namespace);
    const more = { getMore: first.cursor.id, collection: docs.collectionName };
    const second = await server.db.command({ ...more, batchSize: 50 });
    expect(second.cursor.nextBatch).toHaveLength(50);
    const last = await server.db.command(more);
    expect(last.cursor.nextBatch).toHaveLength(149);
    expect(Number(last.cursor.id)).toBe(0);
  });

  it('that are killed or were never opened are refused with CursorNotFound', async () => {
    const docs = server.collection();
    await docs.insertMany(numbered(10));
    const { cursor } = await server.db.command({ find: docs.collectionName, batchSize: 2 }, { promoteLongs: false });
    const killed = await server.db.command(
      { killCursors: docs.collectionName, cursors: [cursor.id, Long.fromNumber(5)] },
      { promoteLongs: false },
    );
    expect(killed.cursorsKilled.map(String)).toEqual([String(cursor.id)]);
    expect(killed.cursorsNotFound.map(String)).toEqual(['5']);
    const more = server.db.command({ getMore: cursor.id, collection: docs.collectionName });
    expect(await refusal(more)).toMatchObject({ code: 43, codeName: 'CursorNotFound' });
  });

  it('keep a batch below 16 MB', async () => {
    const docs = server.collection();
    const pad = 'x'.repeat(1024 * 1024);
    await docs.insertMany(Array.from({ length: 20 }, (_, n) => ({ n, pad })));
    const { cursor } = await server.db.command({ find: docs.collectionName });
    expect(cursor.firstBatch.length).toBeLessThan(20);
    expect(cursor.firstBatch.length).toBeGreaterThanOrEqual(14);
    expect(await docs.find().toArray()).toHaveLength(20);
  });

  it('with a single batch end after it', async () => {
    const docs = server.collection();
    await docs.insertMany(numbered(10));
    const { cursor } = await server.db.command({ find: docs.collectionName, batchSize: 3, singleBatch: true });
    expect(cursor.firstBatch).toHaveLength(3);
    expect(Number(cursor.id)).toBe(0);
  });

  it('continue during writes, and return no document twice', async () => {
    const docs = server.collection();
    await docs.insertMany(numbered(200));
    const cursor = docs.find().sort({ _id: 1 }).batchSize(20);
    const seen: number[] = [];
    for await (const { n } of cursor) {
      seen.push(n);
      if (n % 20 === 10) await docs.updateOne({ _id: n as never }, { $set: { touched: true } });
      if (n === 50) await docs.deleteOne({ _id: 190 as never });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe(199);
  });
});

describe('collections', () => {
  it('are created by the first write, listed, and dropped', async () => {
    const docs = server.collection();
    expect(await docs.find().toArray()).toEqual([]);
    const names = async () =>
      (await server.db.listCollections({ name: docs.collectionName }).toArray()).map(({ name }) => name);
    expect(await names()).toEqual([]);
    await docs.insertOne({});
    expect(await names()).toEqual([docs.collectionName]);
    expect(await docs.drop()).toBe(true);
    expect(await names()).toEqual([]);
    expect(await docs.countDocuments()).toBe(0);
  });

  it('are created by createCollection, also when they exist', async () => {
    const name = server.collection().collectionName;
    await server.db.createCollection(name);
    await server.db.collection(name).insertOne({});
    await server.db.createCollection(name);
    expect(await server.db.collection(name).countDocuments()).toBe(1);
    expect(await server.db.listCollections({ name }, { nameOnly: true }).toArray()).toEqual([
      { name, type: 'collection' },
    ]);
  });

  it('that are missing are dropped without an error', async () => {
    expect(await server.db.command({ drop: server.collection().collectionName })).toMatchObject({ ok: 1 });
  });

  it('are renamed with their documents and indexes', async () => {
    const docs = server.collection();
    await docs.createIndex({ n: 1 });
    await docs.insertMany(numbered(5));
    const to = server.collection();
    await docs.rename(to.collectionName);
    expect(await to.countDocuments()).toBe(5);
    expect(await docs.countDocuments()).toBe(0);
    expect((await to.indexes()).map(({ name }) => name)).toEqual(['_id_', 'n_1']);
    expect(
      await to
        .find({ n: { $gt: 2 } })
        .sort({ n: -1 })
        .toArray(),
    ).toMatchObject([{ n: 4 }, { n: 3 }]);
  });

  it('replace another one in one step with dropTarget', async () => {
    const live = server.collection();
    const next = server.collection();
    await live.insertOne({ version: 1 });
    await next.insertOne({ version: 2 });
    expect(await refusal(next.rename(live.collectionName))).toMatchObject({ code: 48, codeName: 'NamespaceExists' });
    let stop = false;
    const seen = new Set<number>();
    const reader = (async () => {
      while (!stop) seen.add((await live.findOne({}))?.version ?? 0);
    })();
    await next.rename(live.collectionName, { dropTarget: true });
    expect(await live.findOne({})).toMatchObject({ version: 2 });
    stop = true;
    await reader;
    expect(seen).not.toContain(0);
  });

  it('keep their name, or get one in the form of a namespace', async () => {
    const docs = server.collection();
    await docs.insertOne({});
    const rename = (to: string) => server.client.db('admin').command({ renameCollection: docs.namespace, to });
    expect(await refusal(rename(docs.namespace))).toMatchObject({ code: 20 });
    expect(await refusal(rename('nothing'))).toMatchObject({ code: 73 });
    const elsewhere = server.db.command({ renameCollection: docs.namespace, to: 'a.b' });
    expect(await refusal(elsewhere)).toMatchObject({ code: 13 });
  });

  it('that do not exist cannot be renamed', async () => {
    expect(await refusal(server.collection().rename('other'))).toMatchObject({
      code: 26,
      codeName: 'NamespaceNotFound',
    });
  });

  it('have no names that are empty, reserved or contain $', async () => {
    for (const insert of ['', 'a$b', '.a']) {
      expect(await refusal(server.db.command({ insert, documents: [{}] }))).toMatchObject({ code: 73 });
    }
  });

  it('are dropped with their database', async () => {
    const other = server.client.db(`${server.db.databaseName}_other`);
    await other.collection('a').insertOne({});
    await other.collection('b').insertOne({});
    await other.dropDatabase();
    expect(await other.listCollections().toArray()).toEqual([]);
    expect(await other.collection('a').countDocuments()).toBe(0);
  });
});

describe('the server', () => {
  let large: Collection<Document>;

  beforeAll(async () => {
    large = server.collection();
    await large.insertMany(Array.from({ length: 20_000 }, (_, n) => ({ n, text: `text ${n} `.repeat(20) })));
  });

  it('answers ping and hello', async () => {
    expect(await server.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
    const hello = await server.db.command({ hello: 1 });
    expect(hello).toMatchObject({ isWritablePrimary: true, maxBsonObjectSize: 16 * 1024 * 1024 });
    expect(hello.maxWireVersion).toBeGreaterThanOrEqual(17);
  });

  it('refuses commands that do not exist with CommandNotFound', async () => {
    expect(await refusal(server.db.command({ reserveParking: 1 }))).toMatchObject({
      code: 59,
      codeName: 'CommandNotFound',
    });
  });

  it('serves many clients at once', async () => {
    const docs = server.collection();
    await docs.createIndex({ n: 1 });
    await Promise.all(Array.from({ length: 200 }, (_, n) => docs.insertOne({ n })));
    const found = await Promise.all(Array.from({ length: 200 }, (_, n) => docs.countDocuments({ n })));
    expect(found).toEqual(Array(200).fill(1));
  });

  it.each([
    ['find', { filter: { n: { $ne: 1 }, text: 'x' } }],
    ['find', { sort: { text: 1 } }],
    ['aggregate', { pipeline: [{ $group: { _id: null, n: { $sum: '$n' } } }], cursor: {} }],
    ['count', { query: { text: { $gt: 'x' } } }],
    ['update', { updates: [{ q: { text: 'x' }, u: { $set: { a: 1 } }, multi: true }] }],
    ['update', { updates: [{ q: { text: 'x' }, u: { $set: { a: 1 } } }] }],
    ['delete', { deletes: [{ q: { text: 'x' }, limit: 0 }] }],
  ])('ends a command whose time is over: %s', async (name, fields) => {
    const { collectionName } = large;
    const command = server.db.command({ [name]: collectionName, ...fields, maxTimeMS: 1 });
    expect(await refusal(command)).toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired' });
    expect(await large.estimatedDocumentCount()).toBe(20_000);
  });

  it('does not count the time that a cursor waits for its client', async () => {
    const cursor = large.find().batchSize(10).maxTimeMS(2_000);
    expect(await cursor.next()).toBeDefined();
    await pause(2_500);
    for (let n = 0; n < 15; n++) expect(await cursor.next()).toBeDefined();
    await cursor.close();
  });

  it.each([
    ['an unknown field of a command', { find: 'c', foo: 1 }, 40415],
    ['a filter that is no document', { find: 'c', filter: 'x' }, 14],
    ['a negative limit', { find: 'c', limit: -1 }, 2],
    ['a negative batch size', { find: 'c', batchSize: -1 }, 2],
    ['a time that is no whole number', { find: 'c', maxTimeMS: 1.5 }, 9],
    ['a collection that is no text', { find: 5 }, 73],
    ['a cursor that is no Int64', { getMore: 5, collection: 'c' }, 14],
    ['an unknown field of ping', { ping: 1, foo: 1 }, 40415],
    ['an unknown field of create', { create: 'c', foo: 1 }, 40415],
    ['an unknown field of drop', { drop: 'c', foo: 1 }, 40415],
    ['an unknown field of listCollections', { listCollections: 1, foo: 1 }, 40415],
    [
      'an unknown field of a cursor',
      { aggregate: 'c', pipeline: [{ $group: { _id: null } }], cursor: { foo: 1 } },
      40415,
    ],
    ['an insert of nothing', { insert: 'c', documents: [] }, 16],
    ['an acknowledgement by two servers', { insert: 'c', documents: [{}], writeConcern: { w: 2 } }, 2],
  ])('refuses %s', async (_name, command, code) => {
    expect(await refusal(server.db.command(command))).toMatchObject({ code });
  });
});
