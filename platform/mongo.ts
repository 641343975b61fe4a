import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient } from 'mongodb';

/** Milliseconds: what is asked must not wait for a MongoDB that is away. */
const WITHIN = 800;
const CONNECT_AGAIN_AFTER = 100;

/**
 * The driver finds a server again that was lost, but a client whose first connection fails is of no use any more until
 * it is told to connect again.
 */
const connect = async (client: MongoClient, closed: AbortSignal): Promise<void> => {
  while (!closed.aborted) {
    try {
      await client.connect();
      if (closed.aborted) await client.close();
      return;
    } catch {
      await pause(CONNECT_AGAIN_AFTER, undefined, { signal: closed }).catch(() => {});
    }
  }
};

/**
 * Connects as soon as the server is there, and again whenever it is back. Until then commands fail at once.
 * @param url `mongodb://…`
 * @param within milliseconds until a server that can't be reached counts as away
 */
export const createMongoClient = (url: string, within = WITHIN): MongoClient => {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: within,
    connectTimeoutMS: within,
    heartbeatFrequencyMS: 1_000,
    minHeartbeatFrequencyMS: 100,
    maxPoolSize: 50,
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
