import type { Db } from 'mongodb';
import { comparePositions, type Position, START } from '../event-store/types.ts';
import { checkpoints, positionOf } from './checkpoints.ts';

/**
 * How far a view has come: every event up to here is in it. With partitions, as far as the slowest of them.
 * @param view the name of the projection, `parking.lots`
 * @returns `START` for a view that was never built
 */
export const reachedPosition = async (db: Db, view: string): Promise<Position> => {
  const [first, ...others] = await checkpoints(db)
    .find({ view }, { projection: { commit: 1, prepare: 1 } })
    .toArray();
  if (!first) return START;
  return others.map(positionOf).reduce((a, b) => (comparePositions(b, a) < 0 ? b : a), positionOf(first));
};
