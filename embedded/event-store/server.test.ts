/**
 * Properties of the embedded server that a real one does not promise. The shared ones are in
 * tests/conformance/event-store.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EventStoreDBClient,
  jsonEvent,
  persistentSubscriptionToStreamSettingsFromDefaults,
} from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatchAppendReq, BatchAppendResp, Empty, ReadResp, StreamIdentifier, UUID } from './protocol.ts';
import { type EventStoreServer, startEventStoreServer } from './server.ts';
import { openStorage } from './storage.ts';
import { type StoredEvent, TOMBSTONE_REVISION } from './stored-events.ts';
import { encodeCheckpoint, encodeEvent } from './wire.ts';

let folder: string;
let server: EventStoreServer;
let client: EventStoreDBClient;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'event-store-'));
  server = await startEventStoreServer({ file: join(folder, 'events.sqlite') });
  client = EventStoreDBClient.connectionString(server.url);
});

afterEach(async () => {
  await client.dispose();
  await server.close();
  rmSync(folder, { recursive: true });
});

const event = (n = 0) => jsonEvent({ type: 'Happened', data: { n } });

const refusal = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (error: Error & { type?: string; code?: number }) => error,
  );
  if (!error) throw new Error('The call was not refused.');
  return error;
};

describe('messages written by hand', () => {
  const stored = (changes: Partial<StoredEvent>): StoredEvent => ({
    position: 1_234_567,
    streamName: 'lot-Ü🚲',
    revision: 300,
    id: randomUUID().replaceAll('-', ''),
    type: 'Tÿpe',
    isJson: true,
    created: 1_700_000_000_123,
    data: Buffer.from('{"a":1}'),
    metadata: Buffer.from('{}'),
    ...changes,
  });

  it.each([
    ['an ordinary event', {}],
    ['the first revision', { revision: 0 }],
    ['a position beyond 32 bits', { position: 2 ** 45 + 3, revision: 2 ** 33 }],
    ['no data and no metadata', { data: new Uint8Array(0), metadata: new Uint8Array(0), isJson: false }],
    ['a megabyte of data', { data: new Uint8Array(1_000_000).fill(7), isJson: false }],
    ['a long name and type', { streamName: 'n'.repeat(5_000), type: 't'.repeat(300) }],
    ['a tombstone', { revision: TOMBSTONE_REVISION }],
  ])('read by the generated classes as they were meant: %s', (_case, changes) => {
    const meant = stored(changes);
    const read = ReadResp.deserializeBinary(encodeEvent(meant, 'string')).getEvent()!;
    const recorded = read.getEvent()!;
    expect(read.getCommitPosition()).toBe(String(meant.position));
    expect(recorded.getId()!.getString().replaceAll('-', '')).toBe(meant.id);
    expect(Buffer.from(recorded.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(meant.streamName);
    expect(recorded.getStreamRevision()).toBe(meant.revision === -1 ? '9223372036854775807' : String(meant.revision));
    expect([recorded.getCommitPosition(), recorded.getPreparePosition()]).toEqual(
      Array(2).fill(String(meant.position)),
    );
    const metadata = recorded.getMetadataMap();
    expect(metadata.get('type')).toBe(meant.type);
    expect(metadata.get('created')).toBe(`${meant.created}0000`);
    expect(metadata.get('content-type')).toBe(meant.isJson ? 'application/json' : 'application/octet-stream');
    expect(Buffer.from(recorded.getData_asU8()).equals(meant.data)).toBe(true);
    expect(Buffer.from(recorded.getCustomMetadata_asU8()).equals(meant.metadata)).toBe(true);
  });

  it('encode ids as two numbers for clients that ask for it', () => {
    const id = 'ffeeddccbbaa99887766554433221100';
    const read = ReadResp.deserializeBinary(encodeEvent(stored({ id }), 'structured'))
      .getEvent()!
      .getEvent()!;
    const halves = read.getId()!.getStructured()!;
    const hex = (bits: string) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
    expect(hex(halves.getMostSignificantBits()) + hex(halves.getLeastSignificantBits())).toBe(id);
  });

  it('encode checkpoints that clients can read', () => {
    const checkpoint = ReadResp.deserializeBinary(encodeCheckpoint(2 ** 40)).getCheckpoint()!;
    expect([checkpoint.getCommitPosition(), checkpoint.getPreparePosition()]).toEqual(Array(2).fill(String(2 ** 40)));
  });
});

describe('unsupported calls', () => {
  it('to persistent subscriptions, projections and users are UNIMPLEMENTED', async () => {
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    const attempts = [
      client.createPersistentSubscriptionToStream('stream', 'group', settings),
      client.createProjection('projection', 'fromAll()'),
    ];
    for (const attempt of attempts) expect((await refusal(attempt)).code).toBe(12);
  });
});

it('refuses to resolve links, in reads and subscriptions', async () => {
  await client.appendToStream('stream', event());
  const read = async () => {
    for await (const _ of client.readStream('stream', { resolveLinkTos: true })) expect.fail('it was read');
  };
  await expect(read()).rejects.toMatchObject({ code: 12 });
  const subscription = client.subscribeToAll({ resolveLinkTos: true });
  const failed = await new Promise((resolve) => subscription.once('error', resolve));
  expect(failed).toMatchObject({ code: 12 });
});

it('a read of at most 0 events of $all is refused, where EventStoreDB never answers', async () => {
  const reading = async () => {
    for await (const _ of client.readAll({ maxCount: 0 }));
  };
  expect(await refusal(reading())).toMatchObject({ code: 3 });
});

describe('subscriptions', () => {
  it('end with stream-deleted when their stream is tombstoned', async () => {
    await client.appendToStream('stream', event());
    const subscription = client.subscribeToStream('stream');
    const ended = new Promise<{ type: string }>((resolve) => subscription.once('error', resolve as never));
    subscription.on('data', () => {});
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    await client.tombstoneStream('stream');
    expect((await ended).type).toBe('stream-deleted');
  });

  it('end with unavailable when the server stops, as after a kill', async () => {
    const subscription = client.subscribeToAll();
    const ended = new Promise<{ type: string; code: number }>((resolve) =>
      subscription.once('error', resolve as never),
    );
    subscription.on('data', () => {});
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    await server.close();
    expect(await ended).toMatchObject({ type: 'unavailable', code: 14 });
    server = await startEventStoreServer({ file: join(folder, 'events.sqlite') });
  });

  it('get every event of a commit larger than the window of live events', async () => {
    const storage = { count: 0, last: -1n };
    const subscription = client.subscribeToStream('stream', { fromRevision: 'end' });
    const all = new Promise<void>((resolve) => {
      subscription.on('data', ({ event }) => {
        expect(event!.revision).toBe(storage.last + 1n);
        storage.last = event!.revision;
        if (++storage.count === 3_000) resolve();
      });
    });
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    await client.appendToStream(
      'stream',
      Array.from({ length: 3_000 }, (_, n) => event(n)),
    );
    await all;
    await subscription.unsubscribe();
  });
});

describe('idempotence', () => {
  it('of appends with `any` survives a restart', async () => {
    const one = event();
    const first = await client.appendToStream('stream', one);
    await client.dispose();
    await server.close();
    server = await startEventStoreServer({ file: join(folder, 'events.sqlite') });
    client = EventStoreDBClient.connectionString(server.url);
    expect(await client.appendToStream('stream', one)).toEqual(first);
  });
});

describe('hostile connections', () => {
  const open = async (): Promise<Socket> => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  };

  it('a thousand idle connections do not block others', async () => {
    const idle = await Promise.all(Array.from({ length: 1_000 }, open));
    await client.appendToStream('stream', event());
    for (const socket of idle) socket.destroy();
  });

  it('bytes that are not HTTP/2 close only that connection', async () => {
    const socket = await open();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    socket.write(Buffer.alloc(64 * 1024, 0xff));
    await closed;
    await client.appendToStream('stream', event());
  });

  /** Opens BatchAppend without the client. `write` may send another length than the message has. */
  const openBatchAppend = () => {
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    const call = session.request({
      ':method': 'POST',
      ':path': '/event_store.client.streams.Streams/BatchAppend',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const status = new Promise((resolve) => {
      call.once('response', (headers) => headers['grpc-status'] !== undefined && resolve(headers['grpc-status']));
      call.once('trailers', (headers) => resolve(headers['grpc-status']));
    });
    const write = (message: Uint8Array, length = message.length) => {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(length, 1);
      call.write(Buffer.concat([prefix, message]));
    };
    return { session, call, status, write };
  };

  it('a message with a length of 2 GB ends that call with RESOURCE_EXHAUSTED', async () => {
    const { session, call, status, write } = openBatchAppend();
    call.resume();
    write(Buffer.alloc(995), 0x7fff_ffff);
    expect(Number(await status)).toBe(8);
    session.destroy();
    await client.appendToStream('stream', event());
  });

  it('a message that is not protobuf ends that call with INTERNAL', async () => {
    const { session, call, status, write } = openBatchAppend();
    call.resume();
    write(Buffer.alloc(100, 0xff));
    expect(Number(await status)).toBe(13);
    session.destroy();
  });

  it('a client that does not read its answers gets them all later', async () => {
    const { session, call, status, write } = openBatchAppend();
    const COUNT = 6_000;
    const identifier = new StreamIdentifier().setStreamName(Buffer.from('stream'));
    for (let n = 0; n < COUNT; n++) {
      const options = new BatchAppendReq.Options().setStreamIdentifier(identifier).setAny(new Empty());
      const proposed = new BatchAppendReq.ProposedMessage().setId(new UUID().setString(randomUUID()));
      proposed.getMetadataMap().set('type', 'Happened').set('content-type', 'application/json');
      const request = new BatchAppendReq().setCorrelationId(new UUID().setString(randomUUID())).setIsFinal(true);
      write(request.setOptions(options).setProposedMessagesList([proposed]).serializeBinary());
    }
    call.end();
    await client.appendToStream('other', event());
    const chunks: Buffer[] = [];
    call.on('data', (chunk: Buffer) => chunks.push(chunk));
    expect(Number(await status)).toBe(0);
    const answers = Buffer.concat(chunks);
    const revisions: number[] = [];
    for (let at = 0; at < answers.length; ) {
      const end = at + 5 + answers.readUInt32BE(at + 1);
      const answer = BatchAppendResp.deserializeBinary(answers.subarray(at + 5, end));
      revisions.push(Number(answer.getSuccess()!.getCurrentRevision()));
      at = end;
    }
    expect(revisions).toEqual(Array.from({ length: COUNT }, (_, n) => n));
    session.destroy();
  });

  it.each([
    ['a name of 100,000 characters', 'n'.repeat(100_000)],
    ['NUL and line breaks', 'a\u0000b\r\nc'],
  ])('a stream with %s is a stream like others', async (_case, name) => {
    await client.appendToStream(name, event(), { expectedRevision: 'no_stream' });
    await client.tombstoneStream(name);
    const error = await refusal(client.appendToStream(name, event()));
    expect(error.type).toBe('stream-deleted');
  });
});

describe('$maxAge', () => {
  it('finds the first readable event by bisection', () => {
    let now = 1_000_000;
    const storage = openStorage(join(folder, 'aged.sqlite'), { now: () => now });
    const append = (name: string, data: object, type = 'Happened') =>
      storage.transaction(() =>
        storage.append(name, 'any', [
          {
            id: randomUUID().replaceAll('-', ''),
            type,
            isJson: true,
            data: Buffer.from(JSON.stringify(data)),
            metadata: new Uint8Array(0),
          },
        ]),
      );
    append('$$stream', { $maxAge: 10 }, '$metadata');
    for (let n = 0; n < 50; n++, now += 1_000) append('stream', { n });
    const page = storage.readStream('stream', 'forwards', 0, 100);
    expect(page.kind === 'events' && page.events.map((found) => found.revision)).toEqual(
      Array.from({ length: 10 }, (_, n) => 40 + n),
    );
    storage.close();
  });
});
