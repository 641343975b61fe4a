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

/**
 * Returns the first documents of a view in the order of a field, as answers show them.
 * @param by the field; `-` and the field for the reverse
 * @param hidden the fields of documents that answers do not show
 */
export const firstOf = <Item extends Document>(
  collection: Collection<Item>,
  filter: Filter<Item>,
  by: string,
  limit: number,
  ...hidden: readonly string[]
) => {
  const direction = by.startsWith('-') ? -1 : 1;
  const projection = Object.fromEntries(['_id', '_position', ...hidden].map((field) => [field, 0]));
  return collection
    .find(filter, { projection })
    .sort({ [by.replace('-', '')]: direction, _id: direction })
    .limit(limit)
    .toArray();
};
