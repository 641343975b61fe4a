import { ObjectId } from 'bson';
import { CommandError, errorReply } from './errors.ts';
import { compileFilter, equalities } from './match.ts';
import { asBuffer, beginsWithId, type PlainReplacement, plainFields, wantedFields } from './plain.ts';
import { pacer, planFor, type Query, run } from './query.ts';
import { type Collection, type Row, type Storage, StorageError } from './storage.ts';
import { compileUpdate, idChanged, isReplacement, type Update } from './update.ts';
import { compareValues, type Doc, decode, encode } from './values.ts';
import { checkStorable, MAX_DOCUMENT_BYTES } from './wire.ts';

const SCAN_ROWS = 128;
const FIRST_ROWS = 8;

/** Runs the statements of a bulk: the first refusal ends an ordered one. Failures of the store itself are thrown. */
export async function bulk<T>(
  statements: readonly T[],
  ordered: boolean,
  apply: (statement: T, index: number) => unknown,
): Promise<Doc[]> {
  const writeErrors: Doc[] = [];
  const pace = pacer();
  for (const [index, statement] of statements.entries()) {
    try {
      const pending = apply(statement, index);
      if (pending instanceof Promise) await pending;
      const turn = pace();
      if (turn) await turn;
    } catch (error) {
      if (error instanceof StorageError || !(error instanceof CommandError)) throw error;
      const { ok: _ok, codeName: _name, ...shape } = errorReply(error);
      writeErrors.push({ index, ...shape });
      if (ordered) break;
    }
  }
  return writeErrors;
}

/** Stores one document, giving it an `_id` when it has none, and putting that first. */
export function insertOne(storage: Storage, collection: Collection, bytes: Uint8Array): void {
  const { wanted } = collection;
  const plain =
    wanted &&
    bytes.length <= MAX_DOCUMENT_BYTES &&
    beginsWithId(asBuffer(bytes)) &&
    plainFields(asBuffer(bytes), wanted);
  if (plain) {
    checkId(plain._id);
    storage.insert(collection, plain, bytes);
    return;
  }
  let doc = decode(bytes);
  let stored = bytes;
  if (Object.keys(doc)[0] !== '_id') {
    doc = { _id: doc._id ?? new ObjectId(), ...doc };
    stored = encode(doc);
  }
  checkId(doc._id);
  if (stored.length > MAX_DOCUMENT_BYTES) checkStorable(stored);
  storage.insert(collection, doc, stored);
}

function checkId(id: unknown): void {
  if (Array.isArray(id)) throw new CommandError(53, "The '_id' value cannot be of type array");
  if (id === undefined) throw new CommandError(53, "The '_id' value cannot be of type undefined");
  const isRegex = typeof id === 'object' && id !== null && '_bsontype' in id && id._bsontype === 'BSONRegExp';
  if (isRegex) throw new CommandError(53, "The '_id' value cannot be of type regex");
}

/**
 * Replaces the document that a plain statement names, without decoding either of them.
 * @returns how many matched and how many were changed; undefined when that has to be found out the long way
 */
export function replacePlain(
  storage: Storage,
  collection: Collection,
  { filter, bytes }: PlainReplacement,
): { matched: number; modified: number } | undefined {
  const { wanted } = collection;
  const conditions = wantedFields(Object.keys(filter));
  if (!wanted || !conditions || bytes.length > MAX_DOCUMENT_BYTES) return undefined;
  const row = storage.findById(collection, filter._id);
  if (!row) return NOTHING;
  const stored = asBuffer(row.bytes);
  const found = plainFields(stored, conditions);
  if (!found || Object.values(found).some(Array.isArray)) return undefined;
  if (Object.entries(filter).some(([name, text]) => found[name] !== text)) return NOTHING;
  if (stored.equals(bytes)) return { matched: 1, modified: 0 };
  const before = plainFields(stored, wanted);
  const after = plainFields(bytes, wanted);
  if (!before || !after) return undefined;
  storage.replace(collection, row.rid, before, after, bytes);
  return { matched: 1, modified: 1 };
}

const NOTHING = { matched: 0, modified: 0 };

/**
 * Finds the first match and changes it before anything else can run; `otherwise` when there is none.
 */
export async function changeFirst<T>(
  storage: Storage,
  collection: Collection,
  query: Query,
  change: (row: Row, doc: Doc) => T,
  otherwise: () => T,
): Promise<T> {
  const matches = compileFilter(query.filter);
  const { access, sorted } = planFor(collection, query);
  const pace = pacer(query.maxTimeMS);
  if (!sorted) return changeFirstSorted(storage, collection, query, change, otherwise);
  const scan = storage.scan(collection, access);
  for (let rows = scan.next(FIRST_ROWS); rows.length > 0; rows = scan.next(SCAN_ROWS)) {
    for (const row of rows) {
      const doc = decode(row.bytes);
      if (matches(doc)) return change(row, doc);
    }
    await pace();
  }
  return otherwise();
}

/** The sort needs every match read first, so the winner is looked up again by its `_id` and must still match. */
async function changeFirstSorted<T>(
  storage: Storage,
  collection: Collection,
  query: Query,
  change: (row: Row, doc: Doc) => T,
  otherwise: () => T,
): Promise<T> {
  for (;;) {
    const [winner] = await run(storage, collection, { ...query, limit: 1 }).next(1);
    if (winner === undefined) return otherwise();
    const filter = { $and: [query.filter, { _id: decode(winner)._id }] };
    const { sort: _sort, ...unsorted } = query;
    const lost = Symbol('lost');
    const result = await changeFirst<T | typeof lost>(storage, collection, { ...unsorted, filter }, change, () => lost);
    if (result !== lost) return result as T;
  }
}

/** Changes every match. The matches are listed first, so that a change that moves a document in an index meets it once. */
export async function changeAll(
  storage: Storage,
  collection: Collection,
  query: Query,
  change: (row: Row, doc: Doc) => void,
): Promise<void> {
  const matches = compileFilter(query.filter);
  const scan = storage.scan(collection, planFor(collection, query).access);
  const pace = pacer(query.maxTimeMS);
  const found: number[] = [];
  for (let rows = scan.next(SCAN_ROWS); rows.length > 0; rows = scan.next(SCAN_ROWS)) {
    for (const row of rows) if (matches(decode(row.bytes))) found.push(row.rid);
    await pace();
  }
  for (const rid of found) {
    const bytes = storage.get(collection, rid);
    const doc = bytes && decode(bytes);
    if (bytes && doc && matches(doc)) change({ rid, bytes }, doc);
    await pace();
  }
}

/** Applies an update to a stored document. Gives the new document and whether it differs. */
export function updateRow(
  storage: Storage,
  collection: Collection,
  row: Row,
  before: Doc,
  update: Update,
): { after: Doc; changed: boolean } {
  const after = update(decode(row.bytes), false);
  if (after._id === undefined || compareValues(after._id, before._id) !== 0) throw idChanged();
  const bytes = encode(after);
  if (Buffer.compare(bytes, row.bytes) === 0) return { after, changed: false };
  checkStorable(bytes);
  storage.replace(collection, row.rid, before, after, bytes);
  return { after, changed: true };
}

/** Inserts what an upsert that matched nothing makes: the filter's equalities with the update applied. */
export function insertUpserted(
  storage: Storage,
  collection: Collection,
  filter: Doc,
  update: unknown,
  compiled: Update,
): Doc {
  const base = isReplacement(update) ? idOnly(filter) : fromEqualities(filter);
  const made = compiled(base, true);
  const { _id: id = new ObjectId(), ...rest } = made;
  if (base._id !== undefined && compareValues(base._id, id) !== 0) throw idChanged();
  checkId(id);
  const doc = { _id: id, ...rest };
  const bytes = encode(doc);
  checkStorable(bytes);
  storage.insert(collection, doc, bytes);
  return doc;
}

function idOnly(filter: Doc): Doc {
  const id = equalities(filter).find(([path]) => path === '_id')?.[1];
  return id === undefined ? {} : { _id: id };
}

function fromEqualities(filter: Doc): Doc {
  const fields = equalities(filter);
  const seen = new Set<string>();
  for (const [path] of fields) {
    if (seen.has(path)) throw new CommandError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
    seen.add(path);
  }
  return compileUpdate({ $set: Object.fromEntries(fields) })({}, true);
}
