import type { Db, Document, Filter } from 'mongodb';
import { discardedEvents } from '../../platform/subscriptions/parked.ts';
import { documentName, historyId, historyView } from '../../schemas/kernel/history.ts';

/** Folds a document of a view from the entries of its context's history; undefined when none of them made it. */
export type FoldEntries = (view: string, key: string, entries: readonly Document[]) => Document | undefined;

/** A query needs views that were built up to its moment. */
export class NotBuiltError extends Error {
  override readonly name = 'NotBuiltError';
  readonly context: string;

  constructor(context: string) {
    super(`the views of ${context} are not built as of that moment`);
    this.context = context;
  }
}

/** The most events from which a document is folded. One with more is read from a built view. */
const MOST_FOLDED = 1_000;

export type MomentDbOptions = {
  position: bigint;
  fold: FoldEntries;
  /** The collection of each view that was built up to the position. */
  collections: ReadonlyMap<string, string>;
  maxTimeMS: number;
};

/**
 * Returns the views as they were at a position, as the database that queries read. A view that was built up to there is
 * read like a live one, and a history up to there. A single document of another view is folded from its events; all
 * other reads of that view throw {@link NotBuiltError}.
 */
export const momentDb = (db: Db, { position, fold, collections, maxTimeMS }: MomentDbOptions): Db => {
  const until = { _id: { $lte: historyId(position) } };

  const folded = async (view: string, context: string, key: string): Promise<Document | null> => {
    const [entries, discarded] = await Promise.all([
      db
        .collection(historyView({ name: context }))
        .find({ documents: { $eq: documentName(view, key) }, ...until } as object, {
          projection: { resources: 0, documents: 0 },
          maxTimeMS,
        })
        .sort({ _id: 1 })
        .limit(MOST_FOLDED + 1)
        .batchSize(MOST_FOLDED + 1)
        .toArray(),
      discardedEvents(db, view),
    ]);
    if (entries.length > MOST_FOLDED) throw new NotBuiltError(context);
    const kept = entries.filter(({ eventId }) => !discarded.has(eventId));
    return fold(view, key, kept) ?? null;
  };

  const foldedCollection = (view: string, context: string) => {
    /** Returns the ids that a filter names, if it consists of them. */
    const keysOf = ({ _id, ...rest }: Document): string[] => {
      const keys: unknown = typeof _id === 'string' ? [_id] : (_id?.$in ?? [_id?.$eq]);
      const isNamed = Array.isArray(keys) && keys.every((key) => typeof key === 'string');
      if (!isNamed || Object.keys(rest).length > 0) throw new NotBuiltError(context);
      return keys;
    };
    const refuse = () => {
      throw new NotBuiltError(context);
    };
    return {
      findOne: async (filter: Document) => folded(view, context, keysOf(filter)[0]!),
      find(filter: Document) {
        const keys = keysOf(filter);
        return {
          toArray: async () =>
            (await Promise.all(keys.map((key) => folded(view, context, key)))).filter((found) => found !== null),
        };
      },
      countDocuments: refuse,
      aggregate: refuse,
    };
  };

  const collectionUntil = (name: string) => {
    const whole = db.collection(name);
    const within = (filter: Document = {}) => ({ $and: [filter, until] }) as Filter<Document>;
    return {
      find: (filter: Document, options: object) => whole.find(within(filter), options),
      countDocuments: (filter: Document, options: object) => whole.countDocuments(within(filter), options),
    };
  };

  const collection = (name: string) => {
    const built = collections.get(name);
    if (built !== undefined) return db.collection(built);
    const [context = ''] = name.split('.');
    return name === historyView({ name: context }) ? collectionUntil(name) : foldedCollection(name, context);
  };
  return { collection } as unknown as Db;
};
