import type { Db } from 'mongodb';
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

/** Called before each command of a database; commands wait for what it returns, and fail if that fails. */
export type Gate = (command: string, args: readonly unknown[]) => Promise<void>;

const BUILDERS = new Set([
  'collection',
  'find',
  'sort',
  'limit',
  'project',
  'aggregate',
  'listCollections',
  'batchSize',
]);

const guarded = <Target extends object>(target: Target, path: string, gate: Gate): Target =>
  new Proxy(target, {
    get(_, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value !== 'function' || typeof key === 'symbol') return value;
      const name = key === 'collection' ? '' : `${path}${key}`;
      return (...args: unknown[]) => {
        const call = () => Reflect.apply(value, target, args);
        if (BUILDERS.has(key)) return guarded(call(), key === 'collection' ? `${args[0]}.` : path, gate);
        return gate(name, args).then(call);
      };
    },
  });

/**
 * Wraps a database for a test that pauses or kills a process between two commands. While the gate waits, none of the
 * process's commands reaches the store, its signs of life included; once it fails, none ever does.
 */
export const interruptible = (db: Db, gate: Gate): Db => guarded(db, '', gate);
