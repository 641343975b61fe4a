import type { Collection, Document, Filter } from 'mongodb';

/**
 * Sums fields over the documents that a filter matches.
 * @param fields each with its name in the answer; 1 counts the documents
 */
export const sumsOf = async <Item extends Document, Name extends string>(
  collection: Collection<Item>,
  filter: Filter<Item>,
  fields: Readonly<Record<Name, `$${keyof Item & string}` | 1>>,
): Promise<Record<Name, number>> => {
  const sums = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { $sum: field }]));
  const stages = [{ $match: filter }, { $group: { _id: null, ...sums } }];
  const [found] = await collection.aggregate<Record<Name, number>>(stages).toArray();
  return Object.fromEntries(Object.keys(fields).map((name) => [name, found?.[name as Name] ?? 0])) as Record<
    Name,
    number
  >;
};
