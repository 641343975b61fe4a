import { isDeepStrictEqual } from 'node:util';
import type { Collection, Db } from 'mongodb';
import { comparePositions, type Position } from '../platform/event-store/types.ts';
import { pause } from '../platform/machine/machine.ts';
import { builtPositions, reachedPosition } from '../platform/subscriptions/position.ts';
import type { Build } from './kernel/build.ts';
import { type RebuildOptions, withFreshViews } from './kernel/rebuild.ts';
import type { ViewDocument } from './kernel/writer.ts';

/** A document that differs from a fresh replay; null on the side that lacks it. */
export type Difference = { view: string; id: string; live: ViewDocument | null; fresh: ViewDocument | null };

export type Verification = {
  view: string;
  /** False for a view that was never built: there is nothing to compare. */
  isBuilt: boolean;
  documents: number;
  position: string;
  differences: Difference[];
};

const ROUNDS = 10;
const BETWEEN_ROUNDS = 200;

/**
 * Compares views with a fresh replay of history up to the position of each view. When a view moves meanwhile, documents
 * that differ are compared again as soon as both are at the same position.
 * @returns one result for each view; null when the signal came first
 * @throws AlreadyBuildingError while another process verifies one of them; PoisonedBuildError
 */
export const verifyViews = (options: RebuildOptions): Promise<Verification[] | null> =>
  withFreshViews(
    options,
    ({ projection }) => reachedPosition(options.db, projection.name),
    async (builds, catchUpAgain) => {
      const results: Verification[] = [];
      for (const build of builds) results.push(await verify(options.db, build, catchUpAgain));
      return results;
    },
  );

const verify = async (db: Db, build: Build, catchUpAgain: () => Promise<boolean>): Promise<Verification> => {
  const view = build.projection.name;
  const live = db.collection<ViewDocument>(view);
  const fresh = db.collection<ViewDocument>(build.collection);
  const { documents, suspects } = await compareAll(live, fresh);
  const fastForward = async (position: Position) => {
    if (comparePositions(position, build.position) <= 0) return true;
    build.until = position;
    return catchUpAgain();
  };
  let differences = suspects;
  for (let round = 0; differences.length > 0 && round < ROUNDS; round++) {
    if (round > 0) await pause(BETWEEN_ROUNDS);
    const still: Pair[] = [];
    for (let from = 0; from < differences.length; from += AT_ONCE) {
      const ids = differences.slice(from, from + AT_ONCE).map(({ id }) => id);
      for await (const pair of stepByStep(live, fresh, ids, fastForward)) if (differs(pair)) still.push(pair);
      if (!(await fastForward(await reachedPosition(db, view)))) break;
    }
    differences = still;
  }
  return {
    view,
    isBuilt: (await builtPositions(db)(view)) !== null,
    documents,
    position: build.position.commit.toString(),
    differences: differences.sort((a, b) => (a.id < b.id ? -1 : 1)).map((pair) => ({ view, ...pair })),
  };
};

type Pair = Omit<Difference, 'view'>;

const differs = ({ live, fresh }: Pair): boolean => !isDeepStrictEqual(live, fresh);

/** Reads both collections in the order of `_id`. */
const compareAll = async (live: Collection<ViewDocument>, fresh: Collection<ViewDocument>) => {
  const ofLive = live.find().sort({ _id: 1 });
  const ofFresh = fresh.find().sort({ _id: 1 });
  const suspects: Pair[] = [];
  let documents = 0;
  let [a, b] = await Promise.all([ofLive.next(), ofFresh.next()]);
  while (a || b) {
    const id = a && (!b || a._id <= b._id) ? a._id : b!._id;
    const pair: Pair = { id, live: a?._id === id ? a : null, fresh: b?._id === id ? b : null };
    if (differs(pair)) suspects.push(pair);
    documents += 1;
    if (pair.live) a = await ofLive.next();
    if (pair.fresh) b = await ofFresh.next();
  }
  return { documents, suspects };
};

const AT_ONCE = 1000;

/**
 * Compares documents of a view that moves. The fresh view catches up to the position at which each live document was
 * read, in the order of these positions.
 */
async function* stepByStep(
  live: Collection<ViewDocument>,
  fresh: Collection<ViewDocument>,
  ids: readonly string[],
  fastForward: (position: Position) => Promise<boolean>,
): AsyncGenerator<Pair> {
  const read = await live.find({ _id: { $in: [...ids] } }).toArray();
  const found = new Map(read.map((document) => [document._id, document]));
  const placeOf = (id: string) => BigInt(found.get(id)?._position ?? -1);
  for (const id of [...ids].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))) {
    if (!(await fastForward({ commit: placeOf(id), prepare: placeOf(id) }))) return;
    yield { id, live: found.get(id) ?? null, fresh: await fresh.findOne({ _id: id }) };
  }
}
