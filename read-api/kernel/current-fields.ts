import type { Db, Document } from 'mongodb';
import type { Stored } from '../../platform/http/pages.ts';
import type { QuerySchema } from '../../schemas/kernel/context.ts';

/** Returns a view's value of a field, by the `_id` of its document. */
const valuesOf = async (
  db: Db,
  view: string,
  field: string,
  ids: readonly string[],
  maxTimeMS: number,
): Promise<Map<string, unknown>> => {
  const wanted = { _id: { $in: ids } };
  const found = await db
    .collection<Stored>(view)
    .find(wanted, { projection: { [field]: 1 }, maxTimeMS })
    .toArray();
  return new Map(found.map((document: Document) => [document._id, document[field]]));
};

/**
 * Replaces fields of documents by their current values in other views. A document keeps its own value where the other
 * view has none.
 */
export const withCurrent = async <Shown extends Document>(
  db: Db,
  current: NonNullable<QuerySchema['current']>,
  documents: readonly Shown[],
  maxTimeMS: number,
): Promise<Shown[]> => {
  const fields = await Promise.all(
    Object.entries(current).map(async ([field, { view, by }]) => {
      const ids = [...new Set(documents.map((document) => document[by] as string))];
      return { field, by, values: await valuesOf(db, view, field, ids, maxTimeMS) };
    }),
  );
  return documents.map((document) => {
    const values = fields.flatMap(({ field, by, values }) => {
      const value = values.get(document[by]);
      return value === undefined ? [] : [[field, value]];
    });
    return { ...document, ...Object.fromEntries(values) };
  });
};
