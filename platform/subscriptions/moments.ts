import type { Collection, Db, Filter } from 'mongodb';
import { DUPLICATE_KEY } from './leases.ts';
import { storeNow } from './store-clock.ts';

/**
 * The views of a context as they were at an earlier position of the log, for queries. The read side asks for one, and a
 * process of the projections builds it. It is `expired` for a while before its collections are removed, because queries
 * that found it ready may still read them.
 */
export type Moment = {
  /** `{position} {context}` */
  _id: string;
  position: string;
  context: string;
  state: 'waiting' | 'building' | 'ready' | 'failed' | 'expired';
  /** Events that the build has read, and the share of the log up to the position. */
  events: number;
  share: number;
  /** Why it failed. */
  reason?: string;
  /** The collection of each view, when it is ready. */
  collections: { view: string; collection: string }[];
  /** The claim of the process that builds it. */
  claim?: string;
  /** By MongoDB's clock: when it became ready, when a query last used it, and when it last changed. */
  readyAt?: Date;
  usedAt: Date;
  updatedAt: Date;
};

/** The moments that are built, by their position and context. */
export const moments = (db: Db): Collection<Moment> => db.collection<Moment>('moments');

/** The most positions for which views exist at a time. */
export const MOST_MOMENTS = 4;

/** Milliseconds without a query after which a moment makes room for another one. */
const UNUSED = 60_000;

/** Milliseconds between two notes that a moment is used. */
const NOTE_EVERY = 10_000;

/** Reads the contexts' moments at a position, and notes that they are used. */
export const readMoments = async (db: Db, position: string, contexts: readonly string[]): Promise<Moment[]> => {
  const found = await moments(db)
    .find({ _id: { $in: contexts.map((context) => momentId(position, context)) } })
    .toArray();
  const now = await storeNow(db);
  const stale = found.filter(({ usedAt }) => now - usedAt.getTime() > NOTE_EVERY).map(({ _id }) => _id);
  if (stale.length > 0) await moments(db).updateMany({ _id: { $in: stale } }, { $set: { usedAt: new Date(now) } });
  return found;
};

const momentId = (position: string, context: string): string => `${position} ${context}`;

/**
 * Asks for moments of some contexts at a position, unless they were asked for before. When there are too many, the one
 * that was not used for longest makes room.
 * @returns false when all others are in use
 */
export const askForMoments = async (db: Db, position: string, contexts: readonly string[]): Promise<boolean> => {
  const known = await moments(db)
    .find({ state: { $ne: 'expired' } })
    .toArray();
  const now = await storeNow(db);
  const positions = Map.groupBy(known, (moment) => moment.position);
  if (!positions.has(position) && positions.size >= MOST_MOMENTS) {
    const usedAt = (those: readonly Moment[]) => Math.max(...those.map((moment) => moment.usedAt.getTime()));
    const isIdle = (those: readonly Moment[]) =>
      now - usedAt(those) > UNUSED && those.every(({ state }) => state === 'ready' || state === 'failed');
    const [oldest] = [...positions].filter(([, those]) => isIdle(those)).sort(([, a], [, b]) => usedAt(a) - usedAt(b));
    if (!oldest) return false;
    await expire(db, { position: oldest[0] });
  }
  const at = new Date(now);
  const asked = contexts.map((context) => ({ _id: momentId(position, context), position, context }));
  const state = { state: 'waiting' as const, events: 0, share: 0, collections: [], usedAt: at, updatedAt: at };
  try {
    await moments(db).insertMany(
      asked.map((moment) => ({ ...moment, ...state })),
      { ordered: false },
    );
  } catch (error) {
    if ((error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
  }
  return true;
};

/** Lets moments end: no query that comes from now on uses them. */
export const expire = async (db: Db, which: Filter<Moment>): Promise<void> => {
  const updatedAt = new Date(await storeNow(db));
  const set = { state: 'expired' as const, updatedAt };
  await moments(db).updateMany({ $and: [which, { state: { $ne: 'expired' } }] }, { $set: set });
};
