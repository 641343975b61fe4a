/**
 * The log of events in one SQLite file, and what EventStoreDB says about it: expected revisions, idempotence by event id, stream
 * metadata, soft deletes and tombstones. Everything here is synchronous; writes happen inside `transaction`.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { storesError } from '../errors.ts';
import { openSqliteFile } from '../sqlite-file.ts';

/** `number`: the stream's last event has this revision. */
export type ExpectedRevision = number | 'any' | 'no_stream' | 'stream_exists';

export type NewEvent = {
  /** 16 bytes as lower-case hex */
  id: string;
  type: string;
  isJson: boolean;
  data: Uint8Array;
  metadata: Uint8Array;
};

export type StoredEvent = NewEvent & {
  /** Grows with every event of the whole log, by the size of the event: it is not a count. */
  position: number;
  streamName: string;
  revision: number;
  /** milliseconds since 1970 */
  created: number;
};

export type WriteOutcome =
  /** No position: a repetition of what nobody can read any more. */
  | { kind: 'written'; revision: number; position: number | undefined }
  | { kind: 'wrong-expected-revision'; current: number }
  | { kind: 'stream-deleted' };

export type StreamPage =
  | { kind: 'events'; events: StoredEvent[]; next: number | undefined }
  | { kind: 'not-found' }
  | { kind: 'deleted' };

/** Stands for Int64.MaxValue, the revision that a tombstone has on the wire. */
export const TOMBSTONE_REVISION = -1;

const APPLICATION_ID = 0x506c_7a65;
const SOFT_DELETED = Number.MAX_SAFE_INTEGER;
const NO_EVENT = -1;
const CACHED_STREAMS = 20_000;
const REMEMBERED_IDS = 50_000;
const IDS_READ_AT_START = 10_000;
const BYTES_READ_AT_START = 16 * 1024 * 1024;
const ID_BYTES = 16;
const RECORD_OVERHEAD = 64;
const PAGE_BYTES = 2 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

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

type Stream = {
  /** 0 until the stream has a row */
  number: number;
  name: string;
  last: number;
  tombstoned: boolean;
  truncateBefore: number;
  maxCount: number | undefined;
  maxAgeSeconds: number | undefined;
};

/** position, stream, revision, type, is JSON, created, checksum, length of the metadata, and id, metadata and data in one piece */
type EventRow = [number, string, number, string, number, number, number, number, Uint8Array];

export type Storage = ReturnType<typeof openStorage>;

/**
 * Opens or creates the log. Quick whatever its size: only the end of the log is read.
 * Throws StoresError (`data-in-use`, `data-corrupt`, `data-folder-unwritable`).
 * `now` and `maxPages` (a disk that fills up) are for tests.
 */
export function openStorage(file: string, options: { now?: () => number; maxPages?: number } = {}) {
  const now = options.now ?? Date.now;
  const db = openSqliteFile(file, APPLICATION_ID);
  try {
    db.exec(SCHEMA);
    if (options.maxPages) db.exec(`PRAGMA max_page_count = ${options.maxPages}`);
    return storageOver(db, file, now);
  } catch (error) {
    db.close();
    throw error;
  }
}

function storageOver(db: DatabaseSync, file: string, now: () => number) {
  // Every blob of a row is an ArrayBuffer of its own, which costs more to make and to collect than all the rest of the row.
  const columns = `e.position, s.name, e.revision, e.type, e.is_json, e.created, e.checksum, length(e.metadata),
    CAST(e.id || e.metadata || e.data AS BLOB)`;
  const from = `FROM events e JOIN streams s ON s.number = e.stream`;
  const arrays = (sql: string) => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  const sql = {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    stream: db.prepare('SELECT * FROM streams WHERE name = ?'),
    last: db.prepare('SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1'),
    addStream: db.prepare('INSERT INTO streams (name) VALUES (?)'),
    setMetadata: db.prepare(
      'UPDATE streams SET truncate_before = ?, max_count = ?, max_age_seconds = ? WHERE number = ?',
    ),
    setTombstoned: db.prepare('UPDATE streams SET tombstoned = 1 WHERE number = ?'),
    addEvent: db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    identity: db.prepare('SELECT position, id FROM events WHERE stream = ? AND revision = ?'),
    created: db.prepare('SELECT created FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT 1'),
    data: db.prepare('SELECT data, is_json FROM events WHERE stream = ? AND revision = ?'),
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

  const streams = new LRUCache<string, Stream>({ max: CACHED_STREAMS });
  let recentIds = new Map<string, RememberedId>();
  let olderIds = new Map<string, RememberedId>();
  let end = 0;
  let written: StoredEvent[] = [];
  const tail = openTailMark(`${file}-tail`);
  try {
    recall();
    if (end < tail.position) {
      throw storesError(
        'data-corrupt',
        `${file} ends at position ${end}, but events up to ${tail.position} were acknowledged. Restore it and its -wal file from a backup, or remove ${file}-tail to accept the loss.`,
      );
    }
  } catch (error) {
    tail.close();
    throw error;
  }

  /** What is kept in memory, read from the end of the log: at the start, and after a transaction that was rolled back. */
  function recall(): void {
    streams.clear();
    recentIds = new Map();
    olderIds = new Map();
    written = [];
    end = Number(sql.end.get()?.position ?? 0);
    const last: StoredEvent[] = [];
    let before = Number.MAX_SAFE_INTEGER;
    let bytes = 0;
    while (last.length < IDS_READ_AT_START && bytes < BYTES_READ_AT_START) {
      const page = readAll('backwards', before, IDS_READ_AT_START - last.length);
      if (page.length === 0) break;
      for (const event of page) bytes += event.data.length + event.metadata.length;
      last.push(...page);
      before = last.at(-1)!.position;
    }
    for (const event of last.reverse()) remember(event);
  }

  /** The first time that an id is stored counts, as with EventStoreDB: in another stream, or there a second time, it stays new. */
  function remember(event: StoredEvent): void {
    if (event.revision === TOMBSTONE_REVISION || recentIds.has(event.id) || olderIds.has(event.id)) return;
    if (recentIds.size >= REMEMBERED_IDS) {
      olderIds = recentIds;
      recentIds = new Map();
    }
    recentIds.set(event.id, { streamName: event.streamName, revision: event.revision });
  }

  function streamOf(name: string): Stream {
    const cached = streams.get(name);
    if (cached) return cached;
    const row = sql.stream.get(name);
    const stream: Stream = row
      ? {
          number: Number(row.number),
          name,
          last: Number(sql.last.get(row.number as number)?.revision ?? NO_EVENT),
          tombstoned: row.tombstoned === 1,
          truncateBefore: Number(row.truncate_before),
          maxCount: row.max_count === null ? undefined : Number(row.max_count),
          maxAgeSeconds: row.max_age_seconds === null ? undefined : Number(row.max_age_seconds),
        }
      : {
          number: 0,
          name,
          last: NO_EVENT,
          tombstoned: false,
          truncateBefore: 0,
          maxCount: undefined,
          maxAgeSeconds: undefined,
        };
    streams.set(name, stream);
    return stream;
  }

  function isTombstoned(stream: Stream): boolean {
    return stream.tombstoned || (isMetastream(stream.name) && streamOf(stream.name.slice(2)).tombstoned);
  }

  function ensureRow(stream: Stream): void {
    if (stream.number === 0) stream.number = Number(sql.addStream.run(stream.name).lastInsertRowid);
  }

  /** Decides like EventStoreDB whether an append is new (undefined), a repetition, or refused. */
  function check(stream: Stream, expected: ExpectedRevision, ids: readonly string[]): WriteOutcome | undefined {
    if (isTombstoned(stream)) return { kind: 'stream-deleted' };
    const wrong: WriteOutcome = { kind: 'wrong-expected-revision', current: stream.last };
    if (expected === 'stream_exists') {
      if (isSoftDeleted(stream)) return { kind: 'stream-deleted' };
      if (stream.last < 0 && streamOf(`$$${stream.name}`).last < 0) return wrong;
    }
    if (expected === 'any' || expected === 'stream_exists') {
      let repeated: number | undefined;
      for (const [index, id] of ids.entries()) {
        const known = recentIds.get(id) ?? olderIds.get(id);
        if (known?.streamName !== stream.name) return index === 0 ? undefined : wrong;
        repeated = known.revision;
      }
      return repeated === undefined ? undefined : repetition(stream, repeated);
    }
    const expectedLast = expected === 'no_stream' ? NO_EVENT : expected;
    if (expectedLast > stream.last) return wrong;
    if (expectedLast === stream.last) return undefined;
    for (const [index, id] of ids.entries()) {
      const stored = sql.identity.get(stream.number, expectedLast + 1 + index);
      if (stored && hex(stored.id as Uint8Array) === id) continue;
      return index === 0 && expected === 'no_stream' && isSoftDeleted(stream) ? undefined : wrong;
    }
    return ids.length === 0 ? wrong : repetition(stream, expectedLast + ids.length);
  }

  function repetition(stream: Stream, revision: number): WriteOutcome {
    const isReadable = !isSoftDeleted(stream) && revision >= firstReadable(stream);
    const position = isReadable ? Number(sql.identity.get(stream.number, revision)?.position) : undefined;
    return { kind: 'written', revision, position };
  }

  function write(stream: Stream, revision: number, event: NewEvent): void {
    end += RECORD_OVERHEAD + event.type.length + event.data.length + event.metadata.length;
    const created = now();
    sql.addEvent.run(
      end,
      stream.number,
      revision,
      Buffer.from(event.id, 'hex'),
      event.type,
      event.isJson ? 1 : 0,
      created,
      checksum(event.type, event.metadata, event.data),
      event.metadata,
      event.data,
    );
    if (revision !== TOMBSTONE_REVISION) stream.last = revision;
    const stored: StoredEvent = { ...event, position: end, streamName: stream.name, revision, created };
    written.push(stored);
    remember(stored);
  }

  function writeMetadata(stream: Stream, json: string): void {
    const metastream = streamOf(`$$${stream.name}`);
    ensureRow(metastream);
    const id = randomUUID().replaceAll('-', '');
    const event = { id, type: '$metadata', isJson: true, data: Buffer.from(json), metadata: NOTHING };
    write(metastream, metastream.last + 1, event);
    applyMetadata(stream, event);
  }

  function applyMetadata(stream: Stream, event: NewEvent): void {
    const metadata = event.isJson ? parseObject(event.data) : {};
    ensureRow(stream);
    stream.truncateBefore = Math.min(naturalNumber(metadata.$tb) ?? 0, SOFT_DELETED);
    stream.maxCount = naturalNumber(metadata.$maxCount) || undefined;
    stream.maxAgeSeconds = naturalNumber(metadata.$maxAge) || undefined;
    sql.setMetadata.run(stream.truncateBefore, stream.maxCount ?? null, stream.maxAgeSeconds ?? null, stream.number);
  }

  /** The stream's metadata as it is stored, with another $tb: what brings a soft-deleted stream back. */
  function restore(stream: Stream, truncateBefore: number): void {
    const metastream = streamOf(`$$${stream.name}`);
    const row = sql.data.get(metastream.number, metastream.last);
    const metadata = row?.is_json === 1 ? parseObject(row.data as Uint8Array) : {};
    writeMetadata(stream, JSON.stringify({ ...metadata, $tb: truncateBefore }));
  }

  /**
   * Appends all events or none. An append whose ids are already stored where `expected` puts them answers with the first one's
   * revision and position.
   */
  function append(streamName: string, expected: ExpectedRevision, events: readonly NewEvent[]): WriteOutcome {
    const stream = streamOf(streamName);
    const decided = check(
      stream,
      expected,
      events.map((event) => event.id),
    );
    if (decided) return decided;
    if (events.length === 0) return { kind: 'written', revision: stream.last, position: end };
    ensureRow(stream);
    const wasSoftDeleted = isSoftDeleted(stream);
    const before = stream.last;
    for (const event of events) write(stream, stream.last + 1, event);
    const position = end;
    if (wasSoftDeleted) restore(stream, before + 1);
    if (isMetastream(streamName)) {
      const described = streamOf(streamName.slice(2));
      const describedWasDeleted = isSoftDeleted(described);
      applyMetadata(described, events.at(-1)!);
      if (describedWasDeleted) restore(described, described.last + 1);
    }
    return { kind: 'written', revision: before + events.length, position };
  }

  /** Hides the stream's events ($tb at its maximum). Appending brings it back, with numbers that go on. */
  function softDelete(streamName: string, expected: ExpectedRevision): WriteOutcome {
    const stream = streamOf(streamName);
    const decided = check(stream, expected, [randomUUID()]);
    if (decided) return decided;
    if (stream.last < 0 && streamOf(`$$${streamName}`).last < 0) {
      return { kind: 'wrong-expected-revision', current: NO_EVENT };
    }
    writeMetadata(stream, '{"$tb":9223372036854775807}');
    return { kind: 'written', revision: stream.last, position: end };
  }

  /** Deletes the stream for ever: nothing can be read from it or appended to it again. */
  function tombstone(streamName: string, expected: ExpectedRevision): WriteOutcome {
    const stream = streamOf(streamName);
    const decided = check(stream, expected, [randomUUID()]);
    if (decided) return decided;
    ensureRow(stream);
    const id = randomUUID().replaceAll('-', '');
    write(stream, TOMBSTONE_REVISION, { id, type: '$streamDeleted', isJson: true, data: NOTHING, metadata: NOTHING });
    stream.tombstoned = true;
    sql.setTombstoned.run(stream.number);
    return { kind: 'written', revision: stream.last, position: end };
  }

  /**
   * Runs `work` and commits: one fsync for all its appends. Returns what it returned and the events that it wrote, in order.
   * Throws what SQLite throws (see isDiskFull); then nothing of it is stored.
   */
  function transaction<T>(work: () => T): { result: T; events: StoredEvent[] } {
    sql.begin.run();
    try {
      const result = work();
      sql.commit.run();
      const events = written;
      written = [];
      if (events.length > 0) tail.mark(end);
      return { result, events };
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      recall();
      throw error;
    }
  }

  /** The first revision that $maxCount, $maxAge and $tb leave readable. */
  function firstReadable(stream: Stream): number {
    const maxCount = isMetastream(stream.name) ? 1 : stream.maxCount;
    const first = Math.max(stream.truncateBefore, maxCount === undefined ? 0 : stream.last - maxCount + 1, 0);
    return stream.maxAgeSeconds === undefined ? first : firstSince(stream, first, now() - stream.maxAgeSeconds * 1000);
  }

  function firstSince(stream: Stream, from: number, time: number): number {
    let low = from;
    let high = stream.last + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = sql.created.get(stream.number, middle);
      if (row && Number(row.created) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * One page of a stream, at most `limit` events. Forwards from `revision` upwards, backwards from it downwards (Infinity: the end).
   * `next` is where the following page starts; undefined: that was all.
   */
  function readStream(
    streamName: string,
    direction: 'forwards' | 'backwards',
    revision: number,
    limit: number,
  ): StreamPage {
    const stream = streamOf(streamName);
    if (isTombstoned(stream)) return { kind: 'deleted' };
    if (stream.last < 0 || isSoftDeleted(stream)) return { kind: 'not-found' };
    const first = firstReadable(stream);
    if (direction === 'forwards') {
      const start = Math.max(revision, first);
      if (start > stream.last) return { kind: 'events', events: [], next: undefined };
      const events = eventsOf(sql.streamForwards, stream.number, start, limit);
      const reached = events.at(-1)?.revision ?? stream.last;
      return { kind: 'events', events, next: reached < stream.last ? reached + 1 : undefined };
    }
    const events = eventsOf(sql.streamBackwards, stream.number, Math.min(revision, stream.last), first, limit);
    const reached = events.at(-1)?.revision ?? first;
    return { kind: 'events', events, next: reached > first ? reached - 1 : undefined };
  }

  /** At most `limit` events of the whole log with a position ≥ (forwards) or < (backwards) the given one; fewer if they are large. */
  function readAll(direction: 'forwards' | 'backwards', position: number, limit: number): StoredEvent[] {
    if (direction === 'backwards') return eventsOf(sql.allBackwards, position, limit);
    // Positions bound the bytes of what lies between them, so that all rows can be taken in one call.
    const rows = sql.allWithin.all(position, position + PAGE_BYTES, limit) as unknown as EventRow[];
    return rows.length > 0 ? rows.map(eventOf) : eventsOf(sql.allForwards, position, limit);
  }

  function eventsOf(statement: ReturnType<typeof arrays>, ...parameters: number[]): StoredEvent[] {
    const events: StoredEvent[] = [];
    let bytes = 0;
    for (const row of statement.iterate(...parameters) as unknown as Iterable<EventRow>) {
      const event = eventOf(row);
      events.push(event);
      bytes += event.data.length + event.metadata.length;
      if (bytes > PAGE_BYTES) break;
    }
    return events;
  }

  function close(): void {
    tail.close();
    db.close();
  }

  return {
    transaction,
    append,
    softDelete,
    tombstone,
    readStream,
    readAll,
    close,
    /** Position of the last event, 0 when there is none. */
    end: () => end,
  };
}

type RememberedId = { streamName: string; revision: number };

function eventOf(row: EventRow): StoredEvent {
  const [position, streamName, revision, type, isJson, created, sum, metadataLength, content] = row;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (checksum(type, bytes.subarray(ID_BYTES)) !== sum) {
    throw storesError('data-corrupt', `The event at position ${position} is damaged: its checksum does not fit.`);
  }
  const id = bytes.toString('hex', 0, ID_BYTES);
  const metadata = bytes.subarray(ID_BYTES, ID_BYTES + metadataLength);
  const data = bytes.subarray(ID_BYTES + metadataLength);
  return { position, streamName, revision, id, type, isJson: isJson === 1, created, metadata, data };
}

/**
 * The last acknowledged position, kept beside the log. It is not synced, so after a power loss it may be behind, never ahead: a log
 * that ends before it has lost events (a log file cut or left out of a copy), which SQLite alone would not notice.
 */
function openTailMark(file: string) {
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
        // The events are on the disk; a mark that stays behind only watches over fewer of them.
      }
    },
    close: () => closeSync(fd),
  };
}

function isMetastream(streamName: string): boolean {
  return streamName.startsWith('$$');
}

function isSoftDeleted(stream: Stream): boolean {
  return stream.truncateBefore === SOFT_DELETED;
}

/** Of metadata and data, one after the other or in one piece. */
function checksum(type: string, ...content: readonly Uint8Array[]): number {
  return content.reduce((sum, bytes) => crc32(bytes, sum), crc32(type));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function parseObject(data: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

function naturalNumber(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? Math.floor(value) : undefined;
}
