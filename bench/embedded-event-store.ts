/**
 * npm run bench -- embedded-event-store [seconds]
 *
 * Appends/s with 1 and with 64 appenders and read events/s of the embedded event store, through the official client,
 * the store in a process of its own as in production. Prints a Markdown table. A fresh data folder, thrown away at the
 * end.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { startEmbeddedStores } from '../embedded/start.ts';
import { quantile } from './figures.ts';

const SECONDS = Number(process.argv[2] ?? 5);
const STREAMS = 1_000;
const STREAM_EVENTS = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'bench-event-store-'));
const stores = await startEmbeddedStores({ dataFolder: folder });
const client = EventStoreDBClient.connectionString(stores.eventStoreUrl);

/** About 295 bytes with its metadata: the size of a parking event. */
const event = (n: number) =>
  jsonEvent({
    type: 'ParkingReserved',
    data: { lotId: 'lot-1', reservationId: `reservation-${n}`, plate: 'B-PZ 1234', note: 'x'.repeat(130) },
    metadata: { $correlationId: '6a3b8f0e-5f0e-4c3e-9f5e-0d5f6f1c2b3a', actor: 'bench' },
  });

async function appendFor(seconds: number, appenders: number) {
  const latencies: number[] = [];
  const until = performance.now() + seconds * 1_000;
  let n = 0;
  await Promise.all(
    Array.from({ length: appenders }, async () => {
      for (let now = performance.now(); now < until; ) {
        await client.appendToStream(`bench-${n % STREAMS}`, event(n++));
        const done = performance.now();
        latencies.push(done - now);
        now = done;
      }
    }),
  );
  const at = (share: number) => quantile(latencies, share).toFixed(2);
  return { rate: Math.round(latencies.length / seconds), p50: at(0.5), p99: at(0.99) };
}

async function readRate(reading: () => AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  const start = performance.now();
  for await (const _ of reading()) count++;
  return Math.round((count / (performance.now() - start)) * 1_000);
}

try {
  await appendFor(1, 64);
  console.log(`| measured (${SECONDS} s each) | per second | p50 ms | p99 ms |\n|---|---:|---:|---:|`);
  for (const appenders of [1, 16, 64]) {
    const { rate, p50, p99 } = await appendFor(SECONDS, appenders);
    console.log(`| appends, ${appenders} appenders | ${rate} | ${p50} | ${p99} |`);
  }
  for (let n = 0; n < STREAM_EVENTS; n += 500) {
    await client.appendToStream(
      'bench-long',
      Array.from({ length: 500 }, (_, k) => event(n + k)),
    );
  }
  const stream = () => client.readStream('bench-long');
  await readRate(stream);
  console.log(`| events read, one stream of ${STREAM_EVENTS} | ${await readRate(stream)} | | |`);
  const all = () => client.readAll({ maxCount: 30_000 });
  console.log(`| events read, $all | ${await readRate(all)} | | |`);
} finally {
  await client.dispose();
  await stores.stop();
  rmSync(folder, { recursive: true });
}
