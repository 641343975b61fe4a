import { binaryEvent, type EventData, FORWARDS, jsonEvent, type RecordedEvent, START } from '@eventstore/db-client';
import { expect, it, onTestFinished } from 'vitest';
import {
  connectEventStore,
  disconnectEventStore,
  type EventStoreClient,
} from '../../../platform/event-store/client.ts';
import { toStoredEvent } from '../../../platform/event-store/streams.ts';
import { pullBatches } from '../../../platform/event-store/subscription.ts';
import { START as LOG_START, type StoredEvent } from '../../../platform/event-store/types.ts';
import { uniqueStream, useServer } from './server.ts';

const server = useServer();

/** Pulls a stream's events from the log until there are `count`. */
const pulled = async (client: EventStoreClient, stream: string, count: number): Promise<StoredEvent[]> => {
  const stopping = new AbortController();
  const found: StoredEvent[] = [];
  const streams = `^${stream}$`;
  for await (const { events } of pullBatches({
    client,
    from: LOG_START,
    streams,
    maxBatch: 10,
    signal: stopping.signal,
  })) {
    found.push(...events);
    if (found.length >= count) stopping.abort();
  }
  return found;
};

const EVENTS: EventData[] = [
  jsonEvent({ type: 'Plain', data: { text: '정자역 주차장', list: [1, 2, null] } }),
  jsonEvent({ type: 'WithMetadata', data: {}, metadata: { actor: '손님', nested: { deep: [true] } } }),
  binaryEvent({ type: 'Bytes', data: Buffer.from([0, 1, 2, 0xff]), metadata: Buffer.from([9, 8, 7]) }),
  binaryEvent({ type: 'NoBytes', data: Buffer.alloc(0) }),
  jsonEvent({ type: '타입', data: { text: 'x'.repeat(100_000) } }),
];

it.each([true, false])(
  'with the fast path %s, pulls what reading returns, whatever an event contains',
  async (fast) => {
    const client = connectEventStore(server.url, { fast });
    onTestFinished(() => disconnectEventStore(client));
    const stream = uniqueStream();
    await server.client.appendToStream(stream, EVENTS);
    const read: StoredEvent[] = [];
    for await (const { event } of server.client.readStream(stream, { direction: FORWARDS, fromRevision: START }))
      read.push(toStoredEvent(event as RecordedEvent));
    const bytes = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value) : value);
    const comparable = ({ data, metadata, ...others }: StoredEvent) => ({
      ...others,
      data: bytes(data),
      metadata: bytes(metadata),
    });
    expect((await pulled(client, stream, EVENTS.length)).map(comparable)).toEqual(read.map(comparable));
  },
);
