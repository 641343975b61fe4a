/** The thread that thread.ts starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { isStoresError } from '../errors.ts';
import { startMongoServer } from './server.ts';
import type { ThreadMessage } from './thread.ts';

const tell = (message: ThreadMessage) => parentPort?.postMessage(message);

try {
  const server = await startMongoServer({ ...workerData, log: (line) => tell({ line }) });
  parentPort?.once('message', () => server.close());
  tell({ ready: server.url });
} catch (error) {
  if (!isStoresError(error)) throw error;
  tell({ failed: { code: error.code, message: error.message } });
}
