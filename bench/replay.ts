/**
 * P5: replaying a history into every read model against reading the same history over a bare subscription.
 *
 *     node bench/replay.ts [--events 1000000] [--rounds 3]
 *
 * Fills embedded stores in a temporary folder, then alternates both sides and prints a Markdown table. EVENTSTORE_URL
 * and MONGODB_URL use other stores instead; MONGODB_URL's database `plaza_bench` is dropped then.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { START, streamNameFilter } from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { startEmbeddedStores } from '../embedded/start.ts';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../event-store/client.ts';
import { PLAZA_STREAMS } from '../event-store/tail.ts';
import { projectionsIn } from '../projections/contexts.ts';
import { rebuild } from '../projections/kernel/rebuild.ts';
import { fillWithParking } from './parking-history.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    replay: { type: 'boolean', default: false },
  },
});
const total = Number(values.events);
const rounds = Number(values.rounds);

const folder = mkdtempSync(join(tmpdir(), 'plaza-bench-'));
const external = process.env.EVENTSTORE_URL && process.env.MONGODB_URL;
const stores = external ? null : await startEmbeddedStores({ dataFolder: folder });
const eventStoreUrl = stores?.eventStoreUrl ?? process.env.EVENTSTORE_URL!;
const mongoUrl = stores?.mongoUrl ?? process.env.MONGODB_URL!;
const client = connectEventStore(eventStoreUrl);
const mongo = await MongoClient.connect(mongoUrl);
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

/** The replay, in a process of its own: it tells its memory every half second and how long it took at the end. */
const replay = async (): Promise<void> => {
  const sampling = setInterval(() => process.send?.({ rss: process.memoryUsage().rss / 2 ** 20 }), 500);
  const began = performance.now();
  const { signal } = new AbortController();
  await rebuild({ client, db, projections: projectionsIn(['parking']), signal });
  const milliseconds = performance.now() - began;
  clearInterval(sampling);
  await new Promise((resolve) => process.send?.({ milliseconds }, resolve));
};

const replayed = async (): Promise<{ rate: number; rss: number[] }> => {
  await db.dropDatabase();
  const rss: number[] = [];
  let milliseconds = Number.NaN;
  const urls = { EVENTSTORE_URL: eventStoreUrl, MONGODB_URL: mongoUrl };
  // The young heap is small as in `npm run replay`.
  const execArgv = ['--max-semi-space-size=4'];
  const child = fork(import.meta.filename, ['--replay'], { execArgv, env: { ...process.env, ...urls } });
  child.on('message', (told: { rss?: number; milliseconds?: number }) => {
    if (told.rss) rss.push(told.rss);
    if (told.milliseconds) milliseconds = told.milliseconds;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return { rate: (total / milliseconds) * 1000, rss };
};

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
const quarter = (numbers: readonly number[], at: number) =>
  median(numbers.slice(Math.floor((numbers.length * at) / 4), Math.ceil((numbers.length * (at + 1)) / 4)));

const compare = async (): Promise<void> => {
  await fillWithParking(client, total);
  const results: { bare: number; rate: number; rss: number[] }[] = [];
  for (let round = 0; round < rounds; round++) results.push({ bare: await bare(client), ...(await replayed()) });
  console.log(
    '| bare subscription, events/s | replay into every view, events/s | ratio | memory of the replay by quarter, MiB | most |',
  );
  console.log('|---|---|---|---|---|');
  for (const { bare: limit, rate, rss } of results) {
    const quarters = [0, 1, 2, 3].map((part) => quarter(rss, part).toFixed(0)).join(' → ');
    const row = [limit.toFixed(0), rate.toFixed(0), (rate / limit).toFixed(2), quarters, Math.max(...rss).toFixed(0)];
    console.log(`| ${row.join(' | ')} |`);
  }
  const ratio = median(results.map(({ bare: limit, rate }) => rate / limit));
  console.log(`\nP5: ${ratio.toFixed(2)} of the bare subscription, over ${total} events`);
};

try {
  await (values.replay ? replay() : compare());
} finally {
  await Promise.all([disconnectEventStore(client), mongo.close()]);
  await stores?.stop();
  rmSync(folder, { recursive: true, force: true });
}
