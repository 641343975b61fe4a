/** The thread that thread.ts starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { isStoresError } from '../errors.ts';
import { startMongoServer } from './server.ts';
import type { ThreadMessage, ThreadOrder } from './thread.ts';

const tell = (message: ThreadMessage) => parentPort?.postMessage(message);

try {
  const server = await startMongoServer({ ...workerData, log: (line) => tell({ line }) });
  parentPort?.on('message', async (order: ThreadOrder) => {
    if (order === 'hold') {
      try {
        await server.hold();
        tell({ held: null });
      } catch (error) {
        tell({ held: error instanceof Error ? error.message : String(error) });
      }
    } else if (order === 'release') server.release();
    else {
      await server.close();
      parentPort?.close();
    }
  });
  tell({ ready: server.url });
} catch (error) {
  if (!isStoresError(error)) throw error;
  tell({ failed: { code: error.code, message: error.message } });
}
