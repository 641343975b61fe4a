import { EventStoreDBClient } from '@eventstore/db-client';

/** Returns a connection string as the client knows it: KurrentDB's later names of the schemes mean the same. */
export const asEsdb = (url: string): string => url.replace(/^kurrentdb(?=(?:\+discover)?:)/, 'esdb');

/** Reads a connection string as the client does. @throws the client's error for one that it cannot use */
export const requireConnectionString = (url: string): void => void EventStoreDBClient.connectionString(asEsdb(url));
