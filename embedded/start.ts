/** Starts the embedded stores as a child process. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { storesError } from './errors.ts';
import type { StoresMessage } from './main.ts';
import type { StoreName, StoresAddress } from './open.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const KILL_AFTER_MS = 10_000;

export type EmbeddedStores = StoresAddress & {
  /** Closes the files and waits for the process to end. Safe to call twice, and after a crash. */
  stop(): Promise<void>;
  /** Resolves when the process has ended for any reason. Never rejects. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

/**
 * Starts both stores, or only one of them, on loopback over the files in `dataFolder` (created for the owner only). Ports default to free
 * ones. `log` gets the process's output, line by line. The child ends with this process.
 * Rejects with a StoresError (see errors.ts) whose message is one line.
 */
export const startEmbeddedStores = async (options: {
  dataFolder: string;
  eventStorePort?: number;
  mongoPort?: number;
  only?: StoreName | undefined;
  log?: (line: string) => void;
}): Promise<EmbeddedStores> => {
  const log = options.log ?? (() => {});
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      PLAZA_DATA: options.dataFolder,
      PLAZA_EVENTSTORE_PORT: String(options.eventStorePort ?? 0),
      PLAZA_MONGODB_PORT: String(options.mongoPort ?? 0),
      ...(options.only && { PLAZA_EMBEDDED_ONLY: options.only }),
    },
  });
  createInterface({ input: child.stdout! }).on('line', log);
  createInterface({ input: child.stderr! }).on('line', log);
  const exited: EmbeddedStores['exited'] = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });

  const ready = await new Promise<StoresAddress>((resolve, reject) => {
    child.once('error', (error) => reject(storesError('stores-failed', `The stores did not start: ${error.message}`)));
    child.once('message', (message: StoresMessage) => {
      if ('ready' in message) resolve(message.ready);
      else reject(storesError(message.failed.code, message.failed.message));
    });
    void exited.then(({ code, signal }) =>
      reject(
        storesError('stores-failed', `The stores ended before they were ready (${signal ?? `exit code ${code}`}).`),
      ),
    );
  });

  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await exited;
      clearTimeout(timer);
    })();
    return stopped;
  };
  return { ...ready, stop, exited };
};
