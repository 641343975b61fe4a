import { type EmbeddedStores, startEmbeddedStores } from '../../embedded/start.ts';

export type Stores = {
  eventStoreUrl: string;
  mongoUrl: string;
  /** Undefined when both stores are somebody else's. */
  embedded?: { dataFolder: string };
  stop(): Promise<void>;
};

export type StoresOptions = {
  /** Empty for the embedded one. */
  eventStoreUrl: string;
  /** Empty for the embedded one. */
  mongoUrl: string;
  dataFolder: string;
  log(line: string): void;
  /** The embedded stores ended and could not be started again. */
  onLost(reason: string): void;
};

const portOf = (url: string): number => Number(new URL(url.replace(/^(esdb|mongodb):/, 'http:')).port);

const RESTARTS = 5;
const RESTARTS_WITHIN = 60_000;

/**
 * The stores that settings name, and the embedded ones for those they don't. An embedded store that dies is started
 * again on the same files and ports: what was acknowledged is there, and clients connect again.
 * @throws a StoresError, with one line, when the embedded stores can't be started
 */
export const openStores = async ({
  eventStoreUrl,
  mongoUrl,
  dataFolder,
  log,
  onLost,
}: StoresOptions): Promise<Stores> => {
  if (eventStoreUrl && mongoUrl) return { eventStoreUrl, mongoUrl, stop: async () => {} };

  let stopping = false;
  let current: EmbeddedStores = await startEmbeddedStores({ dataFolder, log });
  const ports = { eventStorePort: portOf(current.eventStoreUrl), mongoPort: portOf(current.mongoUrl) };
  let restarts: number[] = [];

  const watch = async (stores: EmbeddedStores): Promise<void> => {
    log(`the embedded stores are process ${stores.pid}`);
    const { code, signal } = await stores.exited;
    if (stopping) return;
    const now = performance.now();
    restarts = [...restarts.filter((at) => now - at < RESTARTS_WITHIN), now];
    const why = `the embedded stores ended (${signal ?? `exit code ${code}`})`;
    if (restarts.length > RESTARTS) return onLost(`${why} ${RESTARTS} times within a minute`);
    log(`${why}; starting them again`);
    try {
      current = await startEmbeddedStores({ dataFolder, log, ...ports });
      void watch(current);
    } catch (error) {
      onLost(error instanceof Error ? error.message : String(error));
    }
  };
  void watch(current);

  return {
    eventStoreUrl: eventStoreUrl || current.eventStoreUrl,
    mongoUrl: mongoUrl || current.mongoUrl,
    embedded: { dataFolder },
    async stop() {
      stopping = true;
      await current.stop();
    },
  };
};
