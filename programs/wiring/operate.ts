import type { Db } from 'mongodb';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../../platform/event-store/client.ts';
import { createMongoClient } from '../../platform/mongo.ts';
import { eventStoreProbe, mongoProbe, reportUnreachable } from './reachable.ts';
import { locateStores } from './running.ts';
import { readSettings, type Settings } from './settings.ts';
import { openStores } from './stores.ts';

export type Operated = { settings: Settings; client: EventStoreClient; db: Db };

/**
 * Runs an operator's command against the stores of the running Plaza, or on embedded ones that run only for the
 * command.
 * @throws SettingsError when the stores cannot be determined
 */
export const operate = async <Result>(command: (stores: Operated) => Promise<Result>): Promise<Result> => {
  const settings = readSettings();
  const { EVENTSTORE_URL, MONGODB_URL, MONGODB_DATABASE } = locateStores(settings);
  const stores = await openStores({
    eventStoreUrl: EVENTSTORE_URL,
    mongoUrl: MONGODB_URL,
    dataFolder: settings.PLAZA_DATA,
    log: () => {},
    onLost(reason) {
      console.error(`plaza: ${reason}`);
      process.exit(1);
    },
  });
  const client = connectEventStore(stores.eventStoreUrl, { fast: settings.EVENTSTORE_FAST === 'on' });
  const mongo = createMongoClient(stores.mongoUrl);
  const db = mongo.db(MONGODB_DATABASE);
  const log = { warn: (line: string) => console.error(`plaza: ${line}`), info() {} };
  const settle = reportUnreachable(
    [eventStoreProbe(client, stores.eventStoreUrl), mongoProbe(db, stores.mongoUrl)],
    log,
  );
  try {
    return await command({ settings, client, db });
  } finally {
    settle();
    await Promise.all([disconnectEventStore(client), mongo.close()]);
    await stores.stop();
  }
};

/** Returns a signal that aborts on Ctrl-C and SIGTERM. */
export const interrupted = (): AbortSignal => {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  return stopping.signal;
};
