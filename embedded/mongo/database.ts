import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { claimFormat, openSqliteFile } from '../sqlite-file.ts';

/*
 * One SQLite file. `collections` and `indexes` are the catalog. Each collection has a table docs_N (rid in order of
 * insertion, the key bytes of _id, the BSON bytes), each secondary index a table index_N of (key bytes, rid).
 */

export type Database = ReturnType<typeof openDatabase>;

/** A page of rows. `more`: the page is full, so more rows may follow. */
export type Page<T> = { batch: T[]; more: boolean };

const FORMAT = 1;
const APPLICATION_ID = 0x506c7a4d;
const PAGE_BYTES = 8 * 1024 * 1024;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS collections(id INTEGER PRIMARY KEY AUTOINCREMENT, db TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(db, name));
  CREATE TABLE IF NOT EXISTS indexes(id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, spec BLOB NOT NULL,
    multikey INTEGER NOT NULL, ready INTEGER NOT NULL);`;

/**
 * Opens or creates the file, for the owner only.
 * @param maxBytes the size past which writes are refused as on a full disk
 * @throws StoresError `data-in-use`, `data-corrupt` or `data-folder-unwritable`
 */
export const openDatabase = (file: string, maxBytes?: number) => {
  const db = openSqliteFile(file, APPLICATION_ID);
  try {
    // Deleted and replaced documents leave no bytes in the file: they may be personal data that was erased.
    db.exec('PRAGMA secure_delete = ON');
    claimFormat(db, file, FORMAT);
    db.exec(SCHEMA);
    if (maxBytes !== undefined) db.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / 4096)}`);
  } catch (error) {
    db.close();
    throw error;
  }
  const statements = new Map<string, StatementSync>();

  const sql = (text: string): StatementSync => {
    let statement = statements.get(text);
    if (statement === undefined) {
      statement = db.prepare(text);
      statement.setReturnArrays(true);
      statements.set(text, statement);
    }
    return statement;
  };

  const rows = <T extends unknown[]>(text: string, ...values: SQLInputValue[]): T[] =>
    sql(text).all(...values) as unknown as T[];

  const row = <T extends unknown[]>(text: string, ...values: SQLInputValue[]): T | undefined =>
    sql(text).get(...values) as unknown as T | undefined;

  /** Returns rows up to the statement's limit, its last value, and about {@link PAGE_BYTES} of documents. */
  const page = <T extends unknown[]>(text: string, ...values: SQLInputValue[]): Page<T> => {
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
  };

  /** Drops the prepared statements of a dropped table. */
  const forget = (table: string): void => {
    for (const text of statements.keys()) if (text.includes(`${table} `)) statements.delete(text);
  };

  return { db, sql, rows, row, page, forget };
};
