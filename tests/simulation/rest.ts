import type { Doc } from '../../embedded/mongo/values.ts';
import type { Plaza } from './plaza.ts';
import type { World } from './world.ts';

/** The longest time that clients can set, except for showings that start a day later. */
const LONGEST = 2 * 3_600_000;
/** How often everything may come to rest before the last timer is due. */
const MOST_RESTS = 200;
/** Virtual milliseconds for everything to come to rest: after a wrong clock a task may be a minute late. */
const REST_WITHIN = 150_000;

/**
 * Returns whether every consumer has handled every event, no task is due and no operator has to decide. An interrupted
 * build keeps its checkpoint, `parking.lots@next`, although another process has built the view: the next replay
 * continues from there.
 */
const isAtRest = ({ documents, eventStore }: Plaza, world: World): boolean => {
  const { tail } = eventStore;
  const isBehind = ({ _id, commit }: Doc) => !String(_id).includes('@') && Number(commit) < tail;
  const isDue = ({ at, dueAt }: Doc) => ((at ?? dueAt) as Date).getTime() <= world.now();
  const standing = documents.read('checkpoints');
  const known = new Set(standing.map(({ _id }) => _id));
  const isMissing = ({ _id, group }: Doc) => group !== 'rebuilds' && !known.has(_id);
  return (
    !standing.some(isBehind) &&
    !documents.read('projection_status').some(isMissing) &&
    !documents.read('schedule').some(isDue) &&
    !documents.read('findings').some(({ finding }) => finding)
  );
};

/**
 * Lets everything come to rest. Whenever nothing is left to do, the clocks go ahead to the next timer.
 * @returns whether it did come to rest
 */
export const rest = async (plaza: Plaza, world: World): Promise<boolean> => {
  const last = world.now() + LONGEST;
  for (let rests = 0; rests < MOST_RESTS; rests++) {
    const by = world.time + REST_WITHIN;
    do await world.runUntil(world.time + 500);
    while (world.time < by && !isAtRest(plaza, world));
    if (!isAtRest(plaza, world)) return false;
    const next = Math.min(...plaza.documents.read('schedule').map(({ dueAt }) => (dueAt as Date).getTime()));
    if (next > last) return true;
    world.leap(next + 1 - world.now());
  }
  return false;
};
