import { EventStoreDBClient } from '@eventstore/db-client';

/** The one client of a process for one EventStoreDB. */
export type EventStoreClient = EventStoreDBClient;

/**
 * Makes a client; it connects with the first call.
 * @param url `esdb://host:port?tls=false`, or any other connection string of EventStoreDB
 * @throws Error when the connection string can't be read
 */
export const connectEventStore = (url: string): EventStoreClient => EventStoreDBClient.connectionString(url);
