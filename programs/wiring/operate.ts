import type { Db } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { connectEvents, connectViews } from './connect.ts';
import { type OpenedPersonalData, openPersonalData } from './personal-data.ts';
import { locateStores } from './running.ts';
import { readSettings, type Settings } from './settings.ts';
import { fail } from './shutdown.ts';
import { openStores } from './stores.ts';

/** Milliseconds in which MongoDB must be reachable: unlike a request, an operator's command is worth waiting for. */
const REACHABLE_WITHIN = 30_000;

export type Operated = { settings: Settings; client: EventStoreClient; db: Db; keys: OpenedPersonalData | undefined };

/**
 * Runs an operator's command against the stores of the running Plaza, or on embedded ones that run only for the
 * command.
 * @param options.mayCreate whether embedded stores may be created in an empty data folder
 * @throws SettingsError when the stores cannot be determined
 */
export const operate = async <Result>(
  command: (stores: Operated) => Promise<Result>,
  { mayCreate = false } = {},
): Promise<Result> => {
  const settings = readSettings();
  const { EVENTSTORE_URL, MONGODB_URL, MONGODB_DATABASE } = locateStores(settings, process.env, mayCreate);
  const stores = await openStores({
    eventStoreUrl: EVENTSTORE_URL,
    mongoUrl: MONGODB_URL,
    dataFolder: settings.PLAZA_DATA,
    log: () => {},
    onFailure: fail,
  });
  const opened = new AsyncDisposableStack();
  opened.defer(stores.stop);
  const print = (line: string) => console.error(`plaza: ${line}`);
  const log = { warn: print, error: print };
  const connecting = { settings: { ...settings, MONGODB_DATABASE }, log, opened };
  const db = connectViews(connecting, stores.mongoUrl, REACHABLE_WITHIN);
  try {
    const keys = await openPersonalData({ ...connecting, views: db, log: log.warn });
    const client = connectEvents(connecting, keys, stores.eventStoreUrl);
    return await command({ settings, client, db, keys });
  } finally {
    await opened.disposeAsync();
  }
};

/** Returns a signal that aborts on Ctrl-C and SIGTERM. */
export const interrupted = (): AbortSignal => {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  return stopping.signal;
};

/** The exit code of a command that was interrupted. */
export const INTERRUPTED = 130;
