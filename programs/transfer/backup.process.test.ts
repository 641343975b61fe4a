import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Announcement } from '../../embedded/open.ts';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { startStoresProcess } from '../../platform/subscriptions/testing.ts';
import { backUp } from './backup.ts';

/** Stores of a process of their own: the test's process copies their files, and closing one would drop SQLite's locks. */
let stores: Awaited<ReturnType<typeof startStoresProcess>>;
let announced: Announcement;
let folder: string;

beforeAll(async () => {
  stores = await startStoresProcess();
  announced = JSON.parse(readFileSync(join(stores.dataFolder, 'stores.json'), 'utf8'));
});
afterAll(() => stores.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plaza-backup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes an event, then a document that says so, over and over: a copy must never have the document alone. */
const writing = () => {
  const db = stores.mongo.db('backup');
  const progress = { written: 0, stop: false };
  const loop = async () => {
    while (!progress.stop) {
      await stores.append('numbers', { type: 'Counted', data: { text: 'x'.repeat(10_000) } });
      const [_id, count] = ['numbers' as unknown as never, progress.written + 1];
      await db.collection('counts').updateOne({ _id }, { $set: { count } }, { upsert: true });
      progress.written = count;
    }
  };
  return { progress, done: loop() };
};

/** Opens a copy and counts. */
const countIn = async (dataFolder: string) => {
  const copy = await startEmbeddedStores({ dataFolder });
  onTestFinished(() => copy.stop());
  const client = connectEventStore(copy.eventStoreUrl);
  const mongo = await MongoClient.connect(copy.mongoUrl);
  let events = 0;
  for await (const _ of streams(client).read('numbers', 0n)) events += 1;
  const document = await mongo.db('backup').collection('counts').findOne({});
  await Promise.all([disconnectEventStore(client), mongo.close()]);
  return { events, documents: (document?.count as number | undefined) ?? 0 };
};

test('a backup of stores that work has everything acknowledged before, and no view is ahead of its events', async () => {
  // A backup that was killed in the middle leaves this.
  writeFileSync(join(folder, 'views.sqlite.part'), 'half a file');
  const { progress, done } = writing();
  await expect.poll(() => progress.written).toBeGreaterThan(100);
  const before = progress.written;
  let during = 0;
  const copied = await backUp(announced, folder, async () => {
    const now = progress.written;
    // The stores write while they are copied.
    await expect.poll(() => progress.written).toBeGreaterThan(now + 50);
    during = progress.written;
  });
  progress.stop = true;
  await done;
  expect(copied).toEqual(['views.sqlite', 'events.sqlite']);
  expect(readdirSync(folder).sort()).toEqual(['events.sqlite', 'views.sqlite']);
  for (const name of copied) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  const { events, documents } = await countIn(folder);
  expect(documents).toBeGreaterThanOrEqual(before);
  expect(events).toBeGreaterThanOrEqual(documents);
  expect(events).toBeLessThan(during);
});

test('a second backup at the same time is refused, a later one is not', async () => {
  await backUp(announced, folder, async () => {
    await expect(backUp(announced, join(folder, 'second'))).rejects.toThrow(/another backup is in progress/);
  });
  rmSync(folder, { recursive: true });
  await expect.poll(() => backUp(announced, folder).catch(() => [])).toHaveLength(2);
});

test('a folder with other files is refused, and keeps them', async () => {
  await expect(backUp(announced, stores.dataFolder)).rejects.toThrow(/is not empty/);
});

test('a request without the token is refused', async () => {
  await expect(backUp({ ...announced, backupToken: 'wrong' }, folder)).rejects.toThrow(/refuse a backup/);
});

test('stores that end meanwhile leave no copy', async () => {
  const mortal = await startStoresProcess();
  onTestFinished(() => mortal.stop());
  const of = JSON.parse(readFileSync(join(mortal.dataFolder, 'stores.json'), 'utf8')) as Announcement;
  const killed = backUp(of, folder, async () => {
    process.kill(mortal.pid, 'SIGKILL');
    await mortal.exited;
  });
  await expect(killed).rejects.toThrow();
  expect(readdirSync(folder)).toEqual([]);
});
