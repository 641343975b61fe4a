import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decimal128, serialize } from 'bson';
import { type Document, MongoClient, MongoServerError } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MongoServer, startMongoServer } from './server.ts';

let folder: string;
let file: string;
let server: MongoServer;
let client: MongoClient;
const sockets: Socket[] = [];
const lines: string[] = [];

const start = async (maxBytes?: number): Promise<void> => {
  server = await startMongoServer({ file, log: (line) => lines.push(line), ...(maxBytes && { maxBytes }) });
  client = new MongoClient(server.url);
};

const stop = async (): Promise<void> => {
  await client.close();
  await server.close();
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mongo-server-'));
  file = join(folder, 'documents.sqlite');
  lines.length = 0;
  await start();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stop().catch(() => {});
  rmSync(folder, { recursive: true });
});

const refusal = async (promise: Promise<unknown>): Promise<Error & Document> => {
  return promise.then(
    () => expect.fail('it was not refused'),
    (error) => error,
  );
};

describe('frames', () => {
  const raw = async (): Promise<Socket> => {
    const socket = connect(server.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };

  const message = (body: Uint8Array, kind = 0, flags = 0): Buffer => {
    const head = Buffer.alloc(21);
    head.writeInt32LE(21 + body.length, 0);
    head.writeInt32LE(1, 4);
    head.writeInt32LE(2013, 12);
    head.writeUInt32LE(flags, 16);
    head[20] = kind;
    return Buffer.concat([head, body]);
  };

  const nested = (levels: number): Buffer => {
    const open = Buffer.concat(
      Array.from({ length: levels }, (_, level) => {
        const element = Buffer.from([0, 0, 0, 0, 3, 97, 0]);
        element.writeInt32LE((levels - level) * 8 + 5, 0);
        return element;
      }),
    );
    return Buffer.concat([open, Buffer.from([5, 0, 0, 0, 0]), Buffer.alloc(levels)]);
  };

  const length = (claimed: number) => {
    const head = Buffer.alloc(16);
    head.writeInt32LE(claimed, 0);
    return head;
  };
  const lying = Buffer.from(serialize({ ping: 1, $db: 'admin' }));
  lying.writeInt32LE(2_000_000_000, 0);
  const longText = Buffer.from(serialize({ ping: 'text', $db: 'admin' }));
  longText.writeInt32LE(0x7fffffff, 10);
  const query = Buffer.concat([length(60), Buffer.alloc(44, 0x41)]);
  query.writeInt32LE(2004, 12);

  it.each([
    ['claims 2 GB', length(0x7fffffff)],
    ['claims less than nothing', length(-5)],
    ['claims less than a header', length(10)],
    ['is a document a million levels deep', message(nested(1_000_000))],
    ['is a document 201 levels deep', message(nested(202))],
    ['holds a document longer than itself', message(lying)],
    ['holds a text longer than itself', message(longText)],
    ['has no body', message(Buffer.alloc(0))],
    ['has a section of an unknown kind', message(serialize({ ping: 1 }), 7)],
    ['has flags that must be known', message(serialize({ ping: 1 }), 0, 0x80)],
    ['is compressed', Buffer.concat([length(21).fill(0xdc, 12, 13).fill(7, 13, 14), Buffer.alloc(5)])],
    ['is a query without an end to its name', query],
    ['is noise', Buffer.alloc(4096, 0xa5)],
  ])('a connection whose frame %s is closed, and no other', async (_name, bytes) => {
    const other = client.db().collection('other');
    await other.insertOne({ a: 1 });
    const socket = await raw();
    const closed = once(socket, 'close');
    socket.write(bytes);
    socket.resume();
    await closed;
    expect(lines.join()).toContain('closed a connection');
    expect(await other.countDocuments()).toBe(1);
  });

  it('accepts a frame byte by byte, and several in one write', async () => {
    const socket = await raw();
    const ping = message(serialize({ ping: 1, $db: 'admin' }));
    for (const byte of ping) socket.write(Buffer.from([byte]));
    socket.write(Buffer.concat([ping, ping]));
    const replyBytes = 21 + serialize({ ok: 1 }).length;
    let received = 0;
    while (received < 3 * replyBytes) received += (await once(socket, 'data'))[0].length;
    expect(received).toBe(3 * replyBytes);
  });

  it('a thousand connections with unfinished frames do not block others', async () => {
    const half = length(1000);
    const waiting = await Promise.all(Array.from({ length: 1000 }, raw));
    for (const socket of waiting) socket.write(half);
    expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
    await client.db().collection('a').insertOne({ a: 1 });
    expect(waiting.every((socket) => !socket.destroyed)).toBe(true);
  });
});

describe('unsupported features are refused', () => {
  const update = (u: unknown, rest = {}) => ({ update: 'c', updates: [{ q: {}, u, ...rest }] });
  const pipeline = (...stages: Document[]) => ({ aggregate: 'c', pipeline: stages, cursor: {} });

  it.each<[string, Document, number]>([
    ['a transaction', { find: 'c', txnNumber: 1n, startTransaction: true, autocommit: false, lsid: {} }, 20],
    ['a command', { findAndModify: 'c', update: { $set: { a: 1 } } }, 59],
    ['an option of find', { find: 'c', collation: { locale: 'ko' } }, 40415],
    ['a hint', { find: 'c', hint: 'a_1' }, 40415],
    ['the hint of an update', update({ $set: { a: 1 } }, { hint: 'a_1' }), 40415],
    ['arrayFilters', update({ $set: { a: 1 } }, { arrayFilters: [{}] }), 40415],
    ['an update operator', update({ $push: { a: 1 } }), 9],
    ['a positional update', update({ $set: { 'a.$': 1 } }), 238],
    ['a numeric path in an update', update({ $set: { 'a.0': 1 } }), 238],
    ['a path in an update', update({ $set: { 'a.b': 1 } }), 238],
    ['an update by a pipeline', update([{ $set: { a: 1 } }]), 238],
    ['a query operator', { find: 'c', filter: { a: { $regex: 'x' } } }, 2],
    ['a top-level operator', { find: 'c', filter: { $where: 'true' } }, 2],
    ['a regular expression', { find: 'c', filter: { a: /x/ } }, 238],
    ['a numeric path in a filter', { find: 'c', filter: { 'a.0': 1 } }, 238],
    ['a sort in natural order', { find: 'c', sort: { $natural: 1 } }, 238],
    ['a positional projection', { find: 'c', filter: { a: 1 }, projection: { 'a.$': 1 } }, 238],
    ['a path in a projection', { find: 'c', projection: { 'a.b': 1 } }, 238],
    ['a computed projection', { find: 'c', projection: { b: '$a' } }, 238],
    ['an operator in a projection', { find: 'c', projection: { a: { $slice: 1 } } }, 31325],
    ['a stage', pipeline({ $lookup: { from: 'd', localField: 'a', foreignField: 'a', as: 'x' } }), 40324],
    ['a stage that Plaza does not use', pipeline({ $match: {} }, { $sort: { a: 1 } }), 40324],
    ['a pipeline without $group', pipeline({ $match: {} }), 238],
    ['a $group by a field', pipeline({ $group: { _id: '$a' } }), 238],
    ['a sum of fractions', pipeline({ $group: { _id: null, n: { $sum: 0.5 } } }), 238],
    ['a path in a sum', pipeline({ $group: { _id: null, n: { $sum: '$a.b' } } }), 238],
    ['an accumulator', pipeline({ $group: { _id: null, n: { $avg: '$a' } } }), 15952],
    ['an expression', pipeline({ $group: { _id: { $regexFindAll: { input: '$a', regex: 'x' } } } }), 168],
    ['a document as an expression', pipeline({ $group: { _id: { a: '$a' } } }), 238],
    ['an index option', { createIndexes: 'c', indexes: [{ key: { a: 1 }, name: 'a', unique: true }] }, 197],
    ['a text index', { createIndexes: 'c', indexes: [{ key: { a: 'text' }, name: 'a' }] }, 67],
    ['a capped collection', { create: 'd', capped: true, size: 4096 }, 40415],
    ['a type', { insert: 'c', documents: [{ a: Decimal128.fromString('1') }] }, 238],
  ])('%s', async (_name, command, code) => {
    const docs = client.db().collection('c');
    await docs.insertOne({ a: [1] });
    const reply = await client
      .db()
      .command(command)
      .catch((error) => error);
    expect(reply.writeErrors?.[0] ?? reply).toMatchObject({ code });
    expect(await docs.find({}, { projection: { _id: 0 } }).toArray()).toEqual([{ a: [1] }]);
    expect(lines).toEqual([]);
  });

  it('a host beyond loopback', async () => {
    expect((await refusal(startMongoServer({ file: join(folder, 'b'), host: '0.0.0.0' }))).message).toContain(
      'loopback',
    );
  });
});

it('treats names that JavaScript reserves as ordinary names', async () => {
  const docs = client.db().collection('odd');
  await docs.insertOne(JSON.parse('{"_id": 1, "__proto__": {"a": 1}, "constructor": 2, "length": 3}'));
  const projected = await docs.findOne({}, { projection: JSON.parse('{"__proto__": 1, "length": 1}') });
  expect(Object.entries(projected ?? {})).toEqual([
    ['_id', 1],
    ['__proto__', { a: 1 }],
    ['length', 3],
  ]);
  expect(await refusal(docs.find({ $and: [false] } as never).toArray())).toMatchObject({ code: 2 });
  expect(lines).toEqual([]);
});

describe('the file', () => {
  it('is accessible to the owner only, and keeps its data over a restart', async () => {
    const docs = client.db().collection('kept');
    await docs.createIndex({ n: 1 });
    await docs.insertMany([{ n: 1 }, { n: [2, 3] }]);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    await stop();
    await start();
    const again = client.db().collection('kept');
    expect(await again.countDocuments({ n: 3 })).toBe(1);
    expect((await again.indexes()).map(({ name }) => name)).toEqual(['_id_', 'n_1']);
  });

  it('is not opened twice', async () => {
    expect(await refusal(startMongoServer({ file }))).toMatchObject({ code: 'data-in-use' });
  });

  it.each<[string, () => void]>([
    ['lost its end', () => truncateSync(file, statSync(file).size - 8192)],
    [
      'has a page overwritten',
      () => {
        const bytes = readFileSync(file);
        bytes.fill(0xa5, 8192, 12_288);
        writeFileSync(file, bytes);
      },
    ],
    ['is something else', () => writeFileSync(file, 'not a database at all, but quite some text '.repeat(100))],
  ])('that %s is said to be damaged and not opened', async (_name, damage) => {
    await client
      .db()
      .collection('a')
      .insertMany(Array.from({ length: 500 }, (_, n) => ({ n, pad: 'x'.repeat(100) })));
    await stop();
    damage();
    expect(await refusal(startMongoServer({ file }))).toMatchObject({ code: 'data-corrupt' });
  });

  it('that cannot grow refuses writes with OutOfDiskSpace, serves reads, and accepts writes again when there is space', async () => {
    await stop();
    await start(400_000);
    const docs = client.db().collection('full');
    await docs.createIndex({ n: 1 });
    const pad = 'x'.repeat(1000);
    let stored = 0;
    const fill = async () => {
      for (;;) {
        await docs.insertOne({ n: stored, pad });
        stored++;
      }
    };
    expect(await refusal(fill())).toMatchObject({ code: 14031, codeName: 'OutOfDiskSpace' });
    expect(await docs.countDocuments({ n: { $gte: 0 } })).toBe(stored);
    expect(await docs.estimatedDocumentCount()).toBe(stored);
    await docs.deleteMany({ n: { $lt: stored / 2 } });
    await docs.insertOne({ n: -1, pad });
    expect(await docs.countDocuments({ n: -1 })).toBe(1);
  });

  it('that cannot grow refuses every one of many writes at a time with OutOfDiskSpace', async () => {
    await stop();
    await start(400_000);
    const docs = client.db().collection('full');
    const pad = 'x'.repeat(1000);
    const refusals: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      const writes = Array.from({ length: 200 }, (_, n) =>
        n % 2 === 0
          ? docs.insertOne({ n, pad })
          : docs.updateMany({ n: { $gte: 0 } }, { $set: { [`pad${round}`]: pad } }),
      );
      for (const result of await Promise.allSettled(writes))
        if (result.status === 'rejected' && result.reason instanceof MongoServerError)
          refusals.push(result.reason.code);
    }
    expect(refusals.length).toBeGreaterThan(100);
    expect(new Set(refusals)).toEqual(new Set([14_031]));
  });

  it('that is full in the middle of a bulk stores none of it', async () => {
    await stop();
    await start(400_000);
    const docs = client.db().collection('full');
    await docs.insertOne({ _id: 'first' as never });
    const many = Array.from({ length: 2000 }, (_, n) => ({ n, pad: 'x'.repeat(1000) }));
    expect(await refusal(docs.insertMany(many))).toMatchObject({ code: 14031 });
    expect(await docs.findOne({ _id: 'first' as never })).toEqual({ _id: 'first' });
    await docs.insertOne({ _id: 'last' as never });
  });
});

it('answers other commands during a scan', async () => {
  const docs = client.db().collection('large');
  for (let from = 0; from < 60_000; from += 10_000) {
    await docs.insertMany(Array.from({ length: 10_000 }, (_, n) => ({ n: from + n, text: `text ${n}` })));
  }
  let scanning = true;
  const scan = docs.countDocuments({ text: 'never there' }).finally(() => {
    scanning = false;
  });
  let pings = 0;
  while (scanning) {
    await client.db().command({ ping: 1 });
    pings++;
  }
  expect(await scan).toBe(0);
  // A scan that never yields would allow one answer.
  expect(pings).toBeGreaterThan(2);
});
