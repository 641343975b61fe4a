/**
 * The log of events in one SQLite file with EventStoreDB's rules: expected revisions, idempotence by event id, stream metadata,
 * soft deletes and tombstones. Everything here is synchronous; writes happen inside `transaction`.
 */
import { randomUUID } from 'node:crypto';
import { storesError } from '../errors.ts';
import { createEventIds } from './event-ids.ts';
import { checksum, type LogFile, openLogFile } from './log-file.ts';
import { createPages } from './pages.ts';
import {
  type ExpectedRevision,
  type NewEvent,
  type StoredEvent,
  TOMBSTONE_REVISION,
  type WriteOutcome,
} from './stored-events.ts';
import { createStreams, isMetastream, isSoftDeleted, NO_EVENT, parseObject, type Stream } from './streams.ts';

const IDS_READ_AT_START = 10_000;
const BYTES_READ_AT_START = 16 * 1024 * 1024;
const RECORD_OVERHEAD = 64;
const NOTHING = new Uint8Array(0);

export type Storage = ReturnType<typeof openStorage>;

/**
 * Opens or creates the log. It reads only the end of the log, so the time does not depend on its size. Throws
 * StoresError (`data-in-use`, `data-corrupt`, `data-folder-unwritable`). `now` and `maxPages` (a full disk) are for
 * tests.
 */
export const openStorage = (file: string, options: { now?: () => number; maxPages?: number } = {}) => {
  const log = openLogFile(file, options.maxPages);
  try {
    return storageOver(log, file, options.now ?? Date.now);
  } catch (error) {
    log.tail.close();
    log.db.close();
    throw error;
  }
};

const storageOver = (log: LogFile, file: string, now: () => number) => {
  const { db, sql, tail } = log;
  const streams = createStreams(log, now);
  const { streamOf, isTombstoned, ensureRow, applyMetadata, firstReadable } = streams;
  const { readStream, readAll } = createPages(log, streams);
  const eventIds = createEventIds();
  let end = 0;
  let written: StoredEvent[] = [];

  /** Reads the in-memory state from the end of the log: at the start, and after a rolled-back transaction. */
  const recall = (): void => {
    streams.clear();
    eventIds.clear();
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
    for (const event of last.reverse()) eventIds.remember(event);
  };

  /** Decides like EventStoreDB whether an append is new (undefined), a repetition, or refused. */
  const check = (stream: Stream, expected: ExpectedRevision, ids: readonly string[]): WriteOutcome | undefined => {
    if (isTombstoned(stream)) return { kind: 'stream-deleted' };
    const wrong: WriteOutcome = { kind: 'wrong-expected-revision', current: stream.last };
    if (expected === 'stream_exists') {
      if (isSoftDeleted(stream)) return { kind: 'stream-deleted' };
      if (stream.last < 0 && streamOf(`$$${stream.name}`).last < 0) return wrong;
    }
    if (expected === 'any' || expected === 'stream_exists') {
      let repeated: number | undefined;
      for (const [index, id] of ids.entries()) {
        const known = eventIds.find(id);
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
  };

  const repetition = (stream: Stream, revision: number): WriteOutcome => {
    const isReadable = !isSoftDeleted(stream) && revision >= firstReadable(stream);
    const position = isReadable ? Number(sql.identity.get(stream.number, revision)?.position) : undefined;
    return { kind: 'written', revision, position };
  };

  const write = (stream: Stream, revision: number, event: NewEvent): void => {
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
    eventIds.remember(stored);
  };

  const writeMetadata = (stream: Stream, json: string): void => {
    const metastream = streamOf(`$$${stream.name}`);
    ensureRow(metastream);
    const id = randomUUID().replaceAll('-', '');
    const event = { id, type: '$metadata', isJson: true, data: Buffer.from(json), metadata: NOTHING };
    write(metastream, metastream.last + 1, event);
    applyMetadata(stream, event);
  };

  /** Returns the stream's stored metadata with another $tb, which restores a soft-deleted stream. */
  const restore = (stream: Stream, truncateBefore: number): void => {
    const metastream = streamOf(`$$${stream.name}`);
    const row = sql.data.get(metastream.number, metastream.last);
    const metadata = row?.is_json === 1 ? parseObject(row.data as Uint8Array) : {};
    writeMetadata(stream, JSON.stringify({ ...metadata, $tb: truncateBefore }));
  };

  /**
   * Appends all events or none. When the ids are already stored where `expected` puts them, answers with the first
   * one's revision and position.
   */
  const append = (streamName: string, expected: ExpectedRevision, events: readonly NewEvent[]): WriteOutcome => {
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
  };

  /** Hides the stream's events ($tb at its maximum). An append restores the stream and continues its revisions. */
  const softDelete = (streamName: string, expected: ExpectedRevision): WriteOutcome => {
    const stream = streamOf(streamName);
    const decided = check(stream, expected, [randomUUID()]);
    if (decided) return decided;
    if (stream.last < 0 && streamOf(`$$${streamName}`).last < 0) {
      return { kind: 'wrong-expected-revision', current: NO_EVENT };
    }
    writeMetadata(stream, '{"$tb":9223372036854775807}');
    return { kind: 'written', revision: stream.last, position: end };
  };

  /** Deletes the stream for ever: it can neither be read nor appended to again. */
  const tombstone = (streamName: string, expected: ExpectedRevision): WriteOutcome => {
    const stream = streamOf(streamName);
    const decided = check(stream, expected, [randomUUID()]);
    if (decided) return decided;
    ensureRow(stream);
    const id = randomUUID().replaceAll('-', '');
    write(stream, TOMBSTONE_REVISION, { id, type: '$streamDeleted', isJson: true, data: NOTHING, metadata: NOTHING });
    stream.tombstoned = true;
    sql.setTombstoned.run(stream.number);
    return { kind: 'written', revision: stream.last, position: end };
  };

  /**
   * Runs `work` and commits: one fsync for all its appends. Returns its result and the written events, in order. Throws
   * SQLite's error (see isDiskFull); then nothing is stored.
   */
  const transaction = <T>(work: () => T): { result: T; events: StoredEvent[] } => {
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
  };

  recall();
  if (end < tail.position) {
    throw storesError(
      'data-corrupt',
      `${file} ends at position ${end}, but events up to ${tail.position} were acknowledged. Restore it and its -wal file from a backup, or remove ${file}-tail to accept the loss.`,
    );
  }

  const close = (): void => {
    tail.close();
    db.close();
  };

  return {
    transaction,
    append,
    softDelete,
    tombstone,
    readStream,
    readAll,
    close,
    /** The position of the last event, 0 without events. */
    end: () => end,
  };
};

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
