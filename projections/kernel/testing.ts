import type { StoredEvent } from '../../platform/event-store/types.ts';
import { storedEvent } from '../../platform/subscriptions/testing.ts';
import { projected } from './events.ts';
import type { Projection } from './projection.ts';
import { fold, type ViewDocument } from './writer.ts';

export type Given = {
  type: string;
  data: object;
  time?: string;
  /** The version that is stored; today's when left out. */
  version?: number;
};

/**
 * Returns the documents that a projection makes of events, without a store. It feeds every event twice, at once and
 * again after all others, because projections get events repeatedly.
 *
 *     expect(documentsAfter(lots, { type: 'LotRegistered', data })).toEqual({ 'lot-1': … })
 *
 * @returns the documents by key, without the kernel's own fields
 */
export const documentsAfter = (projection: Projection, ...events: Given[]): Record<string, object> => {
  const stored = events.map(({ type, data, time = '2026-01-31T09:00:00.000Z', version }, index) => {
    const event = storedEvent(index + 1, type, data);
    const schemaVersion = version ?? projection.context.events[type]?.version ?? 1;
    return { ...event, metadata: { ...event.metadata, time, schemaVersion } };
  });
  const documents = new Map<string, ViewDocument>();
  for (const event of [...stored.flatMap((once) => [once, once]), ...stored]) apply(projection, documents, event);
  const existing = [...documents].filter(([, { _deleted }]) => !_deleted);
  return Object.fromEntries(existing.map(([key, { _id, _position, ...fields }]) => [key, fields]));
};

const apply = (projection: Projection, documents: Map<string, ViewDocument>, stored: StoredEvent): void => {
  if (!projection.events.includes(stored.type)) return;
  const event = projected(projection.context, stored);
  if (projection.document) {
    const document = projection.document(event);
    documents.set(document._id, { ...document, _position: '' });
    return;
  }
  const key = projection.key!(event);
  if (key === null) return;
  const next = fold(projection, key, documents.get(key), [event]);
  if (next) documents.set(key, next);
};
