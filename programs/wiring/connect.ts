import type { Db } from 'mongodb';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../../platform/event-store/client.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { createMongoClient } from '../../platform/mongo.ts';
import { consumerMetrics } from '../../platform/telemetry/consumers.ts';
import type { Program } from './open-program.ts';
import type { OpenedPersonalData } from './personal-data.ts';
import { reportUnreachable, type Warnings } from './reachable.ts';

type Connecting = Pick<Program, 'settings' | 'opened'> & { log: Warnings };

/** Connects a program to the event store, and logs while it does not answer. */
export const connectEvents = (
  { settings, log, opened }: Connecting,
  keys: OpenedPersonalData | undefined,
  url = settings.EVENTSTORE_URL,
): EventStoreClient => {
  const client = connectEventStore(url, { fast: settings.EVENTSTORE_FAST === 'on', personal: keys?.personal });
  opened.defer(() => disconnectEventStore(client));
  opened.defer(reportUnreachable(`EVENTSTORE_URL=${url}`, () => readTail(client), log));
  return client;
};

/**
 * Connects a program to the read models, and logs while MongoDB does not answer.
 * @param patience milliseconds until an operation fails when no server is reachable
 */
export const connectViews = (
  { settings, log, telemetry, opened }: Connecting & Partial<Pick<Program, 'telemetry'>>,
  url = settings.MONGODB_URL,
  patience?: number,
): Db => {
  const mongo = createMongoClient(url, patience);
  const db = mongo.db(settings.MONGODB_DATABASE);
  if (telemetry) consumerMetrics(telemetry.registry, db);
  opened.defer(() => mongo.close());
  opened.defer(reportUnreachable(`MONGODB_URL=${url}`, pingCheck(db), log));
  return db;
};

/** Returns a check that succeeds while MongoDB answers. */
export const pingCheck = (db: Db) => async () => {
  await db.command({ ping: 1 });
  return { ok: true };
};
