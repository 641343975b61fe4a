import type { Collection, Document, Filter } from 'mongodb';
import type { Stored } from '../../platform/http/pages.ts';
import type { PositionSchema } from '../../schemas/kernel/context.ts';

const hasValues = (document: Document, values: Readonly<Record<string, string>>): boolean =>
  Object.entries(values).every(([field, value]) => document[field] === value);

/** Returns the values of the fields that documents share; null finds those without one. */
const sharedBy = (document: Document, fields: readonly string[]) =>
  Object.fromEntries(fields.map((field) => [field, document[field] ?? null]));

/**
 * Adds the position to the documents that have one. For each value of `within` it reads the index up to the first of
 * them and from there to the last, whatever the order of the documents.
 * @param documents of one page; the numbers are those of the moment of the reading
 */
export const withPositions = async (
  collection: Collection<Stored>,
  { field, by, within, among }: PositionSchema,
  documents: readonly Stored[],
  maxTimeMS: number,
): Promise<Stored[]> => {
  const counted = documents.filter((document) => hasValues(document, among));
  const positions = new Map<string, number>();
  await Promise.all(
    Object.values(Object.groupBy(counted, (document) => JSON.stringify(sharedBy(document, within)))).map(
      async (group = []) => {
        const orders = group.map((document): number => document[by]);
        const [first, last] = [Math.min(...orders), Math.max(...orders)];
        const same = { ...sharedBy(group[0]!, within), ...among };
        const [before, between] = await Promise.all([
          collection.countDocuments({ ...same, [by]: { $lt: first } } as Filter<Stored>, { maxTimeMS }),
          collection
            .find({ ...same, [by]: { $gte: first, $lte: last } } as Filter<Stored>, { maxTimeMS })
            .project({ [by]: 1 })
            .sort({ [by]: 1 })
            .toArray(),
        ]);
        between.forEach(({ _id }, index) => {
          positions.set(_id, before + index + 1);
        });
      },
    ),
  );
  return documents.map((document) => {
    const position = positions.get(document._id);
    return position === undefined ? document : { ...document, [field]: position };
  });
};
