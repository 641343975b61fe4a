import { isDeepStrictEqual } from 'node:util';
import type { Doc } from '../../../embedded/mongo/values.ts';
import type { StoredEvent } from '../../../platform/event-store/types.ts';
import { projected } from '../../../projections/kernel/events.ts';
import type { Projection } from '../../../projections/kernel/projection.ts';
import { CUSTOMER_ERASED, type CustomerErased } from '../../../schemas/kernel/personal.ts';
import { frozen } from '../stores/frozen.ts';

type Reads = { read(collection: string): Doc[] };

/** Erases a customer from the documents of a view. */
const erase = ({ personal }: Projection, documents: Map<string, Doc>, { customerId }: CustomerErased): void => {
  if (!personal) return;
  const ownerOf = (document: Doc) =>
    personal.owner.split('.').reduce<unknown>((at, name) => (at as Doc)[name], document);
  for (const [id, document] of documents) {
    if (ownerOf(document) !== customerId) continue;
    const after = personal.erase(document);
    if (after) documents.set(id, after);
    else documents.delete(id);
  }
};

/** Folds the log into the documents of a view, without the parts that make a view restartable. */
const folded = (projection: Projection, events: readonly StoredEvent[], found: string[]): Map<string, Doc> => {
  const documents = new Map<string, Doc>();
  const types = new Set(projection.events);
  for (const stored of events) {
    if (stored.type === CUSTOMER_ERASED) erase(projection, documents, stored.data as CustomerErased);
    if (!types.has(stored.type)) continue;
    const event = projected(projection.context, stored);
    if (projection.document) {
      const { _id, ...fields } = projection.document(event);
      documents.set(_id, fields);
      continue;
    }
    const key = projection.key!(event);
    if (key === null) continue;
    try {
      const after = projection.evolve!(documents.get(key) ?? null, event);
      if (after) documents.set(key, after);
      else documents.delete(key);
    } catch (error) {
      found.push(`${projection.name} cannot take ${stored.type} of ${stored.stream}: ${String(error)}`);
    }
  }
  return documents;
};

/** Checks that every view equals the fold of the log. */
export const checkViews = (
  events: readonly StoredEvent[],
  projections: readonly Projection[],
  { read }: Reads,
): string[] => {
  const found: string[] = [];
  for (const projection of projections) {
    const expected = folded(projection, events, found);
    for (const { _id, _position, _deleted, _folded, ...fields } of read(projection.name)) {
      if (_deleted) continue;
      const own = expected.get(_id as string);
      expected.delete(_id as string);
      if (!own) found.push(`${projection.name} has ${_id}, which the log does not`);
      else if (!isDeepStrictEqual(fields, frozen(own)))
        found.push(`${projection.name} differs at ${_id}: ${JSON.stringify(fields)} is ${JSON.stringify(own)}`);
    }
    for (const id of expected.keys()) found.push(`${projection.name} lacks ${id}`);
  }
  return found;
};
