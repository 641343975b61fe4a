import { storesError } from '../../embedded/errors.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../../embedded/start.ts';

export type Stores = {
  eventStoreUrl: string;
  mongoUrl: string;
  stop(): Promise<void>;
};

export type StoresOptions = {
  /** Empty for the embedded one. */
  eventStoreUrl: string;
  /** Empty for the embedded one. */
  mongoUrl: string;
  dataFolder: string;
  log(line: string): void;
  /** Starts the embedded stores; by default as a process of their own. */
  start?: typeof startEmbeddedStores;
  /** Called when embedded stores that died cannot be restarted. */
  onFailure(error: unknown): void;
};

const portOf = (url: string): number =>
  url === '' ? 0 : Number(new URL(url.replace(/^(esdb|mongodb):/, 'http:')).port);

const storesFailed = (reason: string): Error => storesError('stores-failed', reason);

const RESTARTS = 5;
const RESTARTS_WITHIN = 60_000;

/**
 * Opens the external stores of the settings, and embedded ones otherwise. An embedded store that dies is restarted on
 * the same files and ports: acknowledged data is there, and clients reconnect.
 * @throws a StoresError with one line when the embedded stores cannot start
 */
export const openStores = async (options: StoresOptions): Promise<Stores> => {
  const { eventStoreUrl, mongoUrl, dataFolder, log, start = startEmbeddedStores, onFailure } = options;
  if (eventStoreUrl && mongoUrl) return { eventStoreUrl, mongoUrl, stop: async () => {} };

  let stopping = false;
  const only = eventStoreUrl ? 'documents' : mongoUrl ? 'events' : undefined;
  let current: EmbeddedStores = await start({ dataFolder, only, log });
  const ports = { eventStorePort: portOf(current.eventStoreUrl), mongoPort: portOf(current.mongoUrl) };
  let restarts: number[] = [];

  const watch = async (stores: EmbeddedStores): Promise<void> => {
    log(`the embedded stores are process ${stores.pid}`);
    const { code, signal } = await stores.exited;
    if (stopping) return;
    const now = performance.now();
    restarts = [...restarts.filter((at) => now - at < RESTARTS_WITHIN), now];
    const why = `the embedded stores ended (${signal ?? `exit code ${code}`})`;
    if (restarts.length > RESTARTS) return onFailure(storesFailed(`${why} ${RESTARTS} times within a minute`));
    log(`${why}; starting them again`);
    try {
      current = await start({ dataFolder, only, log, ...ports });
      void watch(current);
    } catch (error) {
      onFailure(error);
    }
  };
  void watch(current);

  return {
    eventStoreUrl: eventStoreUrl || current.eventStoreUrl,
    mongoUrl: mongoUrl || current.mongoUrl,
    async stop() {
      stopping = true;
      await current.stop();
    },
  };
};
