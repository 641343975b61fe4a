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
  streamNameFilter,
} from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatchAppendReq, BatchAppendResp, Empty, ReadResp, StreamIdentifier, UUID } from './protocol.ts';
import { type EventStoreServer, startEventStoreServer } from './server.ts';
import type { StoredEvent } from './stored-events.ts';
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
  ])('read by the generated classes as they were meant: %s', (_case, changes) => {
    const meant = stored(changes);
    const read = ReadResp.deserializeBinary(encodeEvent(meant)).getEvent()!;
    const recorded = read.getEvent()!;
    expect(read.getCommitPosition()).toBe(String(meant.position));
    expect(recorded.getId()!.getString().replaceAll('-', '')).toBe(meant.id);
    expect(Buffer.from(recorded.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(meant.streamName);
    expect(recorded.getStreamRevision()).toBe(String(meant.revision));
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

  it('encode checkpoints that clients can read', () => {
    const checkpoint = ReadResp.deserializeBinary(encodeCheckpoint(2 ** 40)).getCheckpoint()!;
    expect([checkpoint.getCommitPosition(), checkpoint.getPreparePosition()]).toEqual(Array(2).fill(String(2 ** 40)));
  });
});

describe('unsupported calls', () => {
  const settings = persistentSubscriptionToStreamSettingsFromDefaults();
  const credentials = { username: 'a', password: 'b' };
  it.each([
    ['persistent subscriptions', () => client.createPersistentSubscriptionToStream('stream', 'group', settings)],
    ['projections', () => client.createProjection('projection', 'fromAll()')],
    ['deletes', () => client.deleteStream('stream')],
    ['tombstones', () => client.tombstoneStream('stream')],
    ['Append', () => client.appendToStream('stream', event(), { credentials })],
  ])('to %s are UNIMPLEMENTED', async (_case, call) => {
    await client.appendToStream('stream', event());
    expect((await refusal(call())).code).toBe(12);
  });

  it.each([
    ['links', () => client.subscribeToAll({ resolveLinkTos: true })],
    ['one stream', () => client.subscribeToStream('stream')],
    ['prefixes', () => client.subscribeToAll({ filter: streamNameFilter({ prefixes: ['a'] }) })],
  ])('to subscribe to %s are UNIMPLEMENTED', async (_case, subscribe) => {
    const subscription = subscribe();
    expect(await new Promise((resolve) => subscription.once('error', resolve))).toMatchObject({ code: 12 });
  });

  it('to resolve links are UNIMPLEMENTED', async () => {
    await client.appendToStream('stream', event());
    const reading = async () => {
      for await (const _ of client.readStream('stream', { resolveLinkTos: true })) expect.fail('it was read');
    };
    expect((await refusal(reading())).code).toBe(12);
  });

  it('to append to a stream that only has to exist are refused with the reason', async () => {
    await client.appendToStream('stream', event());
    const error = await refusal(client.appendToStream('stream', event(), { expectedRevision: 'stream_exists' }));
    expect(error.message).toContain('not served');
  });
});

it('a read of at most 0 events of $all is refused, where EventStoreDB never answers', async () => {
  const reading = async () => {
    for await (const _ of client.readAll({ maxCount: 0 }));
  };
  expect(await refusal(reading())).toMatchObject({ code: 3 });
});

describe('subscriptions', () => {
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
    const subscription = client.subscribeToAll({ fromPosition: 'end' });
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
    const again = await refusal(client.appendToStream(name, event(), { expectedRevision: 'no_stream' }));
    expect(again.type).toBe('wrong-expected-version');
    for await (const found of client.readStream(name)) expect(found.event?.streamId).toBe(name);
  });
});
