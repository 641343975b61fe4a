import { statSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { storesError } from '../errors.ts';
import { isDiskFull, openSqliteFile } from '../sqlite-file.ts';
import { CommandError } from './errors.ts';
import { compileFilter, type Matcher } from './match.ts';
import { fieldOf, indexKeys, type KeyField, valuesAt } from './paths.ts';
import { asBuffer, plainFields, type Wanted, wantedFields } from './plain.ts';
import { type Doc, decode, encode, keyOf } from './values.ts';

/*
 * One SQLite file. `collections` and `indexes` are the catalog; each collection has a table docs_N (rid in order of
 * insertion, the key bytes of _id, the BSON bytes), each secondary index a table index_N of (key bytes, rid).
 *
 * Writes share a transaction: the first one begins it, the ones that arrive in the same turns of the event loop join,
 * and all are answered after its one commit. A failed commit refuses all of them.
 */

export type Index = {
  id: number;
  name: string;
  fields: readonly KeyField[];
  unique: boolean;
  sparse: boolean;
  partial: Doc | undefined;
  covers: Matcher;
  /** Some document has several keys in it, so a document may be met twice and a range may not be narrowed by another. */
  multikey: boolean;
  /** False while it is being built: kept up to date, not read. */
  ready: boolean;
};

export type Collection = {
  id: number;
  db: string;
  name: string;
  indexes: Index[];
  /** What its indexes need of a document; undefined when they need it decoded. */
  wanted: Wanted | undefined;
  dropped: boolean;
};

export type Row = { rid: number; bytes: Uint8Array };

/** Key bytes from `low` to below `high`; a `point` is a whole key of the `_id` index. */
export type Range = { low: Buffer; high: Buffer; point: boolean };

/** How rows are reached: an index with ranges in key order, `_id` being the index named "_id_", or all in natural order. */
export type Access = { index: Index | '_id_' | undefined; ranges: readonly Range[]; reverse: boolean };

/** Reads on from where it stopped; holds nothing open in SQLite between calls. */
export type Scan = { next(rows: number): Row[]; readonly keysExamined: number; readonly docsExamined: number };

export type IndexSpec = Pick<Index, 'name' | 'fields' | 'unique' | 'sparse' | 'partial'>;

export type Storage = ReturnType<typeof openStorage>;

const FORMAT = 1;
const APPLICATION_ID = 0x506c7a4d;
const TURNS_BEFORE_COMMIT = 2;
const LONGEST_TRANSACTION_MS = 25;
const NOTED_AT_ONCE = 20;
const PAGE_BYTES = 8 * 1024 * 1024;

type Page<T> = { batch: T[]; more: boolean };

/**
 * Opens the file, or makes it (for the owner only).
 * @param maxBytes what the file may grow to; past it writes are refused as on a full disk
 * @throws StoresError `data-in-use`, `data-corrupt` or `data-folder-unwritable`
 */
export function openStorage(file: string, maxBytes?: number) {
  const db = openDatabase(file);
  if (maxBytes !== undefined) db.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / 4096)}`);
  const statements = new Map<string, StatementSync>();
  /** Indexes that are being built, with keys noted that are not in them yet, and those of these that are not to come in. */
  const staging = new Map<Index, Map<string, { key: Buffer; rid: number }>>();
  let collections = loadCatalog();
  let waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  let inTransaction = false;
  let begunAt = 0;
  let atWork = 0;
  let failed = 0;

  function sql(text: string): StatementSync {
    let statement = statements.get(text);
    if (statement === undefined) {
      statement = db.prepare(text);
      statement.setReturnArrays(true);
      statements.set(text, statement);
    }
    return statement;
  }

  function rows<T extends unknown[]>(text: string, ...values: SQLInputValue[]): T[] {
    return sql(text).all(...values) as unknown as T[];
  }

  function row<T extends unknown[]>(text: string, ...values: SQLInputValue[]): T | undefined {
    return sql(text).get(...values) as unknown as T | undefined;
  }

  /** Rows up to the statement's limit, its last value, and about {@link PAGE_BYTES} of documents. */
  function page<T extends unknown[]>(text: string, ...values: SQLInputValue[]): Page<T> {
    const limit = values.at(-1) as number;
    const batch: T[] = [];
    let bytes = 0;
    for (const found of sql(text).iterate(...values)) {
      const columns = found as unknown as T;
      batch.push(columns);
      bytes += (columns.at(-1) as Uint8Array).length;
      if (bytes > PAGE_BYTES) break;
    }
    return { batch, more: batch.length === limit || bytes > PAGE_BYTES };
  }

  // --- transactions ---

  /** Runs a change inside the shared transaction. A change throws a CommandError only before it has written anything. */
  function write<T>(change: () => T): T {
    try {
      if (!inTransaction) {
        sql('BEGIN IMMEDIATE').run();
        inTransaction = true;
        begunAt = performance.now();
        afterTurns(TURNS_BEFORE_COMMIT, commitWhenDue);
      }
      return change();
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw abort(error);
    }
  }

  /** What is at work goes into the same transaction: one that waits for the disk holds up all others. */
  function commitWhenDue(): void {
    const isShort = performance.now() - begunAt < LONGEST_TRANSACTION_MS;
    if (atWork > 0 && isShort) afterTurns(1, commitWhenDue);
    else commit();
  }

  /** Runs a command that may write. */
  async function atWorkOn<T>(command: () => T | Promise<T>): Promise<T> {
    atWork++;
    try {
      return await command();
    } finally {
      atWork--;
    }
  }

  function commit(): void {
    if (!inTransaction) return;
    try {
      sql('COMMIT').run();
      inTransaction = false;
      const done = waiting;
      waiting = [];
      for (const { resolve } of done) resolve();
    } catch (error) {
      abort(error);
    }
  }

  function abort(cause: unknown): StorageError {
    const error = storageError(cause);
    failed++;
    if (db.isTransaction) db.exec('ROLLBACK');
    inTransaction = false;
    // Whoever still holds one of these would miss what the catalog says from now on.
    for (const collection of collections.values()) collection.dropped = true;
    collections = loadCatalog();
    const refused = waiting;
    waiting = [];
    for (const { reject } of refused) reject(error);
    return error;
  }

  /**
   * Resolves once everything written so far is on disk; at once when nothing is pending.
   * @param since `failures()` from before the writes: rejects when a transaction was lost in between
   */
  function settled(since: number): Promise<void> {
    if (since !== failed) return Promise.reject(new StorageError(1, 'the write was lost with a failed transaction'));
    if (!inTransaction) return Promise.resolve();
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  // --- catalog ---

  function loadCatalog(): Map<string, Collection> {
    const loaded = new Map<string, Collection>();
    const byId = new Map<number, Collection>();
    for (const { id, db: dbName, name } of db.prepare('SELECT id, db, name FROM collections ORDER BY id').all()) {
      const collection = newCollection(Number(id), String(dbName), String(name));
      loaded.set(`${dbName}.${name}`, collection);
      byId.set(collection.id, collection);
    }
    for (const found of db.prepare('SELECT id, collection, spec, multikey, ready FROM indexes ORDER BY id').all()) {
      const spec = decode(found.spec as Uint8Array) as unknown as IndexSpec & { fields: [string, unknown][] };
      byId.get(Number(found.collection))?.indexes.push({
        ...indexOf(Number(found.id), {
          ...spec,
          fields: spec.fields.map(([path, way]) => [path, Number(way) === -1 ? -1 : 1]),
          partial: spec.partial ?? undefined,
        }),
        multikey: found.multikey === 1,
        ready: found.ready === 1,
      });
    }
    for (const collection of loaded.values()) collection.wanted = wantedBy(collection.indexes);
    return loaded;
  }

  function find(dbName: string, name: string): Collection | undefined {
    return collections.get(`${dbName}.${name}`);
  }

  function create(dbName: string, name: string): Collection {
    return write(() => {
      const id = Number(sql('INSERT INTO collections(db, name) VALUES (?, ?)').run(dbName, name).lastInsertRowid);
      db.exec(`CREATE TABLE docs_${id}(rid INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, doc BLOB NOT NULL)`);
      const collection = newCollection(id, dbName, name);
      collections.set(`${dbName}.${name}`, collection);
      return collection;
    });
  }

  function drop(collection: Collection): void {
    write(() => {
      for (const index of [...collection.indexes]) dropIndex(collection, index);
      db.exec(`DROP TABLE docs_${collection.id}`);
      sql('DELETE FROM collections WHERE id = ?').run(collection.id);
      collections.delete(`${collection.db}.${collection.name}`);
      collection.dropped = true;
      forget(`docs_${collection.id} `);
    });
  }

  function rename(collection: Collection, dbName: string, name: string): void {
    write(() => {
      sql('UPDATE collections SET db = ?, name = ? WHERE id = ?').run(dbName, name, collection.id);
      collections.delete(`${collection.db}.${collection.name}`);
      collection.db = dbName;
      collection.name = name;
      collections.set(`${dbName}.${name}`, collection);
    });
  }

  function forget(table: string): void {
    for (const text of statements.keys()) if (text.includes(table)) statements.delete(text);
  }

  function addIndex(collection: Collection, spec: IndexSpec): Index {
    return write(() => {
      const bytes = encode({ ...spec, partial: spec.partial ?? null });
      const id = Number(
        sql('INSERT INTO indexes(collection, spec, multikey, ready) VALUES (?, ?, 0, 0)').run(collection.id, bytes)
          .lastInsertRowid,
      );
      const primary = spec.unique ? 'PRIMARY KEY(key)' : 'PRIMARY KEY(key, rid)';
      db.exec(`CREATE TABLE index_${id}(key BLOB NOT NULL, rid INTEGER NOT NULL, ${primary}) WITHOUT ROWID`);
      const index = indexOf(id, spec);
      collection.indexes.push(index);
      collection.wanted = wantedBy(collection.indexes);
      return index;
    });
  }

  /**
   * Notes the keys of the documents after `from` beside the indexes that are being built; gives the last rid, undefined at the
   * end, and how many keys were noted.
   */
  function stageKeys(
    collection: Collection,
    indexes: readonly Index[],
    from: number,
    limit: number,
  ): { next: number | undefined; keys: number } {
    return write(() => {
      const batch = rows<[number, Uint8Array]>(
        `SELECT rid, doc FROM docs_${collection.id} WHERE rid > ? ORDER BY rid LIMIT ?`,
        from,
        limit,
      );
      const wanted = wantedBy(indexes);
      const noted = indexes.map((): (Buffer | number)[] => []);
      let keys = 0;
      for (const [rid, bytes] of batch) {
        const doc = (wanted && plainFields(asBuffer(bytes), wanted)) ?? decode(bytes);
        for (let at = 0; at < indexes.length; at++) {
          const index = indexes[at] as Index;
          const own = keysFor(index, doc);
          refuseDuplicates(collection, index, own, rid, doc);
          for (const key of own) {
            if (index.unique) sql(`INSERT OR IGNORE INTO index_${index.id} (key, rid) VALUES (?, ?)`).run(key, rid);
            else noted[at]?.push(key, rid);
          }
          keys += own.length;
        }
      }
      for (const [at, index] of indexes.entries()) note(index, noted[at] ?? []);
      return { next: batch.length === limit ? batch.at(-1)?.[0] : undefined, keys };
    });
  }

  function note(index: Index, keysAndRids: readonly (Buffer | number)[]): void {
    if (keysAndRids.length === 0) return;
    if (!staging.has(index)) {
      db.exec(`CREATE TEMP TABLE stage_${index.id}(key BLOB NOT NULL, rid INTEGER NOT NULL)`);
      staging.set(index, new Map());
    }
    for (let at = 0; at < keysAndRids.length; at += 2 * NOTED_AT_ONCE) {
      const some = keysAndRids.slice(at, at + 2 * NOTED_AT_ONCE);
      const places = '(?, ?), '.repeat(some.length / 2).slice(0, -2);
      sql(`INSERT INTO stage_${index.id} (key, rid) VALUES ${places}`).run(...some);
    }
  }

  /** Enters the keys that were noted into their index, in order, so that each of its pages is written once. */
  function enterStaged(index: Index): void {
    const gone = staging.get(index);
    if (!gone) return;
    write(() => {
      sql(`INSERT OR IGNORE INTO index_${index.id} SELECT key, rid FROM stage_${index.id} ORDER BY key, rid`).run();
      for (const { key, rid } of gone.values()) leave(index, key, rid);
      dropStage(index);
    });
  }

  function dropStage(index: Index): void {
    if (!staging.delete(index)) return;
    db.exec(`DROP TABLE IF EXISTS temp.stage_${index.id}`);
    forget(`stage_${index.id} `);
  }

  /** All that was in the collection when it was begun is entered: the index may be read. */
  function finishIndex(index: Index): void {
    write(() => {
      sql('UPDATE indexes SET ready = 1 WHERE id = ?').run(index.id);
      index.ready = true;
    });
  }

  function dropIndex(collection: Collection, index: Index): void {
    write(() => {
      db.exec(`DROP TABLE index_${index.id}`);
      sql('DELETE FROM indexes WHERE id = ?').run(index.id);
      collection.indexes = collection.indexes.filter((other) => other !== index);
      collection.wanted = wantedBy(collection.indexes);
      forget(`index_${index.id} `);
      dropStage(index);
    });
  }

  // --- documents ---

  function keysFor(index: Index, doc: Doc): Buffer[] {
    if (!index.covers(doc)) return [];
    const { keys, multikey } = indexKeys(doc, index.fields);
    if (multikey && !index.multikey) {
      index.multikey = true;
      sql('UPDATE indexes SET multikey = 1 WHERE id = ?').run(index.id);
    }
    return keys;
  }

  function refuseDuplicates(collection: Collection, index: Index, keys: Buffer[], rid: number, doc: Doc): void {
    if (!index.unique) return;
    for (const key of keys) {
      const [owner] = row<[number]>(`SELECT rid FROM index_${index.id} WHERE key = ?`, key) ?? [];
      if (owner !== undefined && owner !== rid) throw duplicateKey(collection, index.name, index.fields, doc);
    }
  }

  /** @throws CommandError 11000 when `_id` or a unique index already holds its key */
  function insert(collection: Collection, doc: Doc, bytes: Uint8Array): void {
    write(() => {
      refuseDropped(collection);
      const entries = collection.indexes.map((index) => ({ index, keys: keysFor(index, doc) }));
      const idKey = keyOf(doc._id);
      const isTaken = () => duplicateKey(collection, '_id_', [['_id', 1]], doc);
      if (entries.some(({ index }) => index.unique)) {
        if (row(`SELECT 1 FROM docs_${collection.id} WHERE key = ?`, idKey)) throw isTaken();
        for (const { index, keys } of entries) refuseDuplicates(collection, index, keys, -1, doc);
      }
      const insertion = sql(`INSERT OR IGNORE INTO docs_${collection.id} (key, doc) VALUES (?, ?)`);
      const { changes, lastInsertRowid } = insertion.run(idKey, bytes);
      if (changes === 0) throw isTaken();
      for (const { index, keys } of entries) for (const key of keys) enter(index, key, Number(lastInsertRowid));
    });
  }

  /** @throws CommandError 11000 when a unique index holds the new key of another document */
  function replace(collection: Collection, rid: number, before: Doc, after: Doc, bytes: Uint8Array): void {
    write(() => {
      refuseDropped(collection);
      const entries = collection.indexes.map((index) => {
        const old = keysFor(index, before);
        const now = keysFor(index, after);
        return {
          index,
          gone: old.filter((key) => !now.some((other) => other.equals(key))),
          come: now.filter((key) => !old.some((other) => other.equals(key))),
        };
      });
      for (const { index, come } of entries) refuseDuplicates(collection, index, come, rid, after);
      sql(`UPDATE docs_${collection.id} SET doc = ? WHERE rid = ?`).run(bytes, rid);
      for (const { index, gone, come } of entries) {
        for (const key of gone) leave(index, key, rid);
        for (const key of come) enter(index, key, rid);
      }
    });
  }

  function remove(collection: Collection, rid: number, doc: Doc): void {
    write(() => {
      refuseDropped(collection);
      for (const index of collection.indexes) for (const key of keysFor(index, doc)) leave(index, key, rid);
      sql(`DELETE FROM docs_${collection.id} WHERE rid = ?`).run(rid);
    });
  }

  function enter(index: Index, key: Buffer, rid: number): void {
    sql(`INSERT INTO index_${index.id} (key, rid) VALUES (?, ?)`).run(key, rid);
    staging.get(index)?.delete(nameOfKey(key, rid));
  }

  function leave(index: Index, key: Buffer, rid: number): void {
    sql(`DELETE FROM index_${index.id} WHERE key = ? AND rid = ?`).run(key, rid);
    staging.get(index)?.set(nameOfKey(key, rid), { key, rid });
  }

  /** The document under an `_id`. */
  function findById(collection: Collection, id: unknown): Row | undefined {
    refuseDropped(collection);
    const found = row<[number, Uint8Array]>(`SELECT rid, doc FROM docs_${collection.id} WHERE key = ?`, keyOf(id));
    return found && { rid: found[0], bytes: found[1] };
  }

  function get(collection: Collection, rid: number): Uint8Array | undefined {
    refuseDropped(collection);
    return row<[Uint8Array]>(`SELECT doc FROM docs_${collection.id} WHERE rid = ?`, rid)?.[0];
  }

  function count(collection: Collection): number {
    return row<[number]>(`SELECT count(*) FROM docs_${collection.id} `)?.[0] ?? 0;
  }

  /** How many keys the ranges hold, without reading a document. */
  function countKeys(collection: Collection, access: Access): number {
    const table = access.index === '_id_' ? `docs_${collection.id}` : `index_${(access.index as Index).id}`;
    return access.ranges.reduce(
      (total, { low, high }) =>
        total + (row<[number]>(`SELECT count(*) FROM ${table} WHERE key >= ? AND key < ?`, low, high)?.[0] ?? 0),
      0,
    );
  }

  function scan(collection: Collection, access: Access): Scan {
    return access.index === undefined
      ? scanAll(collection, access.reverse)
      : scanIndex(collection, access.index, access.ranges, access.reverse);
  }

  function scanAll(collection: Collection, reverse: boolean): Scan {
    let last = reverse ? Number.MAX_SAFE_INTEGER : 0;
    let examined = 0;
    const text = reverse
      ? `SELECT rid, doc FROM docs_${collection.id} WHERE rid < ? ORDER BY rid DESC LIMIT ?`
      : `SELECT rid, doc FROM docs_${collection.id} WHERE rid > ? ORDER BY rid LIMIT ?`;
    return {
      next(limit) {
        refuseDropped(collection);
        const { batch } = page<[number, Uint8Array]>(text, last, limit);
        last = batch.at(-1)?.[0] ?? last;
        examined += batch.length;
        return batch.map(([rid, bytes]) => ({ rid, bytes }));
      },
      keysExamined: 0,
      get docsExamined() {
        return examined;
      },
    };
  }

  function scanIndex(collection: Collection, index: Index | '_id_', ranges: readonly Range[], reverse: boolean): Scan {
    const ordered = reverse ? [...ranges].reverse() : ranges;
    const read = index === '_id_' ? idReader(collection, reverse) : keyReader(collection, index, reverse);
    const seen = index !== '_id_' && index.multikey ? new Set<number>() : undefined;
    let current = 0;
    let after: [key: Uint8Array, rid: number] | undefined;
    let keys = 0;
    let docs = 0;
    return {
      next(limit) {
        refuseDropped(collection);
        if (index !== '_id_' && !collection.indexes.includes(index)) {
          throw new CommandError(175, `query plan killed :: index '${index.name}' dropped`);
        }
        const found: Row[] = [];
        while (found.length < limit && current < ordered.length) {
          const range = ordered[current] as Range;
          const wanted = limit - found.length;
          const { batch, more } = read(range, after, wanted);
          keys += batch.length;
          for (const [, rid, bytes] of batch) {
            if (seen?.has(rid)) continue;
            seen?.add(rid);
            docs++;
            found.push({ rid, bytes });
          }
          const last = batch.at(-1);
          if (!more || range.point || last === undefined) {
            current++;
            after = undefined;
          } else {
            after = [last[0], last[1]];
          }
        }
        return found;
      },
      get keysExamined() {
        return keys;
      },
      get docsExamined() {
        return docs;
      },
    };
  }

  type Read = (
    range: Range,
    after: [key: Uint8Array, rid: number] | undefined,
    limit: number,
  ) => Page<[key: Uint8Array, rid: number, bytes: Uint8Array]>;

  function idReader(collection: Collection, reverse: boolean): Read {
    const table = `docs_${collection.id}`;
    const forward = `SELECT key, rid, doc FROM ${table} WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`;
    const onward = `SELECT key, rid, doc FROM ${table} WHERE key > ? AND key < ? ORDER BY key LIMIT ?`;
    const backward = `SELECT key, rid, doc FROM ${table} WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?`;
    const point = `SELECT key, rid, doc FROM ${table} WHERE key = ?`;
    return ({ low, high, point: isPoint }, after, limit) => {
      if (isPoint) return { batch: rows(point, low), more: false };
      if (reverse) return page(backward, low, after?.[0] ?? high, limit);
      return after ? page(onward, after[0], high, limit) : page(forward, low, high, limit);
    };
  }

  function keyReader(collection: Collection, index: Index, reverse: boolean): Read {
    const tables = `index_${index.id} i JOIN docs_${collection.id} d ON d.rid = i.rid`;
    const forward = `SELECT i.key, i.rid, d.doc FROM ${tables} WHERE (i.key, i.rid) > (?, ?) AND i.key < ? ORDER BY i.key, i.rid LIMIT ?`;
    const backward = `SELECT i.key, i.rid, d.doc FROM ${tables} WHERE (i.key, i.rid) < (?, ?) AND i.key >= ? ORDER BY i.key DESC, i.rid DESC LIMIT ?`;
    return ({ low, high }, after, limit) =>
      reverse
        ? page(backward, ...(after ?? [high, -1]), low, limit)
        : page(forward, ...(after ?? [low, -1]), high, limit);
  }

  /** Commits what is pending and closes the file. */
  function close(): void {
    commit();
    db.close();
  }

  for (const collection of collections.values()) {
    // An index whose building was interrupted was never acknowledged.
    for (const index of collection.indexes.filter(({ ready }) => !ready)) dropIndex(collection, index);
  }
  commit();

  return {
    write,
    atWorkOn,
    settled,
    failures: () => failed,
    find,
    create,
    drop,
    rename,
    addIndex,
    stageKeys,
    enterStaged,
    finishIndex,
    dropIndex,
    insert,
    replace,
    remove,
    findById,
    get,
    count,
    countKeys,
    scan,
    close,
    collections: () => [...collections.values()],
    sizeOnDisk: () => statSync(file).size,
  };
}

function afterTurns(turns: number, action: () => void): void {
  setImmediate(() => (turns <= 1 ? action() : afterTurns(turns - 1, action)));
}

function indexOf(id: number, spec: IndexSpec): Index {
  const partial = spec.partial ? compileFilter(spec.partial) : () => true;
  const present: Matcher = spec.sparse
    ? (doc) => spec.fields.some(([path]) => valuesAt(doc, path).some((value) => value !== undefined))
    : () => true;
  return { ...spec, id, covers: (doc) => present(doc) && partial(doc), multikey: false, ready: false };
}

const nameOfKey = (key: Buffer, rid: number): string => `${key.toString('latin1')} ${rid}`;

function newCollection(id: number, db: string, name: string): Collection {
  return { id, db, name, indexes: [], wanted: wantedBy([]), dropped: false };
}

/** The fields that indexes need of a document, undefined when some need more than top-level fields. */
function wantedBy(indexes: readonly Index[]): Wanted | undefined {
  if (indexes.some(({ sparse, partial }) => sparse || partial)) return undefined;
  return wantedFields(['_id', ...indexes.flatMap(({ fields }) => fields.map(([path]) => path))]);
}

function refuseDropped(collection: Collection): void {
  if (!collection.dropped) return;
  throw new CommandError(175, `query plan killed :: collection dropped: ${collection.db}.${collection.name}`);
}

function duplicateKey(collection: Collection, name: string, fields: readonly KeyField[], doc: Doc): CommandError {
  const keyPattern = Object.fromEntries(fields);
  const keyValue = Object.fromEntries(fields.map(([path]) => [path, valuesAt(doc, path)[0] ?? null]));
  const shown = fields.map(([path]) => `${path}: ${show(fieldOf(keyValue, path))}`).join(', ');
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${collection.db}.${collection.name} index: ${name} dup key: { ${shown} }`,
    { keyPattern, keyValue },
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

// --- opening ---------------------------------------------------------------------------------------------------------

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS collections(id INTEGER PRIMARY KEY AUTOINCREMENT, db TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(db, name));
  CREATE TABLE IF NOT EXISTS indexes(id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, spec BLOB NOT NULL,
    multikey INTEGER NOT NULL, ready INTEGER NOT NULL);`;

function openDatabase(file: string): DatabaseSync {
  const db = openSqliteFile(file, APPLICATION_ID);
  try {
    const version = db.prepare('PRAGMA user_version').get()?.user_version;
    if (version !== 0 && version !== FORMAT) {
      throw storesError('data-corrupt', `${file} has format ${version}; this version reads format ${FORMAT}.`);
    }
    db.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${FORMAT}; COMMIT`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The store itself failed, and with it every write that was not yet on disk. */
export class StorageError extends CommandError {}

function storageError(cause: unknown): StorageError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return isDiskFull(cause)
    ? new StorageError(14031, `out of disk space: ${message}`)
    : new StorageError(1, `the store failed: ${message}`);
}
