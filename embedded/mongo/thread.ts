import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type StoresErrorCode, storesError } from '../errors.ts';
import type { MongoServer, MongoServerOptions } from './server.ts';

export type ThreadMessage =
  | { line: string }
  | { ready: string }
  | { failed: { code: StoresErrorCode; message: string } };

export type MongoThreadOptions = MongoServerOptions & {
  /** The thread died: nothing serves the documents any more. */
  onDeath: (error: Error) => void;
};

/**
 * Serves like startMongoServer, in a thread of its own: the event store's appends and reads go on while documents are written and
 * synced to the disk, and a rebuild has two cores to run on.
 * @throws StoresError as startMongoServer does
 */
export async function startMongoThread(options: MongoThreadOptions): Promise<Pick<MongoServer, 'url' | 'close'>> {
  const { log = () => {}, onDeath, ...workerData } = options;
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
  let closing = false;
  const exited = once(worker, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    worker.on('message', (message: ThreadMessage) => {
      if ('line' in message) log(message.line);
      else if ('ready' in message) resolve(message.ready);
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
    async close() {
      closing = true;
      worker.postMessage('close');
      await exited;
    },
  };
}
