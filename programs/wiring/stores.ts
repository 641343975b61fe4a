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
};

const portOf = (url: string): number => Number(new URL(url.replace(/^(esdb|mongodb):/, 'http:')).port);

const endProcess = (reason: string): never => {
  console.error(`plaza: ${reason}`);
  process.exit(1);
};

const RESTARTS = 5;
const RESTARTS_WITHIN = 60_000;

/**
 * Opens the external stores of the settings, and embedded ones otherwise. An embedded store that dies is restarted on
 * the same files and ports: acknowledged data is there, and clients reconnect. When it cannot be restarted, the process
 * ends.
 * @throws a StoresError with one line when the embedded stores cannot start
 */
export const openStores = async ({ eventStoreUrl, mongoUrl, dataFolder, log }: StoresOptions): Promise<Stores> => {
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
    if (restarts.length > RESTARTS) return endProcess(`${why} ${RESTARTS} times within a minute`);
    log(`${why}; starting them again`);
    try {
      current = await startEmbeddedStores({ dataFolder, log, ...ports });
      void watch(current);
    } catch (error) {
      endProcess(error instanceof Error ? error.message : String(error));
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
