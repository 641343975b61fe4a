/**
 * P5: replaying a history into every read model against reading the same history over a bare subscription.
 *
 *     node bench/replay.ts [--events 1000000] [--rounds 3]
 *
 * Fills embedded stores in a temporary folder, then alternates both sides and prints a Markdown table. EVENTSTORE_URL
 * and MONGODB_URL use other stores instead; MONGODB_URL's database `plaza_bench` is dropped then.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { START, streamNameFilter } from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { startEmbeddedStores } from '../embedded/start.ts';
import { connectEventStore, type EventStoreClient } from '../event-store/client.ts';
import { PLAZA_STREAMS } from '../event-store/tail.ts';
import { projectionsIn } from '../projections/contexts.ts';
import { rebuild } from '../projections/kernel/rebuild.ts';
import { fillWithParking } from './parking-history.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
});
const total = Number(values.events);
const rounds = Number(values.rounds);

const folder = mkdtempSync(join(tmpdir(), 'plaza-bench-'));
const external = process.env.EVENTSTORE_URL && process.env.MONGODB_URL;
const stores = external ? null : await startEmbeddedStores({ dataFolder: folder });
const client = connectEventStore(stores?.eventStoreUrl ?? process.env.EVENTSTORE_URL!);
const mongo = await MongoClient.connect(stores?.mongoUrl ?? process.env.MONGODB_URL!);
const db = mongo.db('plaza_bench');

const bare = (eventStore: EventStoreClient): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    let seen = 0;
    const subscription = eventStore.subscribeToAll({
      fromPosition: START,
      filter: streamNameFilter({ regex: PLAZA_STREAMS, checkpointInterval: 32 }),
    });
    subscription.on('error', reject);
    subscription.on('data', () => {
      seen += 1;
      if (seen < total) return;
      resolve((total / (performance.now() - began)) * 1000);
      void subscription.unsubscribe();
    });
  });

const replayed = async (): Promise<{ rate: number; rss: number[] }> => {
  await db.dropDatabase();
  const rss: number[] = [];
  const sampling = setInterval(() => rss.push(process.memoryUsage().rss / 2 ** 20), 500);
  const began = performance.now();
  const { signal } = new AbortController();
  await rebuild({ client, db, projections: projectionsIn(['parking']), signal });
  clearInterval(sampling);
  return { rate: (total / (performance.now() - began)) * 1000, rss };
};

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
const quarter = (numbers: readonly number[], at: number) =>
  median(numbers.slice(Math.floor((numbers.length * at) / 4), Math.ceil((numbers.length * (at + 1)) / 4)));

try {
  await fillWithParking(client, total);
  const results = [];
  for (let round = 0; round < rounds; round++) results.push({ bare: await bare(client), ...(await replayed()) });
  console.log(
    `| round | bare subscription, events/s | replay into every view, events/s | ratio | RSS, first to last quarter, MiB | most, MiB |`,
  );
  console.log('|---|---|---|---|---|---|');
  for (const [at, { bare: limit, rate, rss }] of results.entries())
    console.log(
      `| ${at + 1} | ${limit.toFixed(0)} | ${rate.toFixed(0)} | ${(rate / limit).toFixed(2)} | ${[0, 1, 2, 3].map((part) => quarter(rss, part).toFixed(0)).join(' → ')} | ${Math.max(...rss).toFixed(0)} |`,
    );
  console.log(
    `\nP5: ${median(results.map(({ bare: limit, rate }) => rate / limit)).toFixed(2)} of the bare subscription (${total} events)`,
  );
} finally {
  await mongo.close();
  await client.dispose();
  await stores?.stop();
  rmSync(folder, { recursive: true, force: true });
}
