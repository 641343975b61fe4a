import type { Db } from 'mongodb';
import { comparePositions, type Position, START } from '../event-store/types.ts';
import { machine } from '../machine/machine.ts';
import { type Checkpoint, checkpoints, positionOf } from './checkpoints.ts';

type Standing = Pick<Checkpoint, 'view' | 'commit' | 'prepare' | 'version'>;

const standingOf = (db: Db, views: Iterable<string>): Promise<Standing[]> =>
  checkpoints(db)
    .find({ view: { $in: [...views] } }, { projection: { view: 1, commit: 1, prepare: 1, version: 1 } })
    .toArray();

const slowest = (standing: readonly Standing[]): Position | null => {
  // Version 0 belongs to a first build that has not finished.
  if (!standing.some(({ version }) => version > 0)) return null;
  return standing.map(positionOf).reduce((a, b) => (comparePositions(b, a) < 0 ? b : a));
};

/**
 * Returns a function that gets a view's name (`parking.lots`) and returns the position up to which the view contains
 * every event: with partitions, that of the slowest one; null while the view has never been built; `START` when it was
 * built from an empty store. Views that are requested in the same turn are read by one query.
 */
export const builtPositions = (db: Db): ((view: string) => Promise<Position | null>) => {
  let next: { views: Set<string>; standing: Promise<Map<string, Standing[]>> } | undefined;
  const gather = () => {
    const views = new Set<string>();
    const standing = new Promise<void>((resolve) => machine.nextTurn(resolve)).then(async () => {
      next = undefined;
      return Map.groupBy(await standingOf(db, views), ({ view }) => view);
    });
    return { views, standing };
  };
  return async (view) => {
    next ??= gather();
    next.views.add(view);
    return slowest((await next.standing).get(view) ?? []);
  };
};

/** Returns the position up to which a view contains every event; `START` for one that has never been built. */
export const reachedPosition = async (db: Db, view: string): Promise<Position> =>
  slowest(await standingOf(db, [view])) ?? START;
