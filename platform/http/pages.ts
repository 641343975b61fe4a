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

/** A part of a list: its documents, and the field by which they are in the list's order. */
export type Part = { filter: Filter<Stored>; field: string };

export type PageOptions = {
  question: string;
  /** Parts without a common document, whose fields have values of one type. */
  parts: readonly Part[];
  direction: Ordering['direction'];
  limit: number;
  place: Place | undefined;
  maxTimeMS?: number;
};

const valueAt = (document: Document, path: string): Place['value'] =>
  path.split('.').reduce((part: unknown, name) => (part as Document)?.[name], document) as Place['value'];

const byText = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** Compares places as the database orders them: by their values of one type, of which missing ones come first. */
const byPlace = (one: Place, other: Place): number => {
  const [a, b] = [one.value ?? null, other.value ?? null];
  if (a === b) return byText(one.id, other.id);
  if (a === null || b === null) return a === null ? -1 : 1;
  return typeof a === 'string' ? byText(a, String(b)) : Number(a) - Number(b);
};

/**
 * Reads a page of a collection: from each part as many documents as the page has.
 * @returns its documents, and the cursor of the next page if there is one
 */
export const readPage = async <Item extends Stored>(
  cursors: Cursors,
  collection: Collection<Item>,
  { question, parts, direction, limit, place, maxTimeMS }: PageOptions,
): Promise<{ documents: Item[]; next: string | undefined }> => {
  const readPart = async ({ filter, field }: Part) => {
    // The place comes first: the embedded store reads an index by the first `$or` of a filter.
    const wanted = place ? { ...after(place, { field, direction }), ...filter } : filter;
    const order: Sort = field === '_id' ? { _id: direction } : { [field]: direction, _id: direction };
    const documents = (await collection
      .find(wanted as Filter<Item>, defined({ maxTimeMS }))
      .sort(order)
      .limit(limit + 1)
      .batchSize(limit + 1)
      .toArray()) as Item[];
    const placed = (document: Item): Place => ({
      id: document._id,
      value: field === '_id' ? null : valueAt(document, field),
    });
    return documents.map((document) => ({ document, place: placed(document) }));
  };
  const read = (await Promise.all(parts.map(readPart))).flat();
  const found = parts.length === 1 ? read : read.sort((a, b) => direction * byPlace(a.place, b.place));
  const documents = found.slice(0, limit).map(({ document }) => document);
  if (found.length <= limit) return { documents, next: undefined };
  return { documents, next: await cursors.encode(question, found[limit - 1]!.place) };
};
