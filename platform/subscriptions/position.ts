import type { Db } from 'mongodb';
import { comparePositions, type Position, START } from '../event-store/types.ts';
import { checkpoints, positionOf } from './checkpoints.ts';

/**
 * Returns the position up to which a view contains every event: with partitions, that of the slowest one.
 * @param view the name of the projection, `parking.lots`
 * @returns null while the view has never been built; `START` when it was built from an empty store
 */
export const builtPosition = async (db: Db, view: string): Promise<Position | null> => {
  const standing = await checkpoints(db)
    .find({ view }, { projection: { commit: 1, prepare: 1, version: 1 } })
    .toArray();
  // Version 0 belongs to a first build that has not finished.
  if (!standing.some(({ version }) => version > 0)) return null;
  return standing.map(positionOf).reduce((a, b) => (comparePositions(b, a) < 0 ? b : a));
};

/** Like {@link builtPosition}, with `START` for a view that has never been built. */
export const reachedPosition = async (db: Db, view: string): Promise<Position> =>
  (await builtPosition(db, view)) ?? START;
