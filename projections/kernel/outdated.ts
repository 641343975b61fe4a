import type { Db } from 'mongodb';
import { type Checkpoint, checkpoints } from '../../platform/subscriptions/checkpoints.ts';
import { leases } from '../../platform/subscriptions/leases.ts';
import { buildName } from './build.ts';
import type { Projection } from './projection.ts';
import { collectionIds } from './switch.ts';

/**
 * Returns the projections whose views have to be built:
 * - never built, or in an older version than this program's. A newer version belongs to a newer Plaza;
 * - a rebuild died while it replaced the view, so that its state is uncertain;
 * - the collection was dropped or made anew, while its checkpoint remains;
 * - the view was built with other partitions, and no process works on them.
 *
 * @param isAlive whether a worker is known to be alive
 * @param isBuilder whether the caller holds the leases of the builds, so that no other process can be switching
 */
export const outdated = async (
  db: Db,
  projections: readonly Projection[],
  isAlive: (worker: string) => boolean,
  isBuilder = false,
): Promise<Projection[]> => {
  const standing = await checkpoints(db)
    .find({ view: { $in: projections.map(({ name }) => name) } })
    .toArray();
  const [ids, held] = await Promise.all([collectionIds(db), leases(db).find().toArray()]);
  const owned = new Set(held.flatMap(({ _id, owner }) => (owner && isAlive(owner) ? [_id] : [])));
  const needed: Projection[] = [];
  for (const projection of projections) {
    const own = standing.filter(({ view }) => view === projection.name);
    if (isOutdated(projection, own, owned, isBuilder)) needed.push(projection);
    else if (await forgetLost(db, projection.name, own, ids)) needed.push(projection);
  }
  return needed;
};

const isOutdated = (
  { name, version, partitions = 1 }: Projection,
  standing: readonly Checkpoint[],
  owned: ReadonlySet<string>,
  isBuilder: boolean,
): boolean => {
  const built = Math.max(0, ...standing.map((checkpoint) => checkpoint.version));
  if (built !== version) return built < version;
  if (standing.some(({ switching }) => switching)) return isBuilder || !owned.has(buildName(name, 'next'));
  const isShared = standing.length === partitions && standing.every((each) => each.partitions === partitions);
  return !isShared && !standing.some(({ _id }) => owned.has(_id));
};

/**
 * Deletes the checkpoints of a view whose collection is no longer the one that was built, so that queries do not take
 * the rest for the whole view.
 * @param ids of the collections, read after the checkpoints. A view that is switched in between keeps its new
 *   checkpoints, because these name another collection.
 */
const forgetLost = async (
  db: Db,
  view: string,
  standing: readonly Checkpoint[],
  ids: ReadonlyMap<string, string>,
): Promise<boolean> => {
  const isLost = ({ collection, switching }: Checkpoint) =>
    !switching && (collection === undefined ? !ids.has(view) : ids.get(view) !== collection);
  const lost = standing.filter(isLost);
  const deletions = lost.map(({ _id, collection }) => ({
    deleteOne: { filter: { _id, collection: collection ?? { $exists: false } } },
  }));
  if (deletions.length === 0) return false;
  return (await checkpoints(db).bulkWrite(deletions)).deletedCount > 0;
};
