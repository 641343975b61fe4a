import { Int32, ObjectId } from 'bson';
import type { Collection } from './catalog.ts';
import { type Call, type Command, command, nameIn } from './command.ts';
import { CommandError, errorReply, StorageError } from './errors.ts';
import { fieldsOf } from './fields.ts';
import { compileFilter, equalities } from './match.ts';
import type { Pace } from './pace.ts';
import { plan } from './plan.ts';
import type { Row } from './scans.ts';
import type { Storage } from './storage.ts';
import { compileUpdate, isReplacement, type Update } from './update.ts';
import { type Doc, decode, encode, isDoc, typeName } from './values.ts';
import { checkStorable, MAX_DOCUMENT_BYTES } from './wire.ts';

const SCAN_ROWS = 128;
const FIRST_ROWS = 8;

// --- commands --------------------------------------------------------------------------------------------------------

const insert = command({ documents: 'array!', ordered: 'bool' }, async (call, { documents, ordered = true }) => {
  const name = nameIn(call);
  refuseEmpty(documents);
  const { storage } = call;
  const collection = targetOf(call, name);
  const writeErrors = await bulk(documents as Uint8Array[], ordered, call.pace, (bytes) =>
    insertOne(storage, collection.dropped ? targetOf(call, name) : collection, bytes),
  );
  const done = ordered && writeErrors[0] ? (writeErrors[0].index as number) : documents.length - writeErrors.length;
  return { n: new Int32(done), ...errors(writeErrors) };
});

const UPDATE = { q: 'object!', u: 'any!', multi: 'bool', upsert: 'bool' } as const;

const update = command({ updates: 'array!', ordered: 'bool' }, async (call, { updates, ordered = true }) => {
  const { storage, db, pace } = call;
  const name = nameIn(call);
  refuseEmpty(updates);
  const statements = updates.map((statement) => fieldsOf('update.updates', docOf(statement), UPDATE));
  const upserted: Doc[] = [];
  let matched = 0;
  let modified = 0;
  const writeErrors = await bulk(statements, ordered, pace, async ({ q, u, multi, upsert }, index) => {
    const compiled = compileUpdate(u);
    compileFilter(q);
    if (multi && isReplacement(u))
      throw new CommandError(9, 'multi update is not supported for replacement-style update');
    const collection = upsert ? targetOf(call, name) : storage.find(db, name);
    if (collection === undefined) return;
    await change(
      storage,
      collection,
      q,
      multi === true,
      pace,
      (row, doc) => {
        if (updateRow(storage, collection, row, doc, compiled)) modified++;
        matched++;
      },
      () => {
        if (!upsert) return;
        const { _id } = insertUpserted(storage, collection, q, isReplacement(u), compiled);
        upserted.push({ index, _id });
        matched++;
      },
    );
  });
  return {
    n: new Int32(matched),
    nModified: new Int32(modified),
    ...(upserted.length > 0 && { upserted }),
    ...errors(writeErrors),
  };
});

const DELETE = { q: 'object!', limit: 'count!' } as const;

const remove = command({ deletes: 'array!', ordered: 'bool' }, async (call, { deletes, ordered = true }) => {
  const { storage, db, pace } = call;
  const name = nameIn(call);
  refuseEmpty(deletes);
  const statements = deletes.map((statement) => fieldsOf('delete.deletes', docOf(statement), DELETE));
  const odd = statements.find(({ limit }) => limit > 1);
  if (odd) throw new CommandError(9, `The limit field in delete objects must be 0 or 1. Got ${odd.limit}`);
  let removed = 0;
  const writeErrors = await bulk(statements, ordered, pace, async ({ q, limit }) => {
    compileFilter(q);
    const collection = storage.find(db, name);
    if (collection === undefined) return;
    await change(storage, collection, q, limit === 0, pace, (row, doc) => {
      storage.remove(collection, row.rid, doc);
      removed++;
    });
  });
  return { n: new Int32(removed), ...errors(writeErrors) };
});

export const WRITE_COMMANDS: Record<string, Command> = { insert, update, delete: remove };

const targetOf = ({ storage, db }: Call, name: string): Collection =>
  storage.find(db, name) ?? storage.create(db, name);

const refuseEmpty = (statements: unknown[]): void => {
  if (statements.length === 0)
    throw new CommandError(16, 'Write batch sizes must be between 1 and 100000. Got 0 operations.');
};

const docOf = (statement: unknown): Doc => {
  if (!isDoc(statement))
    throw new CommandError(14, `a statement is the wrong type '${typeName(statement)}', expected type 'object'`);
  return statement;
};

const errors = (writeErrors: Doc[]): Doc => (writeErrors.length === 0 ? {} : { writeErrors });

/** Runs the statements of a bulk; the first refusal ends an ordered one. Throws failures of the store itself. */
const bulk = async <T>(
  statements: readonly T[],
  ordered: boolean,
  pace: Pace,
  apply: (statement: T, index: number) => unknown,
): Promise<Doc[]> => {
  const writeErrors: Doc[] = [];
  for (const [index, statement] of statements.entries()) {
    try {
      await apply(statement, index);
      await pace();
    } catch (error) {
      if (error instanceof StorageError || !(error instanceof CommandError)) throw error;
      if (error.code === TIME_OVER) throw error;
      const { ok: _ok, codeName: _name, ...shape } = errorReply(error);
      writeErrors.push({ index, ...shape });
      if (ordered) break;
    }
  }
  return writeErrors;
};

const TIME_OVER = 50;

// --- documents -------------------------------------------------------------------------------------------------------

/** Stores one document. Adds an `_id` as the first field if it has none. */
const insertOne = (storage: Storage, collection: Collection, bytes: Uint8Array): void => {
  let doc = decode(bytes);
  let stored = bytes;
  if (Object.keys(doc)[0] !== '_id') {
    doc = { _id: doc._id ?? new ObjectId(), ...doc };
    stored = encode(doc);
  }
  checkId(doc._id);
  if (stored.length > MAX_DOCUMENT_BYTES) checkStorable(stored);
  storage.insert(collection, doc, stored);
};

const checkId = (id: unknown): void => {
  if (Array.isArray(id)) throw new CommandError(53, "The '_id' value cannot be of type array");
};

/** Changes the first match, or every match, each in one step. Calls `otherwise` without a match. */
const change = async (
  storage: Storage,
  collection: Collection,
  filter: Doc,
  all: boolean,
  pace: Pace,
  apply: (row: Row, doc: Doc) => void,
  otherwise: () => void = () => {},
): Promise<void> => {
  const matches = compileFilter(filter);
  const scan = storage.scan(collection, plan(collection, filter, []).access);
  // All matches are listed first: a change may move a document in the index that is being read.
  const found: number[] = [];
  const rowsAtOnce = all ? SCAN_ROWS : FIRST_ROWS;
  for (let rows = scan.next(rowsAtOnce); rows.length > 0; rows = scan.next(SCAN_ROWS)) {
    for (const row of rows) {
      const doc = decode(row.bytes);
      if (!matches(doc)) continue;
      if (!all) return apply(row, doc);
      found.push(row.rid);
    }
    await pace();
  }
  let changed = false;
  for (const rid of found) {
    const bytes = storage.get(collection, rid);
    const doc = bytes && decode(bytes);
    if (bytes && doc && matches(doc)) {
      apply({ rid, bytes }, doc);
      changed = true;
    }
    await pace();
  }
  if (!changed) otherwise();
};

/** Applies an update to a stored document. Returns whether it changed. */
const updateRow = (storage: Storage, collection: Collection, row: Row, before: Doc, update: Update): boolean => {
  const after = update(decode(row.bytes));
  const bytes = encode(after);
  if (Buffer.compare(bytes, row.bytes) === 0) return false;
  checkStorable(bytes);
  storage.replace(collection, row.rid, before, after, bytes);
  return true;
};

/** Inserts the document of an upsert that matched nothing: the filter's equalities with the update applied. */
const insertUpserted = (
  storage: Storage,
  collection: Collection,
  filter: Doc,
  replaces: boolean,
  update: Update,
): Doc => {
  const base = replaces ? idOnly(filter) : fromEqualities(filter);
  const { _id: id = new ObjectId(), ...rest } = update(base);
  checkId(id);
  const doc = { _id: id, ...rest };
  const bytes = encode(doc);
  checkStorable(bytes);
  storage.insert(collection, doc, bytes);
  return doc;
};

const idOnly = (filter: Doc): Doc => {
  const id = equalities(filter).find(([path]) => path === '_id')?.[1];
  return id === undefined ? {} : { _id: id };
};

const fromEqualities = (filter: Doc): Doc => {
  const fields = equalities(filter);
  const seen = new Set<string>();
  for (const [path] of fields) {
    if (seen.has(path)) throw new CommandError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
    seen.add(path);
  }
  return compileUpdate({ $set: Object.fromEntries(fields) })({});
};
