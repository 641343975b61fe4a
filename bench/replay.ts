/**
 * P5: replaying a history into every read model against reading the same history over a bare subscription.
 *
 *     npm run bench -- replay [--events 1000000] [--rounds 3] [--parking] [--processes 2] [--slow]
 *     npm ci --prefix bench/peers && npm run bench -- replay --peer [--events 100000]
 *
 * Fills embedded stores in a temporary folder with a history of all contexts, or of the car park alone, then alternates
 * both sides and prints a Markdown table. With `--processes` the views are shared out among processes that replay at
 * the same time. With `--peer` the history is the car park's, and a third side is Emmett's rebuild of three views of
 * it: Plaza rebuilds the same three. With `--slow` the replay reaches MongoDB over a connection that delays every piece
 * by 50 ms: its memory must stay flat. EVENTSTORE_URL and MONGODB_URL use other stores instead; MONGODB_URL's database
 * `plaza_bench` is dropped then.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { START, streamNameFilter } from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { startEmbeddedStores } from '../embedded/start.ts';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../platform/event-store/client.ts';
import { PLAZA_STREAMS } from '../platform/event-store/tail.ts';
import { startWire } from '../tests/faults/wire.ts';
import { median } from './figures.ts';
import { fillWithEverything } from './mixed-history.ts';
import { fillWithParking } from './parking-history.ts';
import { cpuSeconds } from './processes.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    parking: { type: 'boolean', default: false },
    slow: { type: 'boolean', default: false },
    peer: { type: 'boolean', default: false },
    processes: { type: 'string', default: '1' },
    part: { type: 'string', default: '0' },
    replay: { type: 'boolean', default: false },
  },
});
const total = Number(values.events);
const rounds = Number(values.rounds);
const processes = Number(values.processes);

/** The views that the peer has, too. */
const COMPARABLE = ['parking.lots', 'parking.reservations', 'parking.coupons'];

const folder = mkdtempSync(join(tmpdir(), 'plaza-bench-'));
const external = process.env.EVENTSTORE_URL && process.env.MONGODB_URL;
const stores = external ? null : await startEmbeddedStores({ dataFolder: folder });
const eventStoreUrl = stores?.eventStoreUrl ?? process.env.EVENTSTORE_URL!;
const mongoUrl = stores?.mongoUrl ?? process.env.MONGODB_URL!;
const wire = values.slow ? await startWire(Number(new URL(mongoUrl).port)) : null;
wire?.set('latency');
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

type Told = { rss: number; seen: number } | { milliseconds: number; cpu: number };

/**
 * The replay of a part of the views, in a process of its own: it reports its memory every half second, and its costs at
 * the end.
 */
const replay = async (): Promise<void> => {
  // Here alone: Plaza's way of reading widens the windows of every connection in its process, which the stock client
  // has not.
  const { contextSchemas, projectionsOf } = await import('../programs/contexts.ts');
  const { rebuild } = await import('../projections/kernel/rebuild.ts');
  let seen = 0;
  const tell = (told: Told) => new Promise((resolve) => process.send!(told, resolve));
  const sampling = setInterval(() => tell({ rss: process.memoryUsage().rss / 2 ** 20, seen }), 500);
  const began = { at: performance.now(), cpu: process.cpuUsage() };
  const known = await projectionsOf(
    contextSchemas.map(({ name }) => name),
    'Asia/Seoul',
  );
  const compared = values.peer ? known.filter(({ name }) => COMPARABLE.includes(name)) : known;
  const projections = compared.filter((_, at) => at % processes === Number(values.part));
  await rebuild({
    client,
    db,
    projections,
    signal: new AbortController().signal,
    onProgress: ({ events }) => (seen = events),
  });
  const milliseconds = performance.now() - began.at;
  const { user, system } = process.cpuUsage(began.cpu);
  clearInterval(sampling);
  await tell({ milliseconds, cpu: user + system });
};

/** Rates in events a second, CPU in microseconds an event, memory in MiB. */
type Replayed = { rate: number; cpu: number; rss: number[]; slope: number };

/** Runs a process that replays. @param env more environment variables */
const run = async (file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const samples: { rss: number; seen: number }[] = [];
  let end = { milliseconds: Number.NaN, cpu: Number.NaN };
  const replayedInto = new URL(mongoUrl);
  if (wire) replayedInto.port = String(wire.port);
  const urls = { EVENTSTORE_URL: eventStoreUrl, MONGODB_URL: replayedInto.href };
  // As `npm run replay` sets it.
  const execArgv = ['--max-semi-space-size=4', '--heap-growing-percent=120'];
  const child = fork(file, args, { execArgv, env: { ...process.env, ...urls, ...env } });
  child.on('message', (told: Told) => {
    if ('rss' in told) samples.push(told);
    else end = told;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return { ...end, samples };
};

const figuresOf = (parts: readonly Awaited<ReturnType<typeof run>>[]): Replayed => {
  const milliseconds = Math.max(...parts.map((part) => part.milliseconds));
  return {
    rate: (total / milliseconds) * 1000,
    cpu: parts.reduce((sum, { cpu }) => sum + cpu, 0) / total,
    rss: parts.flatMap(({ samples }) => samples.map(({ rss }) => rss)),
    slope: slopeOf(parts[0]!.samples),
  };
};

const replayed = async (): Promise<Replayed> => {
  await db.dropDatabase();
  const shared = ['--replay', '--events', values.events, '--processes', values.processes];
  const each = (part: number) => [...shared, '--part', String(part), ...(values.peer ? ['--peer'] : [])];
  const parts = Array.from({ length: processes }, (_, part) => run(import.meta.filename, each(part)));
  return figuresOf(await Promise.all(parts));
};

const replayedByPeer = async (): Promise<Replayed> => {
  await db.dropDatabase();
  return figuresOf([
    await run(`${import.meta.dirname}/peers/emmett-replay.ts`, [], {
      TOTAL: values.events,
      MONGODB_DATABASE: db.databaseName,
    }),
  ]);
};

/** MiB by which memory grew for each 100,000 events, over the last three quarters: the first fills the buffers. */
const slopeOf = (samples: readonly { rss: number; seen: number }[]): number => {
  const settled = samples.filter(({ seen }) => seen > total / 4);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(settled.map(({ seen }) => seen)), mean(settled.map(({ rss }) => rss))];
  const covariance = mean(settled.map(({ seen, rss }) => (seen - x) * (rss - y)));
  return (covariance / mean(settled.map(({ seen }) => (seen - x) ** 2))) * 100_000;
};

type Costs = { rate: number; cpu: number; stores: number };

/** A side's result, with the CPU that the stores spent on each event meanwhile. */
const withStores = async <Result>(side: () => Promise<Result>): Promise<Result & { stores: number }> => {
  const before = cpuSeconds(stores?.pid);
  const result = await side();
  return { ...result, stores: ((cpuSeconds(stores?.pid) - before) * 1e6) / total };
};

const bareWithCpu = async () => {
  const before = process.cpuUsage();
  const rate = await bare(client);
  const { user, system } = process.cpuUsage(before);
  return { rate, cpu: (user + system) / total };
};

const compare = async (): Promise<void> => {
  await (values.parking || values.peer ? fillWithParking : fillWithEverything)(client, total);
  const ratios: number[] = [];
  const overPeer: number[] = [];
  console.log(
    '| | events/s | ratio | CPU of stores, µs/event | CPU of process, µs/event | memory at most, MiB | its slope, MiB/100,000 |',
  );
  console.log('|---|---|---|---|---|---|---|');
  const row = (name: string, { rate, stores: ofStores, cpu }: Costs, ratio: string, memory: string) =>
    console.log(`| ${name} | ${rate.toFixed(0)} | ${ratio} | ${ofStores.toFixed(1)} | ${cpu.toFixed(1)} | ${memory} |`);
  const memoryOf = ({ rss, slope }: Replayed) => `${Math.max(...rss).toFixed(0)} | ${slope.toFixed(1)}`;
  const what = values.peer ? 'replay into three views' : 'replay into every view';
  const by = processes === 1 ? '' : `, ${processes} processes`;
  for (let round = 0; round < rounds; round++) {
    const limit = await withStores(bareWithCpu);
    row('bare subscription', limit, '', ' | ');
    const made = await withStores(replayed);
    ratios.push(made.rate / limit.rate);
    row(what + by, made, ratios.at(-1)!.toFixed(2), memoryOf(made));
    if (!values.peer) continue;
    const peer = await withStores(replayedByPeer);
    overPeer.push(made.rate / peer.rate);
    row('the same by Emmett', peer, (peer.rate / limit.rate).toFixed(2), `${Math.max(...peer.rss).toFixed(0)} | `);
  }
  console.log(`\nP5: ${median(ratios).toFixed(2)} of the bare subscription, over ${total} events`);
  if (values.peer) console.log(`${median(overPeer).toFixed(1)} times Emmett's rebuild of the same three views`);
};

try {
  await (values.replay ? replay() : compare());
} finally {
  await Promise.all([disconnectEventStore(client), mongo.close(), wire?.close()]);
  await stores?.stop();
  rmSync(folder, { recursive: true, force: true });
}
