import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type EmbeddedStores, startEmbeddedStores } from './start.ts';

let folder: string;
let started: EmbeddedStores[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stores-'));
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((stores) => stores.stop()));
  rmSync(folder, { recursive: true });
});

const start = async (options: Partial<Parameters<typeof startEmbeddedStores>[0]> = {}): Promise<EmbeddedStores> => {
  const stores = await startEmbeddedStores({ dataFolder: join(folder, 'data'), ...options });
  started.push(stores);
  return stores;
};

const failure = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (error: Error & { code: string }) => error,
  );
  expect(error?.message).not.toContain('\n');
  return error;
};

const listening = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
};

it('both stores keep their data over a restart', async () => {
  for (const expectedRevision of ['no_stream', 0n] as const) {
    const stores = await start();
    const events = EventStoreDBClient.connectionString(stores.eventStoreUrl);
    await events.appendToStream('stream', jsonEvent({ type: 'Happened', data: {} }), { expectedRevision });
    await events.dispose();
    const documents = new MongoClient(stores.mongoUrl);
    await documents
      .db('plaza')
      .collection<{ _id: string }>('runs')
      .insertOne({ _id: String(expectedRevision) });
    expect(await documents.db('plaza').collection('runs').countDocuments()).toBe(expectedRevision === 0n ? 2 : 1);
    await documents.close();
    await stores.stop();
    expect(await stores.exited).toEqual({ code: 0, signal: null });
  }
});

it('the data folder and its files are for the owner only', async () => {
  await start();
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
  for (const file of ['events.sqlite', 'views.sqlite', 'stores.lock']) {
    expect(statSync(join(folder, 'data', file)).mode & 0o777).toBe(0o600);
  }
});

it('a second start on the same data is refused, until the first one is gone', async () => {
  const first = await start();
  expect(await failure(start())).toMatchObject({ code: 'data-in-use' });
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  await start();
});

it('reports a taken port, whichever of the two it is', async () => {
  const other = createServer();
  const port = await listening(other);
  expect(await failure(start({ eventStorePort: port }))).toMatchObject({ code: 'port-taken' });
  expect(await failure(start({ mongoPort: port }))).toMatchObject({ code: 'port-taken' });
  other.close();
});

it('reports a data folder that cannot be created', async () => {
  writeFileSync(join(folder, 'file'), '');
  expect(await failure(start({ dataFolder: join(folder, 'file', 'data') }))).toMatchObject({
    code: 'data-folder-unwritable',
  });
});

it('reports a file of another program', async () => {
  writeFileSync(join(folder, 'events.sqlite'), 'x'.repeat(5_000));
  chmodSync(folder, 0o700);
  expect(await failure(start({ dataFolder: folder }))).toMatchObject({ code: 'data-corrupt' });
});

it('the stores end when their parent is killed', async () => {
  const script = `
    import { startEmbeddedStores } from ${JSON.stringify(fileURLToPath(new URL('./start.ts', import.meta.url)))};
    const stores = await startEmbeddedStores({ dataFolder: ${JSON.stringify(join(folder, 'data'))} });
    console.log(stores.pid);
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: parent.stdout! }), 'line');
  const pid = Number(line);
  parent.kill('SIGKILL');
  await expect.poll(() => isRunning(pid)).toBe(false);
  await start();
});

it('`npm run stores` runs them in the foreground and SIGTERM ends it cleanly', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
    env: { ...process.env, PLAZA_DATA: join(folder, 'data'), PLAZA_EVENTSTORE_PORT: '0', PLAZA_MONGODB_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  expect(line).toMatch(/^stores ready: EVENTSTORE_URL=esdb:\/\/127\.0\.0\.1:\d+\?tls=false MONGODB_URL=mongodb:/);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it.each([
  ['fails', "throw new Error('failed')"],
  ['ends', 'process.exit(0)'],
])('the stores end when the thread of the documents %s', async (_, death) => {
  const preload = `
    import { Server } from 'node:net';
    import { isMainThread } from 'node:worker_threads';
    const { emit } = Server.prototype;
    if (!isMainThread) Server.prototype.emit = function (name, ...rest) {
      if (name === 'connection') setImmediate(() => { ${death} });
      return emit.call(this, name, ...rest);
    };`;
  vi.stubEnv('NODE_OPTIONS', `--import=data:text/javascript,${encodeURIComponent(preload)}`);
  const stores = await start().finally(() => vi.unstubAllEnvs());
  const socket = connect(Number(new URL(stores.mongoUrl).port), '127.0.0.1').on('error', () => {});
  expect(await stores.exited).toEqual({ code: 1, signal: null });
  socket.destroy();
});

/** Code for the thread of the documents: the first connection blocks it for ever. */
const BUSY = `
  import { Server } from 'node:net';
  import { isMainThread } from 'node:worker_threads';
  const { emit } = Server.prototype;
  if (!isMainThread) Server.prototype.emit = function (name, ...rest) {
    if (name === 'connection') setImmediate(() => { for (;;); });
    return emit.call(this, name, ...rest);
  };`;

it.each([
  ['the parent is killed', 'SIGKILL'],
  ['the parent stops them', 'stop'],
])('the stores end when %s while the thread of the documents is busy', async (_, way) => {
  const script = `
    import { startEmbeddedStores } from ${JSON.stringify(fileURLToPath(new URL('./start.ts', import.meta.url)))};
    const stores = await startEmbeddedStores({ dataFolder: ${JSON.stringify(join(folder, 'data'))} });
    console.log(stores.pid + ' ' + stores.mongoUrl);
    process.stdin.once('data', () => stores.stop().then(() => process.exit()));
  `;
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(BUSY)}` },
  });
  const [line] = (await once(createInterface({ input: parent.stdout! }), 'line')) as [string];
  const [pid = '', url = ''] = line.split(' ');
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  if (way === 'stop') parent.stdin.write('stop');
  else parent.kill('SIGKILL');
  await expect.poll(() => isRunning(Number(pid))).toBe(false);
  socket.destroy();
  parent.kill('SIGKILL');
});

it('`npm run stores` ends on SIGTERM while the thread of the documents is busy', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
    env: {
      ...process.env,
      PLAZA_DATA: join(folder, 'data'),
      PLAZA_EVENTSTORE_PORT: '0',
      PLAZA_MONGODB_PORT: '0',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(BUSY)}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  const port = Number(/MONGODB_URL=mongodb:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  socket.destroy();
});

/** Code for the stores' process and its thread: no file can grow, and SQLite's log cannot be emptied. */
const FULL_DISK = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  import { DatabaseSync } from 'node:sqlite';
  const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    if (!sql.includes('wal_checkpoint(')) return exec.call(this, sql);
    exec.call(this, 'PRAGMA max_page_count = 1');
    throw full;
  };
  fs.writeFileSync = () => { throw Object.assign(new Error('no space left'), { code: 'ENOSPC' }); };
  syncBuiltinESMExports();`;

it('on a full disk the stores start, report it, serve reads and refuse writes', async () => {
  const fill = async (stores: EmbeddedStores) => {
    const events = EventStoreDBClient.connectionString(stores.eventStoreUrl);
    const documents = await MongoClient.connect(stores.mongoUrl);
    const large = 'x'.repeat(20_000);
    const written = await Promise.allSettled([
      events.appendToStream('stream', jsonEvent({ type: 'Happened', data: { large } })),
      documents.db('plaza').collection('runs').insertOne({ large }),
    ]);
    const read = [];
    for await (const { event } of events.readStream('stream')) read.push(event?.type);
    const found = await documents.db('plaza').collection('runs').countDocuments();
    await Promise.all([events.dispose(), documents.close()]);
    return { written: written.map(({ status }) => status), read, found };
  };
  const first = await start();
  expect(await fill(first)).toMatchObject({ read: ['Happened'], found: 1 });
  process.kill(first.pid, 'SIGKILL');
  await first.exited;

  vi.stubEnv('NODE_OPTIONS', `--import=data:text/javascript,${encodeURIComponent(FULL_DISK)}`);
  const lines: string[] = [];
  const full = await start({ log: (line) => lines.push(line) }).finally(() => vi.unstubAllEnvs());
  expect(await fill(full)).toEqual({ written: ['rejected', 'rejected'], read: ['Happened'], found: 1 });
  expect(lines.join()).toContain('is full: only reads are served');
  await full.stop();

  expect(await fill(await start())).toEqual({
    written: ['fulfilled', 'fulfilled'],
    read: ['Happened', 'Happened'],
    found: 2,
  });
});
