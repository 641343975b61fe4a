import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Collection, Db } from 'mongodb';
import { reachedPosition } from '../subscriptions/position.ts';
import type { Build } from './kernel/build.ts';
import { type RebuildOptions, withFreshViews } from './kernel/rebuild.ts';
import type { ViewDocument } from './kernel/writer.ts';

/** A document that is not what a fresh replay makes; null where there is none. */
export type Difference = { view: string; id: string; live: ViewDocument | null; fresh: ViewDocument | null };

export type Verification = { view: string; documents: number; position: string; differences: Difference[] };

const ROUNDS = 10;
const BETWEEN_ROUNDS = 200;

/**
 * Compares views with a fresh replay of history up to where each view stands. A view that moves meanwhile is followed:
 * what differs at first is looked at again once both stand at the same place.
 * @returns one result for each view; null when the signal came first
 * @throws AlreadyBuildingError while another process verifies one of them; PoisonedBuildError
 */
export const verifyViews = (options: RebuildOptions): Promise<Verification[] | null> =>
  withFreshViews(options, reachedBy(options.db), async (builds, catchUpAgain) => {
    const results: Verification[] = [];
    for (const build of builds) results.push(await verify(options.db, build, catchUpAgain));
    return results;
  });

const reachedBy =
  (db: Db) =>
  ({ projection }: Build) =>
    reachedPosition(db, projection.name);

const verify = async (db: Db, build: Build, catchUpAgain: () => Promise<boolean>): Promise<Verification> => {
  const view = build.projection.name;
  const live = db.collection<ViewDocument>(view);
  const fresh = db.collection<ViewDocument>(build.collection);
  const { documents, suspects } = await compareAll(live, fresh);
  let differences = suspects;
  for (let round = 0; differences.length > 0 && round < ROUNDS; round++) {
    if (round > 0) await pause(BETWEEN_ROUNDS);
    build.until = await reachedBy(db)(build);
    if (!(await catchUpAgain())) break;
    differences = await compareAgain(live, fresh, differences);
  }
  return {
    view,
    documents,
    position: build.position.commit.toString(),
    differences: differences.map((id) => ({ view, ...id })),
  };
};

type Pair = Omit<Difference, 'view'>;

const differs = ({ live, fresh }: Pair): boolean => !isDeepStrictEqual(live, fresh);

/** Walks through both collections in the order of `_id`. */
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

const compareAgain = async (
  live: Collection<ViewDocument>,
  fresh: Collection<ViewDocument>,
  suspects: readonly Pair[],
): Promise<Pair[]> => {
  const still: Pair[] = [];
  for (let from = 0; from < suspects.length; from += AT_ONCE) {
    const ids = suspects.slice(from, from + AT_ONCE).map(({ id }) => id);
    const [now, made] = await Promise.all([byId(live, ids), byId(fresh, ids)]);
    const pairs = ids.map((id) => ({ id, live: now.get(id) ?? null, fresh: made.get(id) ?? null }));
    still.push(...pairs.filter(differs));
  }
  return still;
};

const byId = async (
  collection: Collection<ViewDocument>,
  ids: readonly string[],
): Promise<Map<string, ViewDocument>> => {
  const found = await collection.find({ _id: { $in: [...ids] } }).toArray();
  return new Map(found.map((document) => [document._id, document]));
};
