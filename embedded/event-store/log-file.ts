/** The log's SQLite file: its tables, statements and rows. */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { storesError } from '../errors.ts';
import { claimFormat, openSqliteFile } from '../sqlite-file.ts';
import type { StoredEvent } from './stored-events.ts';

const APPLICATION_ID = 0x506c_7a65;
/** Files of Plaza 2.0.0 have 0. */
const FORMAT = 1;
const ID_BYTES = 16;

/** `tombstoned`, `truncate_before` and `max_age_seconds` are those of Plaza 2.0.0, which can still open the file. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS streams (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    tombstoned INTEGER NOT NULL DEFAULT 0,
    truncate_before INTEGER NOT NULL DEFAULT 0,
    max_count INTEGER,
    max_age_seconds INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    id BLOB NOT NULL,
    type TEXT NOT NULL,
    is_json INTEGER NOT NULL,
    created INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    metadata BLOB NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS events_of_stream ON events (stream, revision);
`;

/**
 * position, stream, revision, type, is JSON, created, checksum, length of the metadata; then id, metadata and data as
 * one blob
 */
export type EventRow = [number, string, number, string, number, number, number, number, Uint8Array];

export type LogFile = ReturnType<typeof openLogFile>;

/**
 * Opens or creates the file.
 * @param maxPages the most pages of the file, for tests of a full disk
 * @throws StoresError `data-in-use`, `data-corrupt`, `data-folder-unwritable`
 */
export const openLogFile = (file: string, maxPages?: number) => {
  const db = openSqliteFile(file, APPLICATION_ID);
  try {
    claimFormat(db, file, FORMAT);
    db.exec(SCHEMA);
    if (maxPages) db.exec(`PRAGMA max_page_count = ${maxPages}`);
    return { db, sql: statementsOf(db), tail: openTailMark(`${file}-tail`) };
  } catch (error) {
    db.close();
    throw error;
  }
};

const statementsOf = (db: DatabaseSync) => {
  // One blob per row: each blob is a separate ArrayBuffer, which costs more than all the rest of the row.
  const columns = `e.position, s.name, e.revision, e.type, e.is_json, e.created, e.checksum, length(e.metadata),
    CAST(e.id || e.metadata || e.data AS BLOB)`;
  const from = `FROM events e JOIN streams s ON s.number = e.stream`;
  const arrays = (sql: string) => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    stream: db.prepare('SELECT * FROM streams WHERE name = ?'),
    last: db.prepare('SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1'),
    addStream: db.prepare('INSERT INTO streams (name) VALUES (?)'),
    setMaxCount: db.prepare('UPDATE streams SET max_count = ? WHERE number = ?'),
    addEvent: db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    identity: db.prepare('SELECT position, id FROM events WHERE stream = ? AND revision = ?'),
    streamForwards: arrays(
      `SELECT ${columns} ${from} WHERE e.stream = ? AND e.revision >= ? ORDER BY e.revision LIMIT ?`,
    ),
    streamBackwards: arrays(
      `SELECT ${columns} ${from} WHERE e.stream = ? AND e.revision <= ? AND e.revision >= ? ORDER BY e.revision DESC LIMIT ?`,
    ),
    allWithin: arrays(
      `SELECT ${columns} ${from} WHERE e.position >= ? AND e.position <= ? ORDER BY e.position LIMIT ?`,
    ),
    allForwards: arrays(`SELECT ${columns} ${from} WHERE e.position >= ? ORDER BY e.position LIMIT ?`),
    allBackwards: arrays(`SELECT ${columns} ${from} WHERE e.position < ? ORDER BY e.position DESC LIMIT ?`),
    end: db.prepare('SELECT MAX(position) AS position FROM events'),
  };
};

/** @throws StoresError `data-corrupt` when the checksum does not match */
export const eventOf = (row: EventRow): StoredEvent => {
  const [position, streamName, revision, type, isJson, created, sum, metadataLength, content] = row;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (checksum(type, bytes.subarray(ID_BYTES)) !== sum) {
    throw storesError('data-corrupt', `The event at position ${position} is damaged: its checksum does not match.`);
  }
  const id = bytes.toString('hex', 0, ID_BYTES);
  const metadata = bytes.subarray(ID_BYTES, ID_BYTES + metadataLength);
  const data = bytes.subarray(ID_BYTES + metadataLength);
  return { position, streamName, revision, id, type, isJson: isJson === 1, created, metadata, data };
};

/** Returns the checksum of a type, metadata and data, given separately or as one blob. */
export const checksum = (type: string, ...content: readonly Uint8Array[]): number =>
  content.reduce((sum, bytes) => crc32(bytes, sum), crc32(type));

/**
 * The last acknowledged position, kept beside the log. It is not synced, so after a power loss it may be behind, never
 * ahead. A log that ends before it has lost events (a file cut or missing in a copy), which SQLite alone would not
 * notice.
 */
const openTailMark = (file: string) => {
  const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  const record = Buffer.alloc(12);
  const complete = readSync(fd, record, 0, 12, 0) === 12 && crc32(record.subarray(0, 8)) === record.readUInt32BE(8);
  const position = complete ? Number(record.readBigUInt64BE(0)) : 0;
  return {
    position,
    mark(end: number): void {
      record.writeBigUInt64BE(BigInt(end), 0);
      record.writeUInt32BE(crc32(record.subarray(0, 8)), 8);
      try {
        writeSync(fd, record, 0, 12, 0);
      } catch {
        // The events are on the disk; a mark that stays behind only protects fewer of them.
      }
    },
    close: () => closeSync(fd),
  };
};
