import type { Db } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { readEnd } from '../../platform/event-store/tail.ts';
import { comparePositions } from '../../platform/event-store/types.ts';
import { checkpoints, positionOf } from '../../platform/subscriptions/checkpoints.ts';
import { buildName } from './build.ts';
import type { Projection } from './projection.ts';

/**
 * The event store ends before a position that a view has reached, so it is not the store that the view was built from.
 */
class WrongEventStoreError extends Error {
  override readonly name = 'WrongEventStoreError';
}

/**
 * Makes sure that the event store holds everything that the views contain.
 * @param projections those of the views; left out: all that the database has
 * @throws WrongEventStoreError for another, an emptied or an older event store
 */
export const assertStoreHolds = async (
  client: Pick<EventStoreClient, 'readAll'>,
  db: Db,
  projections?: readonly Projection[],
): Promise<void> => {
  const views = projections?.flatMap(({ name }) => [name, buildName(name, 'next')]);
  const standing = await checkpoints(db)
    .find(views ? { view: { $in: views } } : {})
    .toArray();
  if (standing.length === 0) return;
  const furthest = standing.reduce((a, b) => (comparePositions(positionOf(b), positionOf(a)) > 0 ? b : a));
  const end = await readEnd(client);
  if (comparePositions(positionOf(furthest), end) <= 0) return;
  throw new WrongEventStoreError(
    `The event store ends at ${end.commit}, but ${furthest.view} has reached ${furthest.commit}: this is another event ` +
      `store, or it was emptied or restored from an older copy. Nothing was changed. To build the views from this ` +
      `store, empty the MongoDB database ${db.databaseName} first.`,
  );
};
