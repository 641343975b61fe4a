import { EventStoreDBClient } from '@eventstore/db-client';

/**
 * Creates a client by a connection string, in which KurrentDB's later names of the schemes mean the same. It connects
 * with the first call.
 * @throws the client's error for one that it cannot use
 */
export const clientOf = (url: string): EventStoreDBClient =>
  EventStoreDBClient.connectionString(url.replace(/^kurrentdb(?=(?:\+discover)?:)/, 'esdb'));
