import type { Database } from './database.ts';
import { CommandError } from './errors.ts';
import type { KeyField } from './paths.ts';
import type { Transactions } from './transactions.ts';
import { decode, encode } from './values.ts';

export type IndexSpec = { name: string; fields: readonly KeyField[] };

export type Index = IndexSpec & {
  id: number;
  /**
   * Some document has several keys in it. Then a scan may find a document twice, and one range does not narrow another.
   */
  multikey: boolean;
  /** False while it is being built: then it is written to and not read. */
  ready: boolean;
  /** The keys that left a document after they were staged (index-build.ts); undefined when nothing is staged. */
  stagedLeft: Map<string, { key: Buffer; rid: number }> | undefined;
};

export type Collection = {
  id: number;
  db: string;
  name: string;
  indexes: Index[];
  dropped: boolean;
};

export type Catalog = ReturnType<typeof createCatalog>;

/** The collections and their indexes, in memory as in the file. */
export const createCatalog = ({ db, sql, forget }: Database, { write }: Pick<Transactions, 'write'>) => {
  const load = (): Map<string, Collection> => {
    const loaded = new Map<string, Collection>();
    const byId = new Map<number, Collection>();
    for (const found of db.prepare('SELECT id, db, name FROM collections ORDER BY id').all()) {
      const collection = newCollection(Number(found.id), String(found.db), String(found.name));
      loaded.set(keyOf(collection.db, collection.name), collection);
      byId.set(collection.id, collection);
    }
    for (const found of db.prepare('SELECT id, collection, spec, multikey, ready FROM indexes ORDER BY id').all()) {
      const index = storedIndex(Number(found.id), found.spec as Uint8Array, found.multikey === 1, found.ready === 1);
      byId.get(Number(found.collection))?.indexes.push(index);
    }
    return loaded;
  };

  let collections = load();

  /** Reads the catalog again after a rollback. Earlier collection objects refuse further use. */
  const reload = (): void => {
    for (const collection of collections.values()) collection.dropped = true;
    collections = load();
  };

  const find = (dbName: string, name: string): Collection | undefined => collections.get(keyOf(dbName, name));

  const create = (dbName: string, name: string): Collection =>
    write(() => {
      const id = Number(sql('INSERT INTO collections(db, name) VALUES (?, ?)').run(dbName, name).lastInsertRowid);
      db.exec(`CREATE TABLE docs_${id}(rid INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, doc BLOB NOT NULL)`);
      const collection = newCollection(id, dbName, name);
      collections.set(keyOf(dbName, name), collection);
      return collection;
    });

  const drop = (collection: Collection): void =>
    write(() => {
      for (const index of [...collection.indexes]) dropIndex(collection, index);
      db.exec(`DROP TABLE docs_${collection.id}`);
      sql('DELETE FROM collections WHERE id = ?').run(collection.id);
      collections.delete(keyOf(collection.db, collection.name));
      collection.dropped = true;
      forget(`docs_${collection.id}`);
    });

  const rename = (collection: Collection, dbName: string, name: string): void =>
    write(() => {
      sql('UPDATE collections SET db = ?, name = ? WHERE id = ?').run(dbName, name, collection.id);
      collections.delete(keyOf(collection.db, collection.name));
      collection.db = dbName;
      collection.name = name;
      collections.set(keyOf(dbName, name), collection);
    });

  /** Adds an empty index that is maintained from now on. Call {@link finishIndex} when the old documents are in it. */
  const addIndex = (collection: Collection, spec: IndexSpec): Index =>
    write(() => {
      const bytes = encode({ ...spec, ...PLAIN });
      const insertion = sql('INSERT INTO indexes(collection, spec, multikey, ready) VALUES (?, ?, 0, 0)');
      const id = Number(insertion.run(collection.id, bytes).lastInsertRowid);
      db.exec(`CREATE TABLE index_${id}(key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY(key, rid)) WITHOUT ROWID`);
      const index = newIndex(id, spec);
      collection.indexes.push(index);
      return index;
    });

  const finishIndex = (index: Index): void =>
    write(() => {
      sql('UPDATE indexes SET ready = 1 WHERE id = ?').run(index.id);
      index.ready = true;
    });

  const setMultikey = (index: Index): void => {
    index.multikey = true;
    sql('UPDATE indexes SET multikey = 1 WHERE id = ?').run(index.id);
  };

  const dropIndex = (collection: Collection, index: Index): void =>
    write(() => {
      db.exec(`DROP TABLE index_${index.id}`);
      sql('DELETE FROM indexes WHERE id = ?').run(index.id);
      collection.indexes = collection.indexes.filter((other) => other !== index);
      forget(`index_${index.id}`);
      dropStage(index);
    });

  /** Removes the table of staged keys (index-build.ts). */
  const dropStage = (index: Index): void => {
    if (!index.stagedLeft) return;
    index.stagedLeft = undefined;
    db.exec(`DROP TABLE IF EXISTS temp.stage_${index.id}`);
    forget(`stage_${index.id}`);
  };

  return {
    reload,
    find,
    create,
    drop,
    rename,
    addIndex,
    finishIndex,
    setMultikey,
    dropIndex,
    dropStage,
    collections: () => [...collections.values()],
  };
};

/** @throws CommandError 175 for a collection that was dropped after it was looked up */
export const refuseDropped = ({ dropped, db, name }: Collection): void => {
  if (dropped) throw new CommandError(175, `query plan killed :: collection dropped: ${db}.${name}`);
};

const keyOf = (db: string, name: string): string => `${db}.${name}`;

const newCollection = (id: number, db: string, name: string): Collection => ({
  id,
  db,
  name,
  indexes: [],
  dropped: false,
});

/** Options of indexes that the file's format knows and this server does not support. */
const PLAIN = { unique: false, sparse: false, partial: null };

type StoredSpec = typeof PLAIN & { name: string; fields: [string, unknown][] };

const newIndex = (id: number, { name, fields }: IndexSpec): Index => ({
  id,
  name,
  fields,
  multikey: false,
  ready: false,
  stagedLeft: undefined,
});

/** An index with an unsupported option counts as unfinished, so that it is removed when the file is opened. */
const storedIndex = (id: number, bytes: Uint8Array, multikey: boolean, ready: boolean): Index => {
  const { name, fields, unique, sparse, partial } = decode(bytes) as StoredSpec;
  const read = fields.map(([path, way]): KeyField => [path, Number(way) === -1 ? -1 : 1]);
  return { ...newIndex(id, { name, fields: read }), multikey, ready: ready && !unique && !sparse && !partial };
};
