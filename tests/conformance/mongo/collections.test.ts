import { Long } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { refusal, useServer } from './server.ts';

const server = useServer();
const numbered = (count: number) => Array.from({ length: count }, (_, n) => ({ _id: n as never, n }));

describe('cursors', () => {
  it('give everything once, whatever the batch size', async () => {
    const docs = server.collection();
    await docs.insertMany(numbered(500));
    for (const batchSize of [1, 7, 100, 499, 500, 501]) {
      const found = await docs.find().sort({ _id: 1 }).batchSize(batchSize).toArray();
      expect(found.map(({ n }) => n)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    }
  });

  it('give 101 documents first, and as many as asked for after', async () => {
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

  it('go on while the collection is written to, and meet no document twice', async () => {
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
  it('are made by the first write, listed, and dropped', async () => {
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

  it('are made by createCollection, which refuses a second one', async () => {
    const name = server.collection().collectionName;
    await server.db.createCollection(name);
    expect(await server.db.listCollections({}, { nameOnly: true }).toArray()).toContainEqual({
      name,
      type: 'collection',
    });
    await server.db.collection(name).createIndex({ a: 1 });
    expect(await refusal(server.db.command({ create: name, capped: true, size: 4096 }))).toHaveProperty('code');
  });

  it('are renamed with their documents and indexes', async () => {
    const docs = server.collection();
    await docs.createIndex({ n: 1 }, { unique: true });
    await docs.insertMany(numbered(5));
    const to = server.collection();
    await docs.rename(to.collectionName);
    expect(await to.countDocuments()).toBe(5);
    expect(await docs.countDocuments()).toBe(0);
    expect((await to.indexes()).map(({ name }) => name)).toEqual(['_id_', 'n_1']);
    expect(await refusal(to.insertOne({ n: 3 }))).toMatchObject({ code: 11000 });
  });

  it('take the place of another in one step when it is to be dropped', async () => {
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

  it('that are not there cannot be renamed', async () => {
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

  it('are seen through their database, which is dropped whole', async () => {
    const other = server.client.db(`${server.db.databaseName}_other`);
    await other.collection('a').insertOne({});
    await other.collection('b').insertOne({});
    const names = async () => (await server.client.db().admin().listDatabases()).databases.map(({ name }) => name);
    expect(await names()).toContain(other.databaseName);
    await other.dropDatabase();
    expect(await names()).not.toContain(other.databaseName);
    expect(await other.collection('a').countDocuments()).toBe(0);
  });
});

describe('the server', () => {
  it('answers ping, hello and buildInfo', async () => {
    expect(await server.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
    const hello = await server.db.command({ hello: 1 });
    expect(hello).toMatchObject({ isWritablePrimary: true, maxBsonObjectSize: 16 * 1024 * 1024 });
    expect(hello.maxWireVersion).toBeGreaterThanOrEqual(17);
    expect((await server.db.admin().buildInfo()).version).toMatch(/^\d+\.\d+\.\d+/);
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

  it('fails an operation whose time is over', async () => {
    const docs = server.collection();
    await docs.insertMany(Array.from({ length: 20_000 }, (_, n) => ({ n, text: `text ${n} `.repeat(20) })));
    const slow = docs
      .find({ text: /(x+x+)+y/, n: { $mod: [7, 3] } })
      .maxTimeMS(1)
      .toArray();
    expect(await refusal(slow)).toMatchObject({ code: 50 });
  });
});
