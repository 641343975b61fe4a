import { createHash } from 'node:crypto';
import type { Db } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { START, type StoredEvent } from '../../platform/event-store/types.ts';
import type { Consumer } from '../../platform/subscriptions/consumer.ts';
import { isNewer } from '../../platform/subscriptions/delivery.ts';
import { discardedEvents } from '../../platform/subscriptions/parked.ts';
import { CUSTOMER_ERASED } from '../../schemas/kernel/personal.ts';
import { projected } from './events.ts';
import { type Projection, takenBy } from './projection.ts';
import { refold, viewWriter } from './writer.ts';

/** Returns the consumers that keep a projection's view up to date: one, or one for each partition. */
export const consumersOf = (db: Db, client: EventStoreClient, projection: Projection): Consumer[] => {
  const { name, version, partitions = 1, onPoison = 'park' } = projection;
  const write = viewWriter(db, projection, name);
  const types = takenBy(projection);
  return consumerNames(projection).map((consumer, partition) => ({
    name: consumer,
    view: name,
    version,
    partitions,
    takes: (event) => types.has(event.type) && (event.type === CUSTOMER_ERASED || isIn(partition, projection, event)),
    handle: write,
    onPoison,
    mustBeBuilt: true,
    async replay(event, lease) {
      if (projection.document || event.type === CUSTOMER_ERASED) await write([event], lease);
      if (projection.document) return;
      await refold(db, projection, event, (until) => historyUntil(db, client, name, until), lease);
    },
  }));
};

/** Returns the names of a projection's consumers: `parking.lots`, or `parking.lots/0` … with partitions. */
export const consumerNames = ({ name, partitions = 1 }: Projection): string[] =>
  partitions === 1 ? [name] : Array.from({ length: partitions }, (_, partition) => `${name}/${partition}`);

/**
 * Returns whether an event belongs to a partition, by a hash of its document's key, or of its stream when it has no
 * key. An event that only a newer Plaza knows may belong to any: all of them wait before it.
 */
const isIn = (partition: number, projection: Projection, event: StoredEvent): boolean => {
  const { partitions = 1 } = projection;
  if (partitions === 1) return true;
  const key = spreadBy(projection, event);
  return key === undefined || createHash('sha1').update(key).digest().readUInt32BE(0) % partitions === partition;
};

const spreadBy = (projection: Projection, event: StoredEvent): string | undefined => {
  try {
    return projection.key?.(projected(projection.context, event)) ?? event.stream;
  } catch (error) {
    // Poisoned: the consumer of the partition of its stream parks it.
    return isNewer(error) ? undefined : event.stream;
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
