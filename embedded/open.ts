import { randomUUID } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { startBackupServer } from './backup-server.ts';
import { storesError } from './errors.ts';
import { startEventStoreServer } from './event-store/server.ts';
import { lockDataFolder } from './lock.ts';
import { startMongoServer } from './mongo/server.ts';
import { startMongoThread } from './mongo/thread.ts';
import { isDiskFull } from './sqlite-file.ts';

const HOST = '127.0.0.1';

/** The stores by name. */
export type StoreName = 'events' | 'documents';

/** The addresses of the running stores, and their process; empty for one that was not wanted. */
export type StoresAddress = {
  /** `esdb://127.0.0.1:PORT?tls=false` */
  eventStoreUrl: string;
  /** `mongodb://127.0.0.1:PORT` */
  mongoUrl: string;
  pid: number;
};

/** The content of `stores.json`, by which other programs on the same folder find the stores. */
export type Announcement = StoresAddress & {
  backupUrl: string;
  /** The secret of the backup server: a program that can read the folder may copy it. */
  backupToken: string;
};

export type OpenStoresOptions = {
  /** The folder of the files; created for the owner only. */
  dataFolder: string;
  /** 0, the default, takes any free port. */
  eventStorePort?: number;
  mongoPort?: number;
  /** The only store to open, where the other is elsewhere; both when left out. */
  only?: StoreName | undefined;
  /**
   * Whether documents are served by a thread of their own. Without it they share the caller's, which starts faster and
   * makes appends wait while documents are written.
   */
  documentsThread?: boolean;
  log?: (line: string) => void;
  /** Called when the documents' thread failed: the stores serve no documents any more. */
  onDeath?: (error: Error) => void;
};

export type OpenStores = StoresAddress & {
  /** Closes every connection, then the files. */
  close(): Promise<void>;
};

/**
 * Opens the embedded stores in this process: EventStoreDB's protocol and MongoDB's on 127.0.0.1, over SQLite files.
 * @throws StoresError (see errors.ts); nothing stays open then
 */
export const openEmbeddedStores = async (options: OpenStoresOptions): Promise<OpenStores> => {
  const { eventStorePort = 0, mongoPort = 0, only, documentsThread = true, log = () => {} } = options;
  const { onDeath = fail } = options;
  const folder = resolve(options.dataFolder);
  const opened = new AsyncDisposableStack();
  try {
    prepareFolder(folder);
    opened.defer(lockDataFolder(folder));
    const events = { file: join(folder, 'events.sqlite'), host: HOST, port: eventStorePort, log };
    const eventStore = only === 'documents' ? undefined : await startEventStoreServer(events);
    opened.defer(() => eventStore?.close());
    const documents = { file: join(folder, 'views.sqlite'), host: HOST, port: mongoPort, log };
    const startMongo = () =>
      documentsThread ? startMongoThread({ ...documents, onDeath }) : startMongoServer(documents);
    const mongo = only === 'events' ? undefined : await startMongo();
    opened.defer(() => mongo?.close());
    const backupToken = randomUUID();
    const backups = await startBackupServer(
      [mongo, eventStore].filter((store) => store !== undefined),
      backupToken,
    );
    opened.defer(() => backups.close());
    const address = { eventStoreUrl: eventStore?.url ?? '', mongoUrl: mongo?.url ?? '', pid: process.pid };
    opened.defer(announce(folder, { ...address, backupUrl: backups.url, backupToken }, log));
    return { ...address, close: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
};

const fail = (error: Error): never => {
  throw error;
};

/** Writes `stores.json`. A stale file names a process that has ended. @returns a function that removes the file */
const announce = (folder: string, content: Announcement, log: (line: string) => void): (() => void) => {
  const file = join(folder, 'stores.json');
  const remove = () => rmSync(file, { force: true });
  let isFull = statfsSync(folder).bavail === 0;
  try {
    writeFileSync(file, JSON.stringify(content));
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    isFull = true;
    remove();
  }
  if (isFull) {
    log(`stores: the disk of ${folder} is full: only reads are served, and writes are refused until there is space`);
  }
  return remove;
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
