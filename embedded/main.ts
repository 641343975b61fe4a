/**
 * Runs the embedded stores as one process: EventStoreDB's protocol on PLAZA_EVENTSTORE_PORT (2113) and MongoDB's on
 * PLAZA_MONGODB_PORT (27017), on 127.0.0.1, over SQLite files in PLAZA_DATA (./data). Port 0 takes any free port.
 *
 * When start.ts starts it, it also sends `{ ready }` or `{ failed }` once over the IPC channel, and stops when the
 * channel closes because its parent has ended.
 */
import { randomUUID } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { startBackupServer } from './backup-server.ts';
import { isStoresError, type StoresErrorCode, storesError } from './errors.ts';
import { startEventStoreServer } from './event-store/server.ts';
import { lockDataFolder } from './lock.ts';
import { startMongoThread } from './mongo/thread.ts';
import { isDiskFull } from './sqlite-file.ts';

const HOST = '127.0.0.1';

/** The addresses of the running stores, and their process. */
export type StoresAddress = {
  /** `esdb://127.0.0.1:PORT?tls=false` */
  eventStoreUrl: string;
  /** `mongodb://127.0.0.1:PORT` */
  mongoUrl: string;
  pid: number;
};

export type StoresMessage = { ready: StoresAddress } | { failed: { code: StoresErrorCode; message: string } };

/** The content of `stores.json`, by which other programs on the same folder find the stores. */
export type Announcement = StoresAddress & {
  backupUrl: string;
  /** The secret of the backup server: a program that can read the folder may copy it. */
  backupToken: string;
};

const say = (line: string) => console.log(line);
const sendToParent = process.send?.bind(process);
const closers: (() => void | Promise<void>)[] = [];
let stopping: Promise<void> | undefined;

const run = async (): Promise<void> => {
  try {
    const folder = resolve(process.env.PLAZA_DATA ?? 'data');
    prepareFolder(folder);
    closers.push(lockDataFolder(folder));
    const eventStore = await startEventStoreServer({
      file: join(folder, 'events.sqlite'),
      host: HOST,
      port: portFrom('PLAZA_EVENTSTORE_PORT', 2113),
      log: say,
    });
    closers.push(() => eventStore.close());
    const mongo = await startMongoThread({
      file: join(folder, 'views.sqlite'),
      host: HOST,
      port: portFrom('PLAZA_MONGODB_PORT', 27017),
      log: say,
      onDeath(error) {
        console.error(`stores: the documents' thread failed: ${error.stack}`);
        process.exit(1);
      },
    });
    closers.push(() => mongo.close());
    const backupToken = randomUUID();
    const backups = await startBackupServer([mongo, eventStore], backupToken);
    closers.push(() => backups.close());
    const address = { eventStoreUrl: eventStore.url, mongoUrl: mongo.url, pid: process.pid };
    announce(folder, { ...address, backupUrl: backups.url, backupToken });
    tell({ ready: address });
    say(`stores ready: EVENTSTORE_URL=${eventStore.url} MONGODB_URL=${mongo.url} in ${folder}`);
  } catch (error) {
    const code = isStoresError(error) ? error.code : 'stores-failed';
    const message = error instanceof Error ? error.message : String(error);
    console.error(`stores: ${code}: ${message}`);
    tell({ failed: { code, message } });
    process.exitCode = 1;
    await stop();
  }
};

/** Writes `stores.json`. A stale file names a process that has ended. */
const announce = (folder: string, content: Announcement): void => {
  const file = join(folder, 'stores.json');
  closers.push(() => rmSync(file, { force: true }));
  let isFull = statfsSync(folder).bavail === 0;
  try {
    writeFileSync(file, JSON.stringify(content));
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    isFull = true;
    rmSync(file, { force: true });
  }
  if (isFull) {
    say(`stores: the disk of ${folder} is full: only reads are served, and writes are refused until there is space`);
  }
};

const tell = (message: StoresMessage): void => {
  if (process.connected) sendToParent?.(message);
};

const stop = (): Promise<void> => {
  stopping ??= (async () => {
    for (const close of closers.reverse()) await close();
    if (process.connected) process.disconnect?.();
    process.exit();
  })();
  return stopping;
};

const prepareFolder = (folder: string): void => {
  try {
    makeFolder(folder);
    chmodSync(folder, 0o700);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw storesError('data-folder-unwritable', `The data folder ${folder} cannot be written (${reason}).`, error);
  }
};

/**
 * Creates one level at a time: mkdir's own recursion never returns where the file system answers ENOENT to every mkdir,
 * as /proc does.
 */
const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
};

const portFrom = (variable: string, otherwise: number): number => {
  const port = Number(process.env[variable] ?? otherwise);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw storesError('stores-failed', `${variable} is not a port: ${process.env[variable]}`);
  }
  return port;
};

process.umask(0o077);
// The parent may have closed the other end of the pipe; the files must be closed all the same.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
// Signals to a process group reach this process too: its parent finishes its own work first and then stops it.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (!sendToParent) stop();
  });
}
process.on('disconnect', stop);
// npm passes a signal on to its shell, which ends without passing it on.
if (process.env.npm_lifecycle_event && !sendToParent) {
  const shell = process.ppid;
  setInterval(() => process.ppid === shell || stop(), 500).unref();
}
await run();
// Without this only stores that end in order would keep their compiled code.
flushCompileCache();
