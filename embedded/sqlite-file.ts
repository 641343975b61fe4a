/**
 * Opens an SQLite file safely: one owner, access for the owner only, every commit on the disk before it returns. A
 * damaged or truncated file is reported instead of being read up to the damage.
 */
import { chmodSync, closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { storesError } from './errors.ts';

const SQLITE_FULL = 13;
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const HEADER_MAGIC = 'SQLite format 3\0';
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** 32 MiB: a page that many transactions change is copied from the log into the file once, not every 4 MiB. */
const CHECKPOINT_PAGES = 8192;
/**
 * Files up to this size are checked completely when they are opened (about 3 ms per MiB); larger ones page by page on
 * reading.
 */
const FULL_CHECK_BYTES = 32 * 1024 * 1024;

/**
 * Opens or creates `file` for this process alone, in WAL mode with synchronous=FULL.
 * `applicationId` is written to a new file and must match in an old one.
 * Throws StoresError: `data-in-use`, `data-corrupt`, `data-folder-unwritable`.
 */
export const openSqliteFile = (file: string, applicationId: number): DatabaseSync => {
  checkHeader(file);
  checkWriteAheadLog(`${file}-wal`);
  let db: DatabaseSync | undefined;
  try {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    db = new DatabaseSync(file, { timeout: 0 });
    // Exclusive before WAL: the index of the log stays in this process's memory and no other process can open the file.
    db.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cell_size_check = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -16384;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = 16777216;
    `);
    const isWhole = emptyLog(db);
    claim(db, file, applicationId);
    checkSize(db, file, isWhole);
    return db;
  } catch (error) {
    db?.close();
    throw asStoresError(error, file);
  }
};

/**
 * Moves the write-ahead log into the file. On a full disk the log stays, readable, and is moved later.
 * @returns false when the log stays
 */
const emptyLog = (db: DatabaseSync): boolean => {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return true;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    return false;
  }
};

/**
 * Moves the write-ahead log into the file, which then contains everything that is committed and does not change until
 * it is released. To be called outside a transaction.
 * @throws StoresError `stores-failed` on a full disk
 */
export const holdFile = (db: DatabaseSync): void => {
  if (!emptyLog(db)) throw storesError('stores-failed', 'The disk is full.');
  db.exec('PRAGMA wal_autocheckpoint = 0');
};

/** Lets the write-ahead log move into the file again. */
export const releaseFile = (db: DatabaseSync): void => {
  if (db.isOpen) db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
};

/**
 * Returns whether a statement failed because the disk, or the file's page limit, is full. The transaction is rolled
 * back by then.
 */
export const isDiskFull = (error: unknown): boolean => {
  return (
    error instanceof Error &&
    (('errcode' in error && error.errcode === SQLITE_FULL) || ('code' in error && error.code === 'ENOSPC'))
  );
};

const claim = (db: DatabaseSync, file: string, applicationId: number): void => {
  const found = number(db, 'application_id');
  if (found === applicationId) return;
  if (found !== 0 || number(db, 'schema_version') !== 0) {
    throw storesError('data-corrupt', `${file} is not a file of this store (application id ${found}).`);
  }
  db.exec(`PRAGMA application_id = ${applicationId}`);
};

/**
 * Gives a file without a format the one that this program writes.
 * @throws StoresError `data-corrupt` for a file of another format
 */
export const claimFormat = (db: DatabaseSync, file: string, format: number): void => {
  const found = number(db, 'user_version');
  if (found !== 0 && found !== format)
    throw storesError('data-corrupt', `${file} has format ${found}; this version reads format ${format}.`);
  try {
    if (found === 0) db.exec(`PRAGMA user_version = ${format}`);
  } catch (error) {
    if (!isDiskFull(error)) throw error; // A full disk is read; the next start claims the file.
  }
};

const checkSize = (db: DatabaseSync, file: string, isWhole: boolean): void => {
  const expected = number(db, 'page_count') * number(db, 'page_size');
  const found = statSync(file).size;
  if (isWhole && found < expected) throw corrupt(file, `it has ${found} bytes of ${expected}`);
  if (expected > FULL_CHECK_BYTES) return;
  const [first] = db.prepare('PRAGMA quick_check(1)').all();
  if (first?.quick_check !== 'ok') throw corrupt(file, String(first?.quick_check));
};

const number = (db: DatabaseSync, pragma: string): number => {
  return Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
};

const checkHeader = (file: string): void => {
  if (!existsSync(file)) return;
  const head = readStart(file, 100);
  if (head.length === 0) return;
  if (head.length < 100 || head.toString('latin1', 0, 16) !== HEADER_MAGIC)
    throw corrupt(file, 'its header is damaged');
};

/**
 * SQLite reads its log up to the first frame with a wrong checksum and treats the rest as an unfinished write. That is
 * right for the last transaction of a killed process. A wrong frame before two more transactions is damage: a
 * transaction begins only when the one before it is on the disk. (Format:
 * https://sqlite.org/fileformat2.html#walformat)
 */
const checkWriteAheadLog = (walFile: string): void => {
  if (!existsSync(walFile)) return;
  const fd = openSync(walFile, 'r');
  try {
    const size = fstatSync(fd).size;
    const header = Buffer.alloc(WAL_HEADER_BYTES);
    if (size < WAL_HEADER_BYTES || readSync(fd, header, 0, WAL_HEADER_BYTES, 0) < WAL_HEADER_BYTES) return;
    const magic = header.readUInt32BE(0);
    if (magic !== 0x377f0682 && magic !== 0x377f0683) throw corrupt(walFile, 'its header is damaged');
    const littleEndian = magic === 0x377f0682;
    const pageSize = header.readUInt32BE(8);
    if (pageSize < 512 || pageSize > 65_536) throw corrupt(walFile, 'its header is damaged');
    const frame = Buffer.alloc(FRAME_HEADER_BYTES + pageSize);
    let sum = checksum(header.subarray(0, 24), littleEndian, [0, 0]);
    if (sum[0] !== header.readUInt32BE(24) || sum[1] !== header.readUInt32BE(28)) {
      throw corrupt(walFile, 'its header is damaged');
    }
    let broken = false;
    let commitsAfter = 0;
    for (let at = WAL_HEADER_BYTES; at + frame.length <= size; at += frame.length) {
      readSync(fd, frame, 0, frame.length, at);
      const sameLog =
        frame.readUInt32BE(8) === header.readUInt32BE(16) && frame.readUInt32BE(12) === header.readUInt32BE(20);
      if (!broken && !sameLog) {
        // The end of this log followed by frames of an older one, or a damaged frame header.
        broken = true;
        continue;
      }
      if (!broken) {
        sum = checksum(frame.subarray(0, 8), littleEndian, sum);
        sum = checksum(frame.subarray(FRAME_HEADER_BYTES), littleEndian, sum);
        broken = sum[0] !== frame.readUInt32BE(16) || sum[1] !== frame.readUInt32BE(20);
      }
      if (!broken || !sameLog) continue;
      if (commitsAfter > 0) throw corrupt(walFile, `a transaction inside it is damaged before byte ${at}`);
      if (frame.readUInt32BE(4) !== 0) commitsAfter++;
    }
  } finally {
    closeSync(fd);
  }
};

const checksum = (bytes: Buffer, littleEndian: boolean, start: readonly [number, number]): [number, number] => {
  let [a, b] = start;
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + (littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)) + b) >>> 0;
    b = (b + (littleEndian ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4)) + a) >>> 0;
  }
  return [a, b];
};

const readStart = (file: string, length: number): Buffer => {
  const fd = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(fd, buffer, 0, length, 0));
  } finally {
    closeSync(fd);
  }
};

const corrupt = (file: string, why: string) => {
  return storesError(
    'data-corrupt',
    `${basename(file)} is damaged: ${why}. Restore it from a backup, or move it away to start empty. (${file})`,
  );
};

const asStoresError = (error: unknown, file: string): unknown => {
  if (!(error instanceof Error)) return error;
  const errcode = 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  if (errcode === SQLITE_BUSY) return storesError('data-in-use', `${file} is in use by another process.`, error);
  if (errcode === SQLITE_CORRUPT || errcode === SQLITE_NOTADB) return corrupt(file, error.message);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'EISDIR' || code === 'ENOENT') {
    return storesError('data-folder-unwritable', `${file} cannot be written: ${error.message}`, error);
  }
  return error;
};
