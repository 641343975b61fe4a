import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../../platform/event-store/client.ts';
import { createMongoClient } from '../../platform/mongo.ts';
import { readSettings, type Settings } from './settings.ts';
import { openStores } from './stores.ts';

export type Operated = { settings: Settings; client: EventStoreClient; db: Db };

/**
 * Runs an operator's command against the stores that the settings name: those of a Plaza that runs on the same data
 * folder, or embedded ones for as long as the command takes.
 */
export const operate = async <Result>(command: (stores: Operated) => Promise<Result>): Promise<Result> => {
  const settings = readSettings();
  const running = runningStores(settings.PLAZA_DATA);
  const stores = await openStores({
    eventStoreUrl: settings.EVENTSTORE_URL || running.eventStoreUrl,
    mongoUrl: settings.MONGODB_URL || running.mongoUrl,
    dataFolder: settings.PLAZA_DATA,
    log: () => {},
    onLost(reason) {
      console.error(`plaza: ${reason}`);
      process.exit(1);
    },
  });
  const client = connectEventStore(stores.eventStoreUrl);
  const mongo = createMongoClient(stores.mongoUrl);
  try {
    return await command({ settings, client, db: mongo.db(settings.MONGODB_DATABASE) });
  } finally {
    await Promise.all([disconnectEventStore(client), mongo.close()]);
    await stores.stop();
  }
};

const NONE = { eventStoreUrl: '', mongoUrl: '' };

/** Where the embedded stores of a data folder listen now; empty when they don't run. */
const runningStores = (dataFolder: string): typeof NONE => {
  const file = join(dataFolder, 'stores.json');
  if (!existsSync(file)) return NONE;
  const { pid, ...urls } = JSON.parse(readFileSync(file, 'utf8')) as typeof NONE & { pid: number };
  try {
    process.kill(pid, 0);
    return urls;
  } catch {
    return NONE; // They were killed: what they left tells where they were.
  }
};

/** A signal for Ctrl-C and SIGTERM. */
export const interrupted = (): AbortSignal => {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  return stopping.signal;
};
