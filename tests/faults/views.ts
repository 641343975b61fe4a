import { MongoClient } from 'mongodb';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { reachedPosition } from '../../platform/subscriptions/position.ts';
import { projectionsOf } from '../../programs/contexts.ts';
import { type Difference, verifyViews } from '../../projections/verify.ts';
import { eventually } from '../support/plaza.ts';

/**
 * Waits until the car park's views have every event, and compares them with a fresh replay.
 * @returns the documents that differ
 */
export const differingDocuments = async (urls: { eventStoreUrl: string; mongoUrl: string }): Promise<Difference[]> => {
  const client = connectEventStore(urls.eventStoreUrl);
  const mongo = await MongoClient.connect(urls.mongoUrl);
  try {
    const db = mongo.db('plaza');
    const projections = await projectionsOf(['parking'], 'Asia/Seoul');
    const { commit } = await readTail(client);
    await eventually(
      async () =>
        (await Promise.all(projections.map(({ name }) => reachedPosition(db, name)))).map((at) => `${at.commit}`),
      (positions) => positions.every((position) => BigInt(position) >= commit),
    );
    const { signal } = new AbortController();
    const verified = await verifyViews({ client, db, projections, signal });
    return verified!.flatMap(({ differences }) => differences);
  } finally {
    await Promise.all([disconnectEventStore(client), mongo.close()]);
  }
};
