import type { Db } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { comparePositions, START } from '../../platform/event-store/types.ts';
import { type Checkpoint, checkpoints, newCheckpoint } from '../../platform/subscriptions/checkpoints.ts';
import { onlyDuplicates } from '../../platform/subscriptions/leases.ts';
import { buildName } from './build.ts';
import { consumerNames } from './consumers.ts';
import { createIndexes } from './create-indexes.ts';
import type { Projection } from './projection.ts';
import { collectionIds } from './switch.ts';

/** Below the tokens of all leases. */
const NO_LEASE = 0;

/**
 * Creates the views of an empty event store, as at the very first start. There is no history to build them from, so
 * this needs a fraction of a build's commands. A view of which anything exists is left to a build.
 * @returns the projections whose views were created, here or meanwhile by another process
 */
export const createEmptyViews = async (
  client: Pick<EventStoreClient, 'readAll'>,
  db: Db,
  projections: readonly Projection[],
): Promise<Projection[]> => {
  const missing = await withoutTraces(db, projections);
  if (missing.length === 0 || comparePositions(await readTail(client), START) > 0) return [];
  const create = async ({ name, indexes }: Projection): Promise<void> => {
    await db.createCollection(name);
    await createIndexes(db, name, indexes);
  };
  await Promise.all(missing.map(create));
  const ids = await collectionIds(db);
  const first = missing.flatMap((projection): Checkpoint[] => {
    const { name: view, version, partitions = 1 } = projection;
    const collection = ids.get(view);
    if (collection === undefined) return [];
    return consumerNames(projection).map((name) => ({
      ...newCheckpoint({ name, view, version, partitions }, NO_LEASE),
      collection,
    }));
  });
  await insertMissing(db, first);
  return missing;
};

/** Returns the projections that have neither a collection, nor a checkpoint, nor one of a build. */
const withoutTraces = async (db: Db, projections: readonly Projection[]): Promise<Projection[]> => {
  const views = projections.flatMap(({ name }) => [name, buildName(name, 'next')]);
  const [ids, standing] = await Promise.all([
    collectionIds(db),
    checkpoints(db)
      .find({ view: { $in: views } }, { projection: { view: 1 } })
      .toArray(),
  ]);
  const begun = new Set(standing.map(({ view }) => view));
  return projections.filter(({ name }) => !ids.has(name) && !begun.has(name) && !begun.has(buildName(name, 'next')));
};

/** Inserts checkpoints. One that exists belongs to a process that was faster, and stays. */
const insertMissing = async (db: Db, first: readonly Checkpoint[]): Promise<void> => {
  try {
    await checkpoints(db).insertMany(first, { ordered: false });
  } catch (error) {
    if (!onlyDuplicates(error)) throw error;
  }
};
