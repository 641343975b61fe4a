import type { Response } from 'express';
import type { Db, Document, Filter, FindOptions } from 'mongodb';
import { partsWithin, permitted } from '../../platform/identity/caller.ts';
import type { Scoped } from '../../platform/identity/scope.ts';

/** The part of several contexts that a reader sees. */
export type Sight = {
  /** The same for readers who see the same. */
  key: string;
  /** Whether the reader sees all of a context. */
  isWhole(context: string): boolean;
  /**
   * Returns the filter that a context's documents must fulfil: an empty one for all of them, undefined for none.
   * @param prefix of the field, where the documents hold it deeper: `data.`
   */
  filter(context: string, prefix?: string): Readonly<Record<string, { $in: string[] }>> | undefined;
  /**
   * Returns the data of an event of a context as the reader sees it: the same object for one who sees the whole
   * context, undefined for one who does not see the event.
   */
  seen(context: string, data: Document): Document | undefined;
};

/** Sees every context as a whole. */
export const EVERYTHING: Sight = { key: '', isWhole: () => true, filter: () => ({}), seen: (_, data) => data };

/** Returns what the caller of a request sees of the contexts. */
export const sightOf = (res: Response, contexts: readonly Scoped[]): Sight => {
  const { reach } = permitted(res);
  const reaches = new Map(
    contexts.map((context) => [context.name, { reach: reach(context), field: context.scope?.field }]),
  );
  if ([...reaches.values()].every((one) => one.reach === 'all')) return EVERYTHING;
  return {
    key: JSON.stringify([...reaches]),
    isWhole: (name) => reaches.get(name)?.reach === 'all',
    filter(name, prefix = '') {
      const { reach: values = [], field } = reaches.get(name) ?? {};
      if (values === 'all') return {};
      return values.length === 0 ? undefined : { [prefix + field]: { $in: [...values] } };
    },
    seen(name, data) {
      const { reach: values = [], field } = reaches.get(name) ?? {};
      if (values === 'all') return data;
      if (field === undefined || !values.includes(data[field])) return undefined;
      return partsWithin({ field, values }, data) as Document;
    },
  };
};

/**
 * Returns the database that an overview is made from: its collections hold only the documents that fulfil a filter, and
 * each read of them has a time limit.
 */
export const overviewDb = (db: Db, only: Filter<Document>, maxTimeMS: number): Db => {
  const collection = (name: string) => {
    const whole = db.collection(name);
    return {
      countDocuments: (filter: Filter<Document> = {}) => whole.countDocuments({ ...filter, ...only }, { maxTimeMS }),
      find: (filter: Filter<Document>, options: FindOptions) =>
        whole.find({ ...filter, ...only }, { ...options, maxTimeMS }),
      aggregate: (stages: Document[]) => whole.aggregate([{ $match: only }, ...stages], { maxTimeMS }),
    };
  };
  return { collection } as unknown as Db;
};
