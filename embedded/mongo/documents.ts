import { type Catalog, type Collection, type Index, refuseDropped } from './catalog.ts';
import type { Database } from './database.ts';
import { CommandError } from './errors.ts';
import { indexKeys } from './paths.ts';
import type { Transactions } from './transactions.ts';
import { type Doc, keyOf } from './values.ts';

export type Documents = ReturnType<typeof createDocuments>;

/** Writes documents together with their index entries. Callers give each document decoded and as BSON. */
export const createDocuments = (
  { sql, row }: Database,
  { write }: Pick<Transactions, 'write'>,
  { setMultikey }: Catalog,
) => {
  const keysFor = (index: Index, doc: Doc): Buffer[] => {
    const { keys, multikey } = indexKeys(doc, index.fields);
    if (multikey && !index.multikey) setMultikey(index);
    return keys;
  };

  const enter = (index: Index, key: Buffer, rid: number): void => {
    sql(`INSERT INTO index_${index.id} (key, rid) VALUES (?, ?)`).run(key, rid);
    index.stagedLeft?.delete(nameOfKey(key, rid));
  };

  const leave = (index: Index, key: Buffer, rid: number): void => {
    sql(`DELETE FROM index_${index.id} WHERE key = ? AND rid = ?`).run(key, rid);
    index.stagedLeft?.set(nameOfKey(key, rid), { key, rid });
  };

  /** @throws CommandError 11000 when the collection already holds the `_id` */
  const insert = (collection: Collection, doc: Doc, bytes: Uint8Array): void =>
    write(() => {
      refuseDropped(collection);
      const entries = collection.indexes.map((index) => ({ index, keys: keysFor(index, doc) }));
      const insertion = sql(`INSERT OR IGNORE INTO docs_${collection.id} (key, doc) VALUES (?, ?)`);
      const { changes, lastInsertRowid } = insertion.run(keyOf(doc._id), bytes);
      if (changes === 0) throw duplicateKey(collection, doc._id);
      for (const { index, keys } of entries) for (const key of keys) enter(index, key, Number(lastInsertRowid));
    });

  const replace = (collection: Collection, rid: number, before: Doc, after: Doc, bytes: Uint8Array): void =>
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
      sql(`UPDATE docs_${collection.id} SET doc = ? WHERE rid = ?`).run(bytes, rid);
      for (const { index, gone, come } of entries) {
        for (const key of gone) leave(index, key, rid);
        for (const key of come) enter(index, key, rid);
      }
    });

  const remove = (collection: Collection, rid: number, doc: Doc): void =>
    write(() => {
      refuseDropped(collection);
      for (const index of collection.indexes) for (const key of keysFor(index, doc)) leave(index, key, rid);
      sql(`DELETE FROM docs_${collection.id} WHERE rid = ?`).run(rid);
    });

  const get = (collection: Collection, rid: number): Uint8Array | undefined => {
    refuseDropped(collection);
    return row<[Uint8Array]>(`SELECT doc FROM docs_${collection.id} WHERE rid = ?`, rid)?.[0];
  };

  return { keysFor, leave, insert, replace, remove, get };
};

const nameOfKey = (key: Buffer, rid: number): string => `${key.toString('latin1')} ${rid}`;

const duplicateKey = ({ db, name }: Collection, _id: unknown): CommandError =>
  new CommandError(
    11000,
    `E11000 duplicate key error collection: ${db}.${name} index: _id_ dup key: { _id: ${show(_id)} }`,
    { keyPattern: { _id: 1 }, keyValue: { _id } },
  );

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};
