import { LRUCache } from 'lru-cache';
import type { AnyBulkWriteOperation, Collection, Db, Document } from 'mongodb';
import type { StoredEvent } from '../../platform/event-store/types.ts';
import { type HeldLease, WriteConflictError } from '../../platform/subscriptions/consumer.ts';
import { onlyDuplicates } from '../../platform/subscriptions/leases.ts';
import { expire } from '../../platform/subscriptions/moments.ts';
import { CUSTOMER_ERASED, type CustomerErased } from '../../schemas/kernel/personal.ts';
import { FOLDED } from '../../schemas/kernel/search.ts';
import type { PersonalDocuments } from './erasure.ts';
import { projected } from './events.ts';
import { type ClosedItems, indexOn } from './indexes.ts';
import type { AnyEvent, Projection } from './projection.ts';

/**
 * A stored document: the view's own fields, its key, and the position of the last event in it. A deleted document keeps
 * only its key and position, so that a paused process cannot write an earlier event afterwards.
 */
export type ViewDocument = Document & { _id: string; _position: string; _deleted?: true };

/** Returns an event's position as documents store it. */
const positionText = (event: Pick<AnyEvent, 'position'>): string => event.position.commit.toString();

export type Write = (events: readonly StoredEvent[], lease: HeldLease) => Promise<void>;

/**
 * Writes a projection's documents into a collection: for each batch one read of the documents it changes and one
 * unordered write. A document that reflects an event already is left alone, so a batch may come twice.
 * @param remembered how many of the last documents stay in memory instead of being read again: only for a collection
 *   that no other process writes
 * @throws WriteConflictError when a document was changed between the read and the write
 * @throws what the projection throws
 */
export const viewWriter = (db: Db, projection: Projection, collectionName: string, remembered = 0): Write => {
  const memory = remembered > 0 ? new LRUCache<string, ViewDocument>({ max: remembered }) : null;
  const write = projection.document
    ? collectingWriter(db, projection, collectionName)
    : foldingWriter(db, projection, collectionName, memory);
  const { personal } = projection;
  if (!personal) return write;
  const erase = eraser(db, projection, personal, collectionName);
  const isTaken = projection.events.includes(CUSTOMER_ERASED);
  return async (events, lease) => {
    let next = 0;
    for (const [at, event] of events.entries()) {
      if (event.type !== CUSTOMER_ERASED) continue;
      if (at > next) await write(events.slice(next, at), lease);
      await erase(event, lease);
      memory?.clear();
      next = isTaken ? at : at + 1;
    }
    if (next < events.length) await write(next === 0 ? events : events.slice(next), lease);
  };
};

/** Documents that one write erases. */
const ERASED_AT_ONCE = 500;

/**
 * Returns a function that erases a customer's personal data from the documents that events before a CustomerErased
 * made. Later ones, of a customer who returned, stay, also when the event comes again. The index on the owner is made
 * for the first erasure: most views never need it.
 */
const eraser = (db: Db, projection: Projection, personal: PersonalDocuments, collectionName: string) => {
  const documents = db.collection<ViewDocument>(collectionName);
  let isIndexed = false;
  return async ({ data, position }: StoredEvent, lease: HeldLease): Promise<void> => {
    const { customerId } = data as CustomerErased;
    lease.assertHeld();
    if (!isIndexed) await documents.createIndexes([{ key: indexOn([personal.owner]) }]);
    isIndexed = true;
    let writes: AnyBulkWriteOperation<ViewDocument>[] = [];
    const flush = async () => {
      if (writes.length === 0) return;
      lease.assertHeld();
      await writeAll(() => documents.bulkWrite(writes, { ordered: false }), writes);
      writes = [];
    };
    for await (const stored of documents.find({ [personal.owner]: customerId })) {
      if (BigInt(stored._position) >= position.commit) continue;
      const view = fieldsOf(stored);
      const erased = personal.erase(view);
      if (erased === view) continue;
      const { _id, _position } = stored;
      writes.push(change(projection, stored, { _id, _position, ...(erased ?? { _deleted: true }) })!);
      if (writes.length === ERASED_AT_ONCE) await flush();
    }
    await flush();
    // Builds as of an earlier moment may have the plain values; they are made again without them.
    if (collectionName === projection.name) {
      const { name: context } = projection.context;
      await expire(db, { context, state: { $in: ['building', 'ready'] } });
    }
  };
};

const foldingWriter = (
  db: Db,
  projection: Projection,
  collectionName: string,
  memory: LRUCache<string, ViewDocument> | null,
): Write => {
  const documents = db.collection<ViewDocument>(collectionName);
  const read = async (keys: readonly string[]): Promise<Map<string, ViewDocument>> => {
    const known = new Map(keys.flatMap((key) => entryOf(key, memory?.get(key))));
    const others = known.size === 0 ? keys : keys.filter((key) => !known.has(key));
    const stored = others.length > 0 ? await documents.find({ _id: { $in: [...others] } }).toArray() : [];
    for (const document of stored) known.set(document._id, document);
    return known;
  };
  return async (events, lease) => {
    const byKey = groupByKey(projection, events);
    if (byKey.size === 0) return;
    const known = await read([...byKey.keys()]);
    const writes: AnyBulkWriteOperation<ViewDocument>[] = [];
    const written: ViewDocument[] = [];
    for (const [key, changes] of byKey) {
      const document = fold(projection, key, known.get(key), changes);
      const write = change(projection, known.get(key), document);
      if (!write) continue;
      writes.push(write);
      written.push(document!);
    }
    if (writes.length === 0) return;
    lease.assertHeld();
    try {
      await writeAll(() => documents.bulkWrite(writes, { ordered: false }), writes);
    } catch (error) {
      for (const { _id } of written) memory?.delete(_id); // A failed write leaves an unknown state.
      throw error;
    }
    for (const document of written) memory?.set(document._id, document);
  };
};

const entryOf = (key: string, document: ViewDocument | undefined): [string, ViewDocument][] =>
  document ? [[key, document]] : [];

const groupByKey = (projection: Projection, events: readonly StoredEvent[]): Map<string, AnyEvent[]> => {
  const byKey = new Map<string, AnyEvent[]>();
  for (const stored of events) {
    const event = projected(projection.context, stored);
    const key = projection.key!(event);
    if (key === null) continue;
    const others = byKey.get(key);
    if (others) others.push(event);
    else byKey.set(key, [event]);
  }
  return byKey;
};

/**
 * Returns a document after more events. Events that it already reflects change nothing.
 * @returns the stored document itself when nothing is new, undefined when there has never been one
 */
export const fold = (
  { evolve }: Projection,
  key: string,
  stored: ViewDocument | undefined,
  events: readonly AnyEvent[],
): ViewDocument | undefined => {
  const reached = stored ? BigInt(stored._position) : -1n;
  const news = events.filter(({ position }) => position.commit > reached);
  const last = news.at(-1);
  if (!last) return stored;
  let view = stored && !stored._deleted ? fieldsOf(stored) : null;
  let existed = stored !== undefined;
  for (const event of news) {
    view = evolve!(view, event);
    existed ||= view !== null;
  }
  const ids = { _id: key, _position: positionText(last) };
  if (view) return { ...ids, ...view };
  return existed ? { ...ids, _deleted: true } : undefined;
};

const fieldsOf = ({ _id, _position, [FOLDED]: _texts, ...fields }: ViewDocument): Document => fields;

/** Returns the value that orders open documents before closed ones, and each by a field if there is one. */
const placeOf = ({ statuses, by }: ClosedItems, document: ViewDocument): boolean | string => {
  const isClosed = statuses.includes(document.status);
  return by === undefined ? isClosed : `${isClosed ? 1 : 0} ${document[by]}`;
};

/**
 * Returns a document as it is stored: with the texts that are searched by prefix, and its
 * place among open and closed items.
 */
const searchable = ({ folds = [], closed }: Projection, document: ViewDocument): ViewDocument => {
  const texts = folds.flatMap(({ name, field, of }) => {
    const text = typeof document[field] === 'string' ? of(document[field]) : undefined;
    return text === undefined ? [] : [[name, text]];
  });
  const flags = closed && !document._deleted ? [['closed', placeOf(closed, document)]] : [];
  const derived = [...texts, ...flags];
  return derived.length === 0 ? document : { ...document, [FOLDED]: Object.fromEntries(derived) };
};

/** Returns the write that replaces a document, on condition that the store still holds it. */
const change = (
  projection: Projection,
  before: ViewDocument | undefined,
  after: ViewDocument | undefined,
): AnyBulkWriteOperation<ViewDocument> | null => {
  if (before === after || !after) return null;
  const document = searchable(projection, after);
  if (!before) return { insertOne: { document } };
  return { replaceOne: { filter: { _id: before._id, _position: before._position }, replacement: document } };
};

const writeAll = async (
  write: () => Promise<{ insertedCount: number; matchedCount: number }>,
  writes: readonly unknown[],
): Promise<void> => {
  try {
    const { insertedCount, matchedCount } = await write();
    if (insertedCount + matchedCount === writes.length) return;
  } catch (error) {
    if (!onlyDuplicates(error)) throw error;
  }
  throw new WriteConflictError('Another process changed the same documents');
};

const collectingWriter = (db: Db, projection: Projection, collectionName: string): Write => {
  const documents = db.collection<ViewDocument>(collectionName);
  return async (events, lease) => {
    const rows = events.map((event) => {
      const seen = projected(projection.context, event);
      return { ...projection.document!(seen), _position: positionText(seen) };
    });
    if (rows.length === 0) return;
    lease.assertHeld();
    try {
      await documents.insertMany(rows, { ordered: false });
    } catch (error) {
      if (!onlyDuplicates(error)) throw error; // A duplicate is the same event's document from an earlier attempt.
    }
  };
};

/** Returns a document after an erasure, which may be that of another customer. */
const afterErasure = (
  { personal }: Projection,
  { data }: StoredEvent,
  document: ViewDocument | undefined,
): ViewDocument | undefined => {
  if (!personal || !document || valueAt(document, personal.owner) !== (data as CustomerErased).customerId)
    return document;
  const { _id, _position } = document;
  return { _id, _position, ...(personal.erase(fieldsOf(document)) ?? { _deleted: true as const }) };
};

const valueAt = (document: Document, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (value as Document | undefined)?.[name], document);

/**
 * Rebuilds the documents that a parked event changes from all of their events, in order. A parked event that is
 * replayed needs this, because later events may already be in the documents. Other events that fail again are left out.
 * @param history the store's events from the first, at least up to a commit position
 */
export const refold = async (
  db: Db,
  projection: Projection,
  again: StoredEvent,
  history: (until: bigint) => AsyncIterable<readonly StoredEvent[]>,
  lease: HeldLease,
): Promise<void> => {
  const documents = db.collection<ViewDocument>(projection.name);
  const before = await documentsChangedBy(documents, projection, again);
  if (before.size === 0) return;
  let until = again.position.commit;
  for (const document of before.values())
    if (document && BigInt(document._position) > until) until = BigInt(document._position);
  const after = new Map<string, ViewDocument | undefined>();
  for await (const events of history(until))
    for (const stored of events) {
      if (stored.position.commit > until) continue;
      if (stored.type === CUSTOMER_ERASED)
        for (const [key, document] of after) after.set(key, afterErasure(projection, stored, document));
      if (!projection.events.includes(stored.type)) continue;
      try {
        const event = projected(projection.context, stored);
        const key = projection.key!(event);
        if (key !== null && before.has(key)) after.set(key, fold(projection, key, after.get(key), [event]));
      } catch (error) {
        if (stored.id === again.id) throw error;
      }
    }
  const writes = [...before].flatMap(([key, document]) => {
    const made = after.get(key) ?? { _id: key, _deleted: true as const };
    return change(projection, document, { ...made, _position: until.toString() }) ?? [];
  });
  lease.assertHeld();
  await writeAll(() => documents.bulkWrite(writes, { ordered: false }), writes);
};

/**
 * Reads the documents that an event changes: its own, if it has one, and after an erasure the customer's later ones.
 */
const documentsChangedBy = async (
  documents: Collection<ViewDocument>,
  projection: Projection,
  event: StoredEvent,
): Promise<Map<string, ViewDocument | undefined>> => {
  const { personal } = projection;
  const found = new Map<string, ViewDocument | undefined>();
  if (projection.events.includes(event.type)) {
    const key = projection.key!(projected(projection.context, event));
    if (key !== null) found.set(key, (await documents.findOne({ _id: key })) ?? undefined);
  }
  if (event.type === CUSTOMER_ERASED && personal)
    for await (const document of documents.find({ [personal.owner]: (event.data as CustomerErased).customerId }))
      if (BigInt(document._position) > event.position.commit) found.set(document._id, document);
  return found;
};
