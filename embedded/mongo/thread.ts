import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Holdable } from '../backup-server.ts';
import { type StoresErrorCode, storesError } from '../errors.ts';
import type { MongoServer, MongoServerOptions } from './server.ts';

export type ThreadMessage =
  | { line: string }
  | { ready: string }
  | { failed: { code: StoresErrorCode; message: string } }
  /** The outcome of `hold`: why it failed, or null. */
  | { held: string | null };

export type ThreadOrder = 'hold' | 'release' | 'close';

export type MongoThreadOptions = MongoServerOptions & {
  /** Called when the thread failed: no documents are served any more. */
  onDeath: (error: Error) => void;
};

/** Milliseconds for the thread to close. */
const CLOSES_WITHIN_MS = 3_000;

/**
 * Serves like startMongoServer, in a separate thread: the event store's appends and reads continue while documents are
 * written and synced to the disk, and a rebuild uses two cores.
 * @throws StoresError like startMongoServer
 */
export const startMongoThread = async (
  options: MongoThreadOptions,
): Promise<Pick<MongoServer, 'url' | 'close'> & Holdable> => {
  const { log = () => {}, onDeath, ...workerData } = options;
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
  let closing = false;
  const exited = once(worker, 'exit');
  const order = (what: ThreadOrder) => worker.postMessage(what);
  let onHeld: (failure: string | null) => void = () => {};
  const url = await new Promise<string>((resolve, reject) => {
    worker.on('message', (message: ThreadMessage) => {
      if ('line' in message) log(message.line);
      else if ('ready' in message) resolve(message.ready);
      else if ('held' in message) onHeld(message.held);
      else reject(storesError(message.failed.code, message.failed.message));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended before it was ready')));
  });
  worker.on('error', onDeath);
  worker.on('exit', (code) => {
    if (!closing) onDeath(new Error(`the thread ended with ${code}`));
  });
  return {
    url,
    file: options.file,
    hold() {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      onHeld = (failure) => (failure === null ? resolve() : reject(new Error(failure)));
      order('hold');
      return promise;
    },
    release: () => order('release'),
    /** Closes the file. A thread too busy to answer is terminated: its acknowledged writes are on the disk. */
    async close() {
      closing = true;
      order('close');
      const late = new AbortController();
      const isLate = pause(CLOSES_WITHIN_MS, true, { signal: late.signal }).catch(() => false);
      if (await Promise.race([exited.then(() => false), isLate])) {
        log("stores: the documents' thread is busy and is terminated");
        await worker.terminate();
      }
      late.abort();
    },
  };
};
