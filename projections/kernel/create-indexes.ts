import type { Db } from 'mongodb';
import { checkpoints } from '../../platform/subscriptions/checkpoints.ts';
import type { WorkerSession } from '../../platform/subscriptions/workers.ts';
import type { Build } from './build.ts';
import type { Index } from './indexes.ts';
import type { Projection } from './projection.ts';

/** Creates the indexes that a collection lacks. */
export const createIndexes = async (db: Db, collection: string, indexes: readonly Index[]): Promise<void> => {
  if (indexes.length > 0) await db.collection(collection).createIndexes(indexes.map((key) => ({ key })));
};

/**
 * Creates the indexes of a filled view, which costs a fraction of maintaining them with each batch. Until then a build
 * is only read by `_id`. Keeps the indexes that exist.
 * @throws LeaseUncertainError
 */
export const indexBuild = async (db: Db, { projection, collection }: Build, session: WorkerSession): Promise<void> => {
  session.assertHeld();
  await createIndexes(db, collection, projection.indexes);
};

/**
 * Creates the indexes that built views lack, because a query was added after they were built. A rebuild is not needed:
 * the documents stay the same.
 */
export const indexViews = async (db: Db, projections: readonly Projection[]): Promise<void> => {
  for (const { name, version, indexes } of projections) {
    const isBuilt = await checkpoints(db).findOne({ view: name, version, switching: { $exists: false } });
    if (isBuilt) await createIndexes(db, name, indexes);
  }
};
