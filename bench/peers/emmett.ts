/** A parking lot on Emmett and Express: a request is one command, and no view is built. */
import { getEventStoreDBEventStore } from '@event-driven-io/emmett-esdb';
import eventstore from '@eventstore/db-client';
import { lotRequests } from './emmett-lot.ts';
import { serve } from './shared.ts';

const eventStore = getEventStoreDBEventStore(
  eventstore.EventStoreDBClient.connectionString(process.env.EVENTSTORE_URL ?? ''),
);

serve(lotRequests(eventStore));
