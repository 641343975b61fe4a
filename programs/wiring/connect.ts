import type { Db } from 'mongodb';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../../platform/event-store/client.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { createMongoClient } from '../../platform/mongo.ts';
import { type EventStoreWatch, watchEventStore } from '../../platform/subscriptions/event-store-check.ts';
import { consumerMetrics } from '../../platform/telemetry/consumers.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import type { Program } from './open-program.ts';
import type { OpenedPersonalData } from './personal-data.ts';
import { reportUnreachable, type Warnings } from './reachable.ts';

type Connecting = Pick<Program, 'settings' | 'opened'> & { log: Warnings };

/** Milliseconds in which an embedded store that does not answer yet is no news: a slow machine is still busy. */
const PATIENCE = 30_000;

/** Returns what the report of a store that does not answer says of it. */
const reportOf = (setting: string, given: string, url: string): [name: string, patience: number] =>
  given === '' ? [`the embedded store (${setting} is not set)`, PATIENCE] : [`${setting}=${url}`, 0];

/** Connects a program to the event store, and logs while it does not answer. */
export const connectEvents = (
  { settings, log, opened }: Connecting,
  keys: OpenedPersonalData | undefined,
  url = settings.EVENTSTORE_URL,
): EventStoreClient => {
  const client = connectEventStore(url, { fast: settings.EVENTSTORE_FAST === 'on', personal: keys?.personal });
  opened.defer(() => disconnectEventStore(client));
  const [name, patience] = reportOf('EVENTSTORE_URL', settings.EVENTSTORE_URL, url);
  opened.defer(reportUnreachable(name, () => readTail(client), log, patience));
  return client;
};

/**
 * Connects a program to the read models, and logs while MongoDB does not answer.
 * @param within milliseconds until an operation fails when no server is reachable
 */
export const connectViews = (
  { settings, log, telemetry, opened }: Connecting & Partial<Pick<Program, 'telemetry'>>,
  url = settings.MONGODB_URL,
  within?: number,
): Db => {
  const mongo = createMongoClient(url, within);
  const db = mongo.db(settings.MONGODB_DATABASE);
  if (telemetry) consumerMetrics(telemetry.registry, db);
  opened.defer(() => mongo.close());
  const [name, patience] = reportOf('MONGODB_URL', settings.MONGODB_URL, url);
  opened.defer(reportUnreachable(name, pingCheck(db), log, patience));
  return db;
};

/**
 * Watches whether the event store is the one that the views were made of.
 * @param client left out in a program without an event store: it learns what others find
 */
export const watchStores = (
  { onError, opened }: Pick<Program, 'onError' | 'opened'>,
  db: Db,
  client?: EventStoreClient,
): EventStoreWatch => {
  const watch = watchEventStore({ ...defined({ client }), db, onError });
  opened.defer(watch.stop);
  return watch;
};

/** Returns a check that succeeds while MongoDB answers. */
export const pingCheck = (db: Db) => async () => {
  await db.command({ ping: 1 });
  return { ok: true };
};
