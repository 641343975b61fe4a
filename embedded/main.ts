/**
 * Runs the embedded stores as one process: EventStoreDB's protocol on PLAZA_EVENTSTORE_PORT (2113) and MongoDB's on
 * PLAZA_MONGODB_PORT (27017), on 127.0.0.1, over SQLite files in PLAZA_DATA (./data). Port 0 takes any free port.
 *
 * When start.ts starts it, it also sends `{ ready }` or `{ failed }` once over the IPC channel, and stops when the
 * channel closes because its parent has ended.
 */
import { flushCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { isStoresError, type StoresErrorCode, storesError } from './errors.ts';
import { type OpenStores, openEmbeddedStores, type StoreName, type StoresAddress } from './open.ts';

export type StoresMessage = { ready: StoresAddress } | { failed: { code: StoresErrorCode; message: string } };

const sendToParent = process.send?.bind(process);
let stores: OpenStores | undefined;
let stopping: Promise<void> | undefined;

const run = async (): Promise<void> => {
  try {
    const dataFolder = resolve(process.env.PLAZA_DATA ?? 'data');
    stores = await openEmbeddedStores({
      dataFolder,
      eventStorePort: portFrom('PLAZA_EVENTSTORE_PORT', 2113),
      mongoPort: portFrom('PLAZA_MONGODB_PORT', 27017),
      only: process.env.PLAZA_EMBEDDED_ONLY as StoreName | undefined,
      log: (line) => console.log(line),
      onDeath(error) {
        console.error(`stores: the documents' thread failed: ${error.stack}`);
        process.exit(1);
      },
    });
    const { eventStoreUrl, mongoUrl, pid } = stores;
    tell({ ready: { eventStoreUrl, mongoUrl, pid } });
    const urls = Object.entries({ EVENTSTORE_URL: eventStoreUrl, MONGODB_URL: mongoUrl })
      .filter(([, url]) => url !== '')
      .map(([name, url]) => `${name}=${url}`);
    console.log(`stores ready: ${urls.join(' ')} in ${dataFolder}`);
  } catch (error) {
    const code = isStoresError(error) ? error.code : 'stores-failed';
    const message = error instanceof Error ? error.message : String(error);
    console.error(`stores: ${code}: ${message}`);
    tell({ failed: { code, message } });
    process.exitCode = 1;
    await stop();
  }
};

const tell = (message: StoresMessage): void => {
  if (process.connected) sendToParent?.(message);
};

const stop = (): Promise<void> => {
  stopping ??= (async () => {
    await stores?.close();
    if (process.connected) process.disconnect?.();
    process.exit();
  })();
  return stopping;
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
