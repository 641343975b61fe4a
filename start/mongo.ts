import { MongoClient } from 'mongodb';

/** Milliseconds: a query must not wait for a MongoDB that is away. */
const WITHIN = 800;

/**
 * Connects lazily: with the first command, and again whenever the server is back.
 * @param url `mongodb://…`
 */
export const createMongoClient = (url: string): MongoClient =>
  new MongoClient(url, {
    serverSelectionTimeoutMS: WITHIN,
    connectTimeoutMS: WITHIN,
    heartbeatFrequencyMS: 1_000,
    minHeartbeatFrequencyMS: 100,
    maxPoolSize: 50,
    ignoreUndefined: true,
  });
