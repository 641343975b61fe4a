import { jsonEvent } from '@eventstore/db-client';
import { afterEach, expect, test } from 'vitest';
import { type EmbeddedStores, startEmbeddedStores } from '../../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { START } from '../../platform/event-store/types.ts';
import { temporaryData } from '../support/plaza.ts';

const data = temporaryData();
let stores: EmbeddedStores;

afterEach(async () => {
  await stores.stop();
  data.remove();
});

const ROUNDS = 2;
const EVENTS = 500;

test('a pulled subscription delivers each event once and in order over restarts of the store', async () => {
  stores = await startEmbeddedStores({ dataFolder: data.folder });
  const eventStorePort = Number(new URL(stores.eventStoreUrl).port);
  const client = connectEventStore(stores.eventStoreUrl);
  const stopping = new AbortController();
  const seen: number[] = [];
  const drops: string[] = [];
  let waiting = { until: 0, reached: () => {} };
  const reached = (until: number) =>
    new Promise<void>((resolve) => {
      waiting = { until, reached: resolve };
      if (seen.length >= until) resolve();
    });
  const pulling = (async () => {
    const { signal } = stopping;
    const onDrop = ({ message }: Error) => drops.push(message);
    for await (const { events } of pullBatches({
      client,
      from: START,
      maxBatch: 20,
      signal,
      onDrop,
      readTail: () => readTail(client),
      backoff: { first: 10, most: 100 },
    })) {
      seen.push(...events.map((event) => (event.data as { n: number }).n));
      if (seen.length >= waiting.until) waiting.reached();
    }
  })();

  for (let round = 0; round < ROUNDS; round++) {
    const writer = connectEventStore(stores.eventStoreUrl);
    const events = Array.from({ length: EVENTS }, (_, n) =>
      jsonEvent({ type: 'Counted', data: { n: round * EVENTS + n } }),
    );
    await writer.appendToStream('counted', events);
    await disconnectEventStore(writer);
    await reached(round * EVENTS + 1); // the others are in flight or in the store
    process.kill(stores.pid, round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
    if (round % 2 === 1) await stores.stop();
    await stores.exited;
    stores = await startEmbeddedStores({ dataFolder: data.folder, eventStorePort });
  }
  await reached(ROUNDS * EVENTS);
  stopping.abort();
  await pulling;
  await disconnectEventStore(client);
  expect(seen).toEqual(Array.from({ length: ROUNDS * EVENTS }, (_, n) => n));
  expect(drops.length).toBeGreaterThanOrEqual(ROUNDS - 1);
});
