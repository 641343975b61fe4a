import type { Db, Document } from 'mongodb';
import type { Static, TObject } from 'typebox';

/** A query that answers with documents of the view. */
type Shown<Item> = { view: string; item: Item };

/**
 * Sums fields over the documents that a filter matches.
 * @param fields each with its name in the answer; 1 counts the documents
 */
export const sumsOf = async <Item extends TObject, Name extends string>(
  db: Db,
  { view }: Shown<Item>,
  filter: Document,
  fields: Readonly<Record<Name, `$${keyof Static<Item> & string}` | 1>>,
): Promise<Record<Name, number>> => {
  const sums = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { $sum: field }]));
  const stages = [{ $match: filter }, { $group: { _id: null, ...sums } }];
  const [found] = await db.collection(view).aggregate<Record<Name, number>>(stages).toArray();
  return Object.fromEntries(Object.keys(fields).map((name) => [name, found?.[name as Name] ?? 0])) as Record<
    Name,
    number
  >;
};

/**
 * Returns the first documents of a view in the order of a field, as a query shows them.
 * @param by the field; `-` and the field for the reverse
 */
export const firstOf = async <Item extends TObject>(
  db: Db,
  { view, item }: Shown<Item>,
  filter: Document,
  by: string,
  limit: number,
): Promise<Static<Item>[]> => {
  const direction = by.startsWith('-') ? -1 : 1;
  const shown = Object.fromEntries(Object.keys(item.properties).map((field) => [field, 1]));
  const found = await db
    .collection(view)
    .find(filter, { projection: { _id: 0, ...shown } })
    .sort({ [by.replace('-', '')]: direction, _id: direction })
    .limit(limit)
    .toArray();
  return found as unknown as Static<Item>[];
};
