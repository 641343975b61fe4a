/**
 * Measures how Plaza grows: each figure at a size, at ten times and at a hundred times that size.
 *
 *     npm run bench -- growth [--lots 1000] [--documents 10000] [--clients 10] [--contexts 1] [--sizes 1,10,100]
 *                           [--parts streams,pages,clients,views]
 *
 * - streams: registers so many lots, then makes one reservation in each, over 64 connections
 * - pages: turns the pages of a list of so many reservations
 * - clients: so many browsers follow the events of the control centre while lots are registered
 * - views: so many times the views of the car park, without load
 *
 * Each measurement begins with empty embedded stores in a temporary folder. Prints a Markdown table for each part.
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { type EmbeddedStores, startEmbeddedStores } from '../embedded/start.ts';
import { connectEventStore } from '../platform/event-store/client.ts';
import { projectionsOf } from '../programs/contexts.ts';
import { startProjections } from '../projections/start.ts';
import { quantile } from './figures.ts';
import { fillParkingViews } from './parking-views.ts';
import { clientOf } from './pipeline/client.ts';
import { startListening, startPlaza } from './pipeline/sides.ts';
import { cpuSeconds, residentMiB } from './processes.ts';

const { values } = parseArgs({
  options: {
    lots: { type: 'string', default: '1000' },
    documents: { type: 'string', default: '10000' },
    clients: { type: 'string', default: '10' },
    contexts: { type: 'string', default: '1' },
    sizes: { type: 'string', default: '1,10,100' },
    parts: { type: 'string', default: 'streams,pages,clients,views' },
    /** Set for the process of `views`. */
    copies: { type: 'string' },
  },
});
const CONNECTIONS = 64;
const DATABASE = 'plaza';
const PAGES = 200;
const CHANGES = 100;
const CHANGE_EVERY = 100;
const IDLE_SECONDS = 20;
const SAMPLE_EVERY = 500;

type Row = readonly (string | number)[];
type Part = { head: string; measure(size: number): Promise<Row> };

const text = (cell: string | number): string =>
  typeof cell === 'string' ? cell : cell.toLocaleString('en', { maximumFractionDigits: cell < 10 ? 2 : 0 });

const withStores = async <Result>(job: (stores: EmbeddedStores) => Promise<Result>): Promise<Result> => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'plaza-bench-'));
  const stores = await startEmbeddedStores({ dataFolder });
  try {
    return await job(stores);
  } finally {
    await stores.stop();
    await rm(dataFolder, { recursive: true, force: true });
  }
};

/**
 * Does a job once for each number below a count, so many at a time. @returns how many a second, and the milliseconds of
 * each
 */
const forEach = async (count: number, job: (at: number) => Promise<void>) => {
  const took: number[] = [];
  let next = 0;
  const began = performance.now();
  const worker = async () => {
    while (next < count) {
      const at = next++;
      const from = performance.now();
      await job(at);
      took.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return { rate: (count * 1000) / (performance.now() - began), took };
};

const streams: Part = {
  head: 'lots | registered/s | p99 ms | first reservations/s | p99 ms | idle MiB | highest MiB',
  async measure(size) {
    const plaza = await startPlaza();
    const client = clientOf(plaza.url, CONNECTIONS);
    const idle = residentMiB(plaza.pids);
    let highest = idle;
    const sampling = setInterval(() => {
      highest = Math.max(highest, residentMiB(plaza.pids));
    }, SAMPLE_EVERY);
    const send = async (path: string, body: object) => {
      for (let tries = 1; ; tries++) {
        const { status } = await client.send('POST', path, body);
        // A busy store may have done it: the repeat is refused then.
        if (status === 201 || (status === 409 && tries > 1)) return;
        if (status !== 503) throw new Error(`${path} was answered with ${status}`);
        await pause(100);
      }
    };
    try {
      const count = Number(values.lots) * size;
      const registered = await forEach(count, (at) =>
        send('/parking/lots', { lotId: `lot-${at}`, name: `${at}`, spots: 10 }),
      );
      const reserved = await forEach(count, (at) =>
        send(`/parking/lots/lot-${at}/reservations`, { customerId: `c-${at}`, carNumber: `${at}`, amount: 5000 }),
      );
      const p99 = ({ took }: { took: number[] }) => quantile(took, 0.99);
      return [count, registered.rate, p99(registered), reserved.rate, p99(reserved), idle, highest];
    } finally {
      clearInterval(sampling);
      client.close();
      await plaza.stop();
    }
  },
};

const pages: Part = {
  head: 'documents | page, p50 ms | p99 ms | CPU of both, ms',
  measure: (size) =>
    withStores(async (stores) => {
      const reservations = Number(values.documents) * size;
      const mongo = await MongoClient.connect(stores.mongoUrl);
      const lots = reservations / 100;
      await fillParkingViews(mongo.db(DATABASE), { lots, reservations, customers: reservations / 20 });
      await mongo.close();
      const env = {
        MONGODB_URL: stores.mongoUrl,
        MONGODB_DATABASE: DATABASE,
        PLAZA_CONTEXTS: 'parking',
        READ_API_PORT: '0',
      };
      const { child, url, stop } = await startListening(process.execPath, ['programs/run.js', 'read-api'], env);
      const client = clientOf(url, 1);
      const turn = async (): Promise<number[]> => {
        const took: number[] = [];
        for (let next = ''; took.length < PAGES; ) {
          const from = performance.now();
          const path = `/parking/reservations?status=reserved&sort=-reservedAt&limit=50${next}`;
          const { status, body } = await client.send('GET', path);
          if (status !== 200) throw new Error(`a page was answered with ${status}`);
          took.push(performance.now() - from);
          const cursor = (body as { next?: string }).next;
          next = cursor === undefined ? '' : `&cursor=${cursor}`;
        }
        return took;
      };
      const used = () => cpuSeconds(child.pid) + cpuSeconds(stores.pid);
      try {
        await turn();
        const before = used();
        const took = await turn();
        return [reservations, quantile(took, 0.5), quantile(took, 0.99), ((used() - before) * 1000) / PAGES];
      } finally {
        client.close();
        await stop();
      }
    }),
};

/** Follows the events of the control centre. @returns the bytes and the messages so far, and an end */
const follow = async (url: string, agent: Agent) => {
  const seen = { bytes: 0, messages: 0 };
  const request = get(`${url}/control-center/events`, { agent });
  request.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (answer) => {
      if (answer.statusCode !== 200) return reject(new Error(`a client was answered with ${answer.statusCode}`));
      answer.on('error', () => {});
      answer.once('data', () => {
        resolve();
        answer.on('data', (chunk: Buffer) => {
          seen.bytes += chunk.length;
          seen.messages += chunk.toString('latin1').split('\ndata:').length - 1;
        });
      });
    });
  });
  return { seen, end: () => request.destroy() };
};

const clients: Part = {
  head: 'clients | bytes for each change and client | all have it after, p50 ms | p99 ms | CPU for each change and client, µs | highest MiB',
  async measure(size) {
    const count = Number(values.clients) * size;
    const plaza = await startPlaza();
    const client = clientOf(plaza.url, 4);
    const agent = new Agent({ maxSockets: count });
    const used = () => plaza.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    try {
      const followers: Awaited<ReturnType<typeof follow>>[] = [];
      for (let at = 0; at < count; at++) followers.push(await follow(plaza.url, agent));
      const least = () => followers.reduce((low, { seen }) => Math.min(low, seen.messages), Number.POSITIVE_INFINITY);
      const before = used();
      const waits: number[] = [];
      for (let change = 1; change <= CHANGES; change++) {
        const { status } = await client.send('POST', '/parking/lots', { lotId: `lot-${change}`, name: 'a', spots: 10 });
        if (status !== 201) throw new Error(`a lot was answered with ${status}`);
        const answeredAt = performance.now();
        while (least() < change) await pause(1);
        waits.push(performance.now() - answeredAt);
        await pause(Math.max(0, CHANGE_EVERY - waits.at(-1)!));
      }
      const each = CHANGES * count;
      const bytes = followers.reduce((sum, { seen }) => sum + seen.bytes, 0) / each;
      const cpu = ((used() - before) * 1e6) / each;
      const highest = residentMiB(plaza.pids);
      for (const { end } of followers) end();
      return [count, bytes, quantile(waits, 0.5), quantile(waits, 0.99), cpu, highest];
    } finally {
      agent.destroy();
      client.close();
      await plaza.stop();
    }
  },
};

/** Runs copies of the car park's views in this process, and reports when they are built. */
const runCopies = async (copies: number): Promise<void> => {
  const known = await projectionsOf(['parking'], 'UTC');
  const projections = Array.from({ length: copies }, (_, copy) =>
    known.map((projection) => ({ ...projection, name: `${projection.name}-${copy}` })),
  ).flat();
  const client = connectEventStore(process.env.EVENTSTORE_URL!);
  const mongo = await MongoClient.connect(process.env.MONGODB_URL!);
  const running = startProjections({ client, db: mongo.db(DATABASE), projections });
  for (;;) {
    const { ok } = await running.checks.views();
    if (ok && running.working().length === projections.length) break;
    await pause(100);
  }
  process.send!({ views: projections.length });
  process.once('disconnect', () => process.exit());
};

const views: Part = {
  head: 'views | ready after, s | idle, projections: % of a core | idle, stores: % of a core | MiB of the projections',
  measure: (size) =>
    withStores(async ({ eventStoreUrl, mongoUrl, pid }) => {
      const began = performance.now();
      const urls = { EVENTSTORE_URL: eventStoreUrl, MONGODB_URL: mongoUrl };
      const copies = `${Number(values.contexts) * size}`;
      const child = fork(import.meta.filename, ['--copies', copies], { env: { ...process.env, ...urls } });
      try {
        const count = await new Promise<number>((resolve, reject) => {
          child.once('message', (told) => resolve((told as { views: number }).views));
          child.once('exit', () => reject(new Error('the projections ended')));
        });
        const ready = (performance.now() - began) / 1000;
        await pause(5_000);
        const used = () => [cpuSeconds(child.pid), cpuSeconds(pid)] as const;
        const before = used();
        await pause(IDLE_SECONDS * 1000);
        const [own, stores] = used().map((now, at) => ((now - before[at]!) * 100) / IDLE_SECONDS);
        return [count, ready, own!, stores!, residentMiB([child.pid!])];
      } finally {
        child.removeAllListeners('exit');
        child.kill();
      }
    }),
};

const PARTS: Readonly<Record<string, Part>> = { streams, pages, clients, views };

if (values.copies === undefined)
  for (const name of values.parts.split(',')) {
    const { head, measure } = PARTS[name]!;
    console.log(`| ${head} |\n|${'---:|'.repeat(head.split('|').length)}`);
    for (const size of values.sizes.split(',').map(Number))
      console.log(`| ${(await measure(size)).map(text).join(' | ')} |`);
    console.log('');
  }
else await runCopies(Number(values.copies));
