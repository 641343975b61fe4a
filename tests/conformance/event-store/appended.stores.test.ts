import { describe, expect, it, onTestFinished } from 'vitest';
import { connectEventStore, disconnectEventStore } from '../../../platform/event-store/client.ts';
import { streams, toStoredEvent } from '../../../platform/event-store/streams.ts';
import { newEvent } from '../../../platform/event-store/testing.ts';
import type { Revision, StoredEvent } from '../../../platform/event-store/types.ts';
import { collect, uniqueStream, useServer } from './server.ts';

const server = useServer();

describe.each([true, false])('with the fast path %s', (fast) => {
  const connect = () => {
    const client = connectEventStore(server.url, { fast });
    onTestFinished(() => disconnectEventStore(client));
    return streams(client);
  };
  const events = ['Plain', '타입'].map((type) =>
    newEvent({ type, data: { text: '정자역 주차장', list: [1, null, { deep: true }] } }),
  );

  it('appends what the client reads, and what it reads itself', async () => {
    const { append, read } = connect();
    const stream = uniqueStream();
    const result = await append(stream, events, 'no-stream');
    const found = (await collect(server.client.readStream(stream))).map(toStoredEvent);
    expect(found).toMatchObject(events);
    expect(result).toEqual({ ok: true, revision: 1n, position: found[1]!.position });
    const own: StoredEvent[] = [];
    for await (const event of read(stream, 0n)) own.push(event);
    expect(own).toEqual(found);
  });

  it('appends nothing twice, and nothing behind another revision', async () => {
    const { append } = connect();
    const stream = uniqueStream();
    const first = await append(stream, events, 'no-stream');
    expect(await append(stream, events, 'no-stream')).toEqual(first);
    const others = [newEvent({ type: 'Other', data: {} })];
    expect(await append(stream, others, 'no-stream')).toMatchObject({ ok: false });
    expect(await append(stream, others, 5n as Revision)).toMatchObject({ ok: false });
    expect(await collect(server.client.readStream(stream))).toHaveLength(2);
  });
});
