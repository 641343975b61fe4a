import type { Collection, Document, Filter, Sort } from 'mongodb';
import { defined } from '../../schemas/kernel/defined.ts';
import { CursorText, DEFAULT_LIMIT, Limit } from '../../schemas/kernel/paging.ts';
import type { Cursors, Place } from './cursors.ts';
import { type ReadText, readText } from './parameters.ts';
import { ProblemError, problems } from './problem.ts';

export type Stored = Document & { _id: string };

/** The order of a list; documents with equal values are ordered by `_id` in the same direction. */
export type Ordering = { field: string; direction: 1 | -1 };

/** The parameters of every paged list. */
export const pageParameters: ReadonlyMap<string, ReadText> = new Map([
  ['limit', readText(Limit)],
  ['cursor', readText(CursorText)],
]);

/** A page as it was requested: its length, and the cursor that the page before it gave. */
export type PageRequest = { limit: number; cursor: string | undefined };

/** Removes the parameters of a page from the given ones. @returns the page */
export const takePage = (given: Map<string, unknown>): PageRequest => {
  const { limit = DEFAULT_LIMIT, cursor } = Object.fromEntries(given) as { limit?: number; cursor?: string };
  for (const name of pageParameters.keys()) given.delete(name);
  return { limit, cursor };
};

/** Selects the documents after a place: those with a value beyond it, and those with the same value by `_id`. */
const after = ({ id, value }: Place, { field, direction }: Ordering): Filter<Stored> => {
  const beyond = direction === 1 ? '$gt' : '$lt';
  if (field === '_id') return { _id: { [beyond]: id } };
  return { $or: [{ [field]: { [beyond]: value } }, { [field]: { $eq: value }, _id: { [beyond]: id } }] };
};

/**
 * Returns the place after which a page begins.
 * @param question everything that the list depends on except the page
 * @param isValue whether the ordering's field can have a value
 * @returns undefined for the first page
 * @throws ProblemError 400 for a cursor that was not made for this question
 */
export const placeOf = async (
  cursors: Cursors,
  question: string,
  { cursor }: PageRequest,
  isValue: (value: unknown) => boolean = (value) => value === null,
): Promise<Place | undefined> => {
  if (cursor === undefined) return undefined;
  const place = await cursors.decode(question, cursor);
  if (isValue(place.value)) return place;
  throw new ProblemError(problems.invalid([{ pointer: '/cursor', detail: 'is not a cursor' }]));
};

export type PageOptions = {
  question: string;
  filter: Filter<Stored>;
  ordering: Ordering;
  limit: number;
  place: Place | undefined;
  maxTimeMS?: number;
};

const valueAt = (document: Document, path: string): Place['value'] =>
  path.split('.').reduce((part: unknown, name) => (part as Document)?.[name], document) as Place['value'];

/** Reads a page of a collection. @returns its documents, and the cursor of the next page if there is one */
export const readPage = async <Item extends Stored>(
  cursors: Cursors,
  collection: Collection<Item>,
  { question, filter, ordering, limit, place, maxTimeMS }: PageOptions,
): Promise<{ documents: Item[]; next: string | undefined }> => {
  const { field, direction } = ordering;
  const wanted = place ? { ...filter, ...after(place, ordering) } : filter;
  const order: Sort = field === '_id' ? { _id: direction } : { [field]: direction, _id: direction };
  const documents = (await collection
    .find(wanted as Filter<Item>, defined({ maxTimeMS }))
    .sort(order)
    .limit(limit + 1)
    .batchSize(limit + 1)
    .toArray()) as Item[];
  if (documents.length <= limit) return { documents, next: undefined };
  documents.pop();
  const last = documents.at(-1)!;
  const value = field === '_id' ? null : valueAt(last, field);
  return { documents, next: await cursors.encode(question, { id: last._id, value }) };
};
