import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { fillWithEverything } from '../../bench/mixed-history.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../../embedded/start.ts';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../../platform/event-store/client.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { comparePositions, START } from '../../platform/event-store/types.ts';
import { contextSchemas, projectionsOf } from '../../programs/contexts.ts';
import { EVENTS, isFinished, UNFINISHED } from '../../programs/transfer/manifest.ts';
import { rebuild } from '../../projections/kernel/rebuild.ts';
import { startWire, type Wire } from '../faults/wire.ts';
import { command } from '../support/operator.ts';
import { temporaryData } from '../support/plaza.ts';

const EVENTS_IN_ALL = 6_000;
const ROOT = new URL('../../', import.meta.url).pathname;

const data = temporaryData();
const exported = temporaryData();
let source: EmbeddedStores;

type Stores = Pick<EmbeddedStores, 'eventStoreUrl' | 'mongoUrl'>;
const settingsOf = ({ eventStoreUrl, mongoUrl }: Stores, wire?: Wire) => ({
  EVENTSTORE_URL: wire ? `esdb://127.0.0.1:${wire.port}?tls=false` : eventStoreUrl,
  MONGODB_URL: mongoUrl,
});
const portOf = (url: string) => Number(new URL(url.replace(/^\w+:/, 'http:')).port);

const inStores = async <Result>(
  { eventStoreUrl, mongoUrl }: Stores,
  use: (client: EventStoreClient, mongo: MongoClient) => Promise<Result>,
) => {
  const client = connectEventStore(eventStoreUrl);
  const mongo = await MongoClient.connect(mongoUrl);
  try {
    return await use(client, mongo);
  } finally {
    await Promise.all([disconnectEventStore(client), mongo.close()]);
  }
};

/** Reads which events stores have, in their order. */
const eventsOf = (stores: Stores) =>
  inStores(stores, async (client) => {
    const found: string[] = [];
    const tail = await readTail(client);
    const { signal } = new AbortController();
    if (comparePositions(tail, START) === 0) return found;
    for await (const { events, checkpoint, live } of pullBatches({ client, from: START, maxBatch: 1_000, signal })) {
      found.push(...events.map(({ stream, revision, id }) => `${stream} ${revision} ${id}`));
      if (live || comparePositions(checkpoint, tail) >= 0) break;
    }
    return found;
  });

/** Builds every view. */
const build = (stores: Stores) =>
  inStores(stores, async (client, mongo) => {
    const names = contextSchemas.map(({ name }) => name);
    const projections = await projectionsOf(names, 'Asia/Seoul');
    await rebuild({ client, db: mongo.db('plaza'), projections, signal: new AbortController().signal });
  });

const started = async (folder: string) => {
  const stores = await startEmbeddedStores({ dataFolder: folder });
  onTestFinished(() => stores.stop());
  return stores;
};

/** Starts an operator's command. */
const begin = (env: Record<string, string>, ...args: string[]) => {
  const child = spawn(process.execPath, ['programs/run.js', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  return {
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
};

beforeAll(async () => {
  source = await startEmbeddedStores({ dataFolder: data.folder });
  await inStores(source, (client) => fillWithEverything(client, EVENTS_IN_ALL));
  await build(source);
}, 120_000);
afterAll(async () => {
  await source?.stop();
  data.remove();
  exported.remove();
});

test('an export that is killed is continued, and an import of it that is killed too', {
  timeout: 180_000,
}, async () => {
  const folder = join(exported.folder, 'export');
  const part = join(folder, UNFINISHED);
  let stopped = () => {};
  const killed = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  const outwards = await startWire(portOf(source.eventStoreUrl), () => {
    // The client asks for more events while it writes: from here on it gets none.
    if (!existsSync(part) || statSync(part).size === 0) return;
    outwards.set('black-hole');
    stopped();
  });
  onTestFinished(() => outwards.close());
  const exporting = begin(settingsOf(source, outwards), 'export', folder);
  await killed;
  await exporting.kill();
  expect(isFinished(folder)).toBe(false);
  const written = readFileSync(part, 'utf8').split('\n').length - 1;
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(EVENTS_IN_ALL);
  expect(await command(settingsOf(source), 'export', folder)).toMatchObject({ status: 0 });
  expect(readFileSync(join(folder, EVENTS), 'utf8').split('\n')).toHaveLength(EVENTS_IN_ALL + 1);

  const imported = temporaryData();
  onTestFinished(imported.remove);
  const target = await started(imported.folder);
  let bytes = 0;
  let halfway = () => {};
  const half = new Promise<void>((resolve) => {
    halfway = resolve;
  });
  const inwards = await startWire(portOf(target.eventStoreUrl), (sent) => {
    bytes += sent.length;
    if (bytes < statSync(join(folder, EVENTS)).size / 4) return;
    inwards.set('black-hole');
    halfway();
  });
  onTestFinished(() => inwards.close());
  const importing = begin(settingsOf(target, inwards), 'import', folder);
  await half;
  await importing.kill();
  const before = await eventsOf(target);
  expect(before.length).toBeGreaterThan(0);
  expect(before.length).toBeLessThan(EVENTS_IN_ALL);
  expect(await command(settingsOf(target), 'import', folder)).toMatchObject({ status: 0 });
  expect(await eventsOf(target)).toEqual(await eventsOf(source));
  await build(target);
  expect(await command(settingsOf(target), 'verify')).toMatchObject({ status: 0 });
});

test('a backup that is killed does not prevent the next one', { timeout: 180_000 }, async () => {
  const copies = temporaryData();
  onTestFinished(copies.remove);
  const env = { PLAZA_DATA: data.folder };
  const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  const isUnfinished = (folder: string) => filesIn(folder).some((name) => name.endsWith('.part'));
  // It may have ended before it is killed.
  for (let copy = 0; ; copy++) {
    const folder = join(copies.folder, `${copy}`);
    const backingUp = begin(env, 'backup', folder);
    await vi.waitUntil(() => filesIn(folder).length > 0, { timeout: 60_000, interval: 1 });
    await backingUp.kill();
    if (!isUnfinished(folder)) continue;
    expect(await command(env, 'backup', folder)).toMatchObject({ status: 0 });
    expect(isUnfinished(folder)).toBe(false);
    const stores = await started(folder);
    expect(await eventsOf(stores)).toEqual(await eventsOf(source));
    expect(await command(settingsOf(stores), 'verify')).toMatchObject({ status: 0 });
    return;
  }
});
