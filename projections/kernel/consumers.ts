import { createHash } from 'node:crypto';
import type { Db } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { START, type StoredEvent } from '../../platform/event-store/types.ts';
import type { Consumer } from '../../platform/subscriptions/consumer.ts';
import { discardedEvents } from '../../platform/subscriptions/parked.ts';
import { projected } from './events.ts';
import type { Projection } from './projection.ts';
import { refold, viewWriter } from './writer.ts';

/** Returns the consumers that keep a projection's view up to date: one, or one for each partition. */
export const consumersOf = (db: Db, client: EventStoreClient, projection: Projection): Consumer[] => {
  const { name, version, partitions = 1, onPoison = 'park' } = projection;
  const write = viewWriter(db, projection, name);
  const types = new Set(projection.events);
  return consumerNames(projection).map((consumer, partition) => ({
    name: consumer,
    view: name,
    version,
    partitions,
    takes: (event) => types.has(event.type) && (partitions === 1 || partitionOf(projection, event) === partition),
    handle: write,
    onPoison,
    mustBeBuilt: true,
    async replay(event, lease) {
      if (projection.document) return write([event], lease);
      await refold(db, projection, event, (until) => historyUntil(db, client, name, until), lease);
    },
  }));
};

/** Returns the names of a projection's consumers: `parking.lots`, or `parking.lots/0` … with partitions. */
export const consumerNames = ({ name, partitions = 1 }: Projection): string[] =>
  partitions === 1 ? [name] : Array.from({ length: partitions }, (_, partition) => `${name}/${partition}`);

/** Returns the partition of an event, by a hash of its document's key, or of its stream when it has no key. */
const partitionOf = (projection: Projection, event: StoredEvent): number => {
  const hash = createHash('sha1').update(spreadBy(projection, event)).digest();
  return hash.readUInt32BE(0) % (projection.partitions ?? 1);
};

const spreadBy = (projection: Projection, event: StoredEvent): string => {
  try {
    return projection.key?.(projected(projection.context, event)) ?? event.stream;
  } catch {
    return event.stream; // Poisoned: the consumer of that partition parks it.
  }
};

/** Reads all events up to a position, without those that operators discarded. */
async function* historyUntil(db: Db, client: EventStoreClient, view: string, until: bigint) {
  const discarded = await discardedEvents(db, view);
  const { signal } = new AbortController();
  for await (const { events, checkpoint } of pullBatches({ client, from: START, maxBatch: 1000, signal })) {
    yield events.filter(({ id }) => !discarded.has(id));
    if (checkpoint.commit >= until) return;
  }
}
