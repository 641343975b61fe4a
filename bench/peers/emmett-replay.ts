/**
 * Rebuilds the views of emmett-views.ts on Emmett: empties them and starts their processors from the beginning, since
 * its EventStoreDB package has no other way. It ends when every processor has seen all events, and reports its costs to
 * its parent process.
 */
import { eventStoreDBEventStoreConsumer } from '@event-driven-io/emmett-esdb';
import eventstore from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { addViews, type ViewEvent } from './emmett-views.ts';

const PROCESSORS = 3;

const mongo = await MongoClient.connect(process.env.MONGODB_URL ?? '');
const client = eventstore.EventStoreDBClient.connectionString(process.env.EVENTSTORE_URL ?? '');
const began = { at: performance.now(), cpu: process.cpuUsage() };
let left = PROCESSORS * Number(process.env.TOTAL);
const done = Promise.withResolvers<void>();
const consumer = eventStoreDBEventStoreConsumer<ViewEvent>({ client });
await addViews(consumer, mongo.db(process.env.MONGODB_DATABASE), {
  startFrom: 'BEGINNING',
  stopAfter() {
    left -= 1;
    if (left === 0) done.resolve();
    return false;
  },
});
const sampling = setInterval(() => process.send?.({ rss: process.memoryUsage().rss / 2 ** 20, seen: 0 }), 500);
consumer.start().catch((error) => {
  console.error(error);
  process.exit(1);
});
await done.promise;
clearInterval(sampling);
const { user, system } = process.cpuUsage(began.cpu);
process.send?.({ milliseconds: performance.now() - began.at, cpu: user + system }, () => process.exit(0));
