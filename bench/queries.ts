/**
 * GET pages of lots and reservations with a filter and a sort: the read API against the bare driver behind bare
 * Express, each a process of its own, in turns, on the same store.
 *
 *     npm run bench -- queries [--documents 1000000] [--seconds 5] [--rounds 3] [--connections 32]
 *
 * Uses the server at MONGODB_URL, or an embedded one in a temporary folder. Prints the table and the ratio.
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import express from 'express';
import { type Db, MongoClient, type Sort } from 'mongodb';
import { startEmbeddedStores } from '../embedded/start.ts';
import { createApp } from '../platform/http/app.ts';
import { createMongoClient } from '../platform/mongo.ts';
import { readSide as parking } from '../read-api/parking.ts';
import { startReadApi } from '../read-api/start.ts';
import { median } from './figures.ts';
import { fillParkingViews, lotOf } from './parking-views.ts';

const { values: options } = parseArgs({
  options: {
    documents: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    serve: { type: 'string' },
    mongo: { type: 'string', default: '' },
  },
});

const DATABASE = 'plaza-bench-queries';
const documents = Number(options.documents);
const lots = Math.max(1, Math.floor(documents / 100));
const customers = Math.max(1, Math.floor(documents / 20));

/** A server without Plaza: it reads the same documents by the same filters and sorts, and does nothing else. */
const bareApp = (db: Db) => {
  const app = express();
  const shown = { projection: { _id: 0, _position: 0 } };
  const sortOf = (text: unknown): Sort => {
    const way = String(text).startsWith('-') ? -1 : 1;
    return { [String(text).replace(/^-/, '')]: way, _id: way };
  };
  const page = (view: string) => (wanted: object, sort: unknown, limit: unknown) =>
    db
      .collection(view)
      .find(wanted, shown)
      .sort(sortOf(sort))
      .limit(Number(limit ?? 50))
      .toArray();
  const lotsPage = page('parking.lots');
  const reservationsPage = page('parking.reservations');
  app.get('/parking/lots', async (req, res) => {
    const { sort, limit, ...wanted } = req.query;
    res.json({ items: await lotsPage(wanted, sort, limit) });
  });
  app.get('/parking/reservations', async (req, res) => {
    const { sort, limit, ...wanted } = req.query;
    res.json({ items: await reservationsPage(wanted, sort, limit) });
  });
  app.get('/parking/lots/:lotId/reservations', async (req, res) => {
    const { sort, limit, ...wanted } = req.query;
    res.json({ items: await reservationsPage({ ...wanted, lotId: req.params.lotId }, sort, limit) });
  });
  return app;
};

const serveOne = async (kind: string): Promise<void> => {
  const client =
    kind === 'plaza' ? createMongoClient(options.mongo) : new MongoClient(options.mongo, { maxPoolSize: 50 });
  const db = client.db(DATABASE);
  const onError = (error: unknown) => console.error(error);
  const app =
    kind === 'plaza'
      ? createApp(
          startReadApi({ db, contexts: [parking], timeZone: 'UTC', version: '1', onError }).routers,
          [parking.schema],
          onError,
        )
      : bareApp(db);
  const server = createServer(app);
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit());
};

const start = async (kind: string, mongo: string) => {
  const child = fork(import.meta.filename, ['--serve', kind, '--mongo', mongo]);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('exit', (code) => reject(new Error(`the ${kind} server ended with ${code}`)));
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.disconnect() };
};

/** The shapes of the requests; the same for both, in the same order. */
const shapes: Readonly<Record<string, (at: number) => string>> = {
  'lots by status, sorted by name': () => '/parking/lots?status=open&sort=name&limit=50',
  'lots, the most free first': () => '/parking/lots?sort=-free&limit=50',
  'reservations of a customer, the newest first': (at) =>
    `/parking/reservations?customerId=c-${at % customers}&sort=-reservedAt&limit=20`,
  'reservations by status, the newest first': () => '/parking/reservations?status=reserved&sort=-reservedAt&limit=50',
  'reservations of a lot': (at) => `/parking/lots/${lotOf(at % lots)}/reservations?sort=reservedAt&limit=50`,
};

const load = async (url: string, paths: string[], seconds: number): Promise<{ rate: number; p99: number }> => {
  const result = await autocannon({
    url,
    connections: Number(options.connections),
    duration: seconds,
    requests: paths.map((path) => ({ method: 'GET' as const, path })),
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 200, ${result.errors} failed`);
  return { rate: result.requests.average, p99: result.latency.p99 };
};

const compare = async (mongo: string): Promise<void> => {
  const client = new MongoClient(mongo);
  const began = performance.now();
  await fillParkingViews(client.db(DATABASE), { lots, reservations: documents, customers });
  console.error(`${documents} reservations and ${lots} lots in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  const servers = { plaza: await start('plaza', mongo), bare: await start('bare', mongo) };
  const seconds = Number(options.seconds);
  const rows: string[] = [];
  const ratios: number[] = [];
  for (const [shape, pathOf] of Object.entries(shapes)) {
    const paths = Array.from({ length: 200 }, (_, at) => pathOf(at * 7919));
    const results = { plaza: [] as { rate: number; p99: number }[], bare: [] as { rate: number; p99: number }[] };
    for (const kind of ['plaza', 'bare'] as const) await load(servers[kind].url, paths, 1);
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const kind of round % 2 ? (['plaza', 'bare'] as const) : (['bare', 'plaza'] as const))
        results[kind].push(await load(servers[kind].url, paths, seconds));
    }
    const rate = (kind: 'plaza' | 'bare') => median(results[kind].map((result) => result.rate));
    const p99 = (kind: 'plaza' | 'bare') => median(results[kind].map((result) => result.p99));
    const ratio = rate('plaza') / rate('bare');
    ratios.push(ratio);
    rows.push(
      `| ${shape} | ${rate('plaza').toFixed(0)} | ${p99('plaza')} | ${rate('bare').toFixed(0)} | ${p99('bare')} | ${ratio.toFixed(2)} |`,
    );
  }
  servers.plaza.stop();
  servers.bare.stop();
  await client.db(DATABASE).dropDatabase();
  await client.close();
  console.log('| page | Plaza, requests/s | p99, ms | bare, requests/s | p99, ms | ratio |\n|---|---|---|---|---|---|');
  console.log(rows.join('\n'));
  console.log(`\nP7: ${median(ratios).toFixed(2)} (median), ${Math.min(...ratios).toFixed(2)} (least); target 0.80`);
};

if (options.serve !== undefined) {
  await serveOne(options.serve);
} else if (process.env.MONGODB_URL) {
  await compare(process.env.MONGODB_URL);
} else {
  const dataFolder = await mkdtemp(join(tmpdir(), 'plaza-bench-queries-'));
  const stores = await startEmbeddedStores({ dataFolder });
  try {
    await compare(stores.mongoUrl);
  } finally {
    await stores.stop();
    await rm(dataFolder, { recursive: true });
  }
}
