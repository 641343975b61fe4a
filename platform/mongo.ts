import { MongoClient } from 'mongodb';
import { pause } from './machine/machine.ts';

/** Milliseconds: requests must not wait for an unreachable MongoDB. */
const WITHIN = 800;
/**
 * Milliseconds that the server may take to accept a connection: longer than a request waits, since a busy one is not
 * gone.
 */
const ACCEPTS_WITHIN = 2_000;
const CONNECT_AGAIN_AFTER = 100;
/** Milliseconds after which an unused connection is closed: a burst opens many. */
const UNUSED_AFTER = 60_000;

/**
 * Connects until it succeeds. The driver reconnects to a server that it has lost, but a client whose first connection
 * failed stays unusable until `connect` is called again.
 */
const connect = async (client: MongoClient, closed: AbortSignal): Promise<void> => {
  while (!closed.aborted) {
    try {
      await client.connect();
      if (closed.aborted) await client.close();
      return;
    } catch {
      await pause(CONNECT_AGAIN_AFTER, { signal: closed });
    }
  }
};

/**
 * Connects as soon as the server is reachable, and again after every outage. Until then commands fail at once.
 * @param url `mongodb://…`
 * @param within milliseconds after which a server counts as unreachable
 */
export const createMongoClient = (url: string, within = WITHIN): MongoClient => {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: within,
    connectTimeoutMS: Math.max(within, ACCEPTS_WITHIN),
    heartbeatFrequencyMS: 1_000,
    minHeartbeatFrequencyMS: 100,
    maxPoolSize: 50,
    maxIdleTimeMS: UNUSED_AFTER,
    ignoreUndefined: true,
  });
  const closing = new AbortController();
  const close = client.close.bind(client);
  client.close = (force) => {
    closing.abort();
    return close(force);
  };
  void connect(client, closing.signal);
  return client;
};
