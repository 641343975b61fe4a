import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';

/** The one client of a process for one EventStoreDB. */
export type EventStoreClient = EventStoreDBClient;

const isGrpcError = (reason: unknown): boolean =>
  reason instanceof Error && 'code' in reason && 'details' in reason && 'metadata' in reason;

let isGuarded = false;

/**
 * When a connection breaks while appends wait to be written to it, the client rejects each append, which whoever
 * appends sees, and beside it a promise of its own that nobody can catch: that one must not end the process.
 */
const guard = (): void => {
  if (isGuarded) return;
  isGuarded = true;
  process.on('unhandledRejection', (reason) => {
    if (!isGrpcError(reason)) throw reason;
  });
};

const plain = new WeakSet<object>();

/**
 * Makes a client; it connects with the first call.
 * @param url `esdb://host:port?tls=false`, or any other connection string of EventStoreDB
 * @param options.fast whether appends and subscriptions take the fast path (fast/README.md); by default they do
 * @throws Error when the connection string can't be read
 */
export const connectEventStore = (url: string, { fast = true } = {}): EventStoreClient => {
  guard();
  const client = EventStoreDBClient.connectionString(url);
  if (!fast) plain.add(client);
  return client;
};

/** Returns false for a client whose calls are all its own. */
export const isFast = (client: object): boolean => !plain.has(client);

/** Milliseconds that a client gets to end its calls: one of them may never tell that it ended. */
const DISPOSE_WITHIN = 500;

/** Ends a client's calls. */
export const disconnectEventStore = async (client: EventStoreClient): Promise<void> => {
  await Promise.race([client.dispose(), delay(DISPOSE_WITHIN, undefined, { ref: false })]);
};
