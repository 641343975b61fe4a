/**
 * The log of events in one SQLite file with EventStoreDB's rules: expected revisions, idempotence by event id, stream
 * metadata, soft deletes and tombstones. Everything here is synchronous; writes happen inside `transaction`.
 */
import { storesError } from '../errors.ts';
import { holdFile, releaseFile } from '../sqlite-file.ts';
import { createEventLog, type EventLog, NOTHING, newId, recall, restore, write, writeMetadata } from './event-log.ts';
import { checkAppend, isAbsent } from './expected-revision.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import {
  type ExpectedRevision,
  type NewEvent,
  type StoredEvent,
  TOMBSTONE_REVISION,
  type WriteOutcome,
} from './stored-events.ts';
import { isMetastream, isSoftDeleted, NO_EVENT } from './streams.ts';

export type Storage = ReturnType<typeof openStorage>;

/**
 * Opens or creates the log. It reads only the end of the log, so the time does not depend on its size. `now` and
 * `maxPages` (a full disk) are for tests.
 * @throws StoresError `data-in-use`, `data-corrupt` or `data-folder-unwritable`
 */
export const openStorage = (file: string, options: { now?: () => number; maxPages?: number } = {}) => {
  const logFile = openLogFile(file, options.maxPages);
  try {
    return storageOver(logFile, file, options.now ?? Date.now);
  } catch (error) {
    logFile.tail.close();
    logFile.db.close();
    throw error;
  }
};

const storageOver = (logFile: LogFile, file: string, now: () => number) => {
  const { db, tail } = logFile;
  const log = createEventLog(logFile, now);
  if (log.end < tail.position) {
    throw storesError(
      'data-corrupt',
      `${file} ends at position ${log.end}, but events up to ${tail.position} were acknowledged. Restore it and its -wal file from a backup, or remove ${file}-tail to accept the loss.`,
    );
  }
  return {
    ...log.pages,
    /**
     * Runs `work` and commits: one fsync for all its appends.
     * @returns its result and the written events, in order
     * @throws SQLite's error (see isDiskFull); then nothing is stored
     */
    transaction: <T>(work: () => T) => transaction(log, work),
    append: (streamName: string, expected: ExpectedRevision, events: readonly NewEvent[]) =>
      append(log, streamName, expected, events),
    softDelete: (streamName: string, expected: ExpectedRevision) => softDelete(log, streamName, expected),
    tombstone: (streamName: string, expected: ExpectedRevision) => tombstone(log, streamName, expected),
    /** The position of the last event, 0 without events. */
    end: () => log.end,
    hold: () => holdFile(db),
    release: () => releaseFile(db),
    close(): void {
      tail.close();
      db.close();
    },
  };
};

const transaction = <T>(log: EventLog, work: () => T): { result: T; events: StoredEvent[] } => {
  const { db, sql, tail } = log.file;
  sql.begin.run();
  try {
    const result = work();
    sql.commit.run();
    const events = log.written;
    log.written = [];
    if (events.length > 0) tail.mark(log.end);
    return { result, events };
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    recall(log);
    throw error;
  }
};

/** Appends all events or none. When the ids are already stored where `expected` puts them, answers with the first one's
 * revision and position. */
const append = (
  log: EventLog,
  streamName: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): WriteOutcome => {
  const { streamOf, ensureRow, applyMetadata } = log.streams;
  const stream = streamOf(streamName);
  const ids = events.map((event) => event.id);
  const decided = checkAppend(log, stream, expected, ids);
  if (decided) return decided;
  if (events.length === 0) return { kind: 'written', revision: stream.last, position: log.end };
  ensureRow(stream);
  const wasSoftDeleted = isSoftDeleted(stream);
  const before = stream.last;
  for (const event of events) write(log, stream, stream.last + 1, event);
  const position = log.end;
  if (wasSoftDeleted) restore(log, stream, before + 1);
  if (isMetastream(streamName)) {
    const described = streamOf(streamName.slice(2));
    const describedWasDeleted = isSoftDeleted(described);
    applyMetadata(described, events.at(-1)!);
    if (describedWasDeleted) restore(log, described, described.last + 1);
  }
  return { kind: 'written', revision: before + events.length, position };
};

/** Hides the stream's events ($tb at its maximum). An append restores the stream and continues its revisions. */
const softDelete = (log: EventLog, streamName: string, expected: ExpectedRevision): WriteOutcome => {
  const stream = log.streams.streamOf(streamName);
  const decided = checkAppend(log, stream, expected, [newId()]);
  if (decided) return decided;
  if (isAbsent(log, stream)) return { kind: 'wrong-expected-revision', current: NO_EVENT };
  writeMetadata(log, stream, '{"$tb":9223372036854775807}');
  return { kind: 'written', revision: stream.last, position: log.end };
};

/** Deletes the stream for ever: it can neither be read nor appended to again. */
const tombstone = (log: EventLog, streamName: string, expected: ExpectedRevision): WriteOutcome => {
  const stream = log.streams.streamOf(streamName);
  const decided = checkAppend(log, stream, expected, [newId()]);
  if (decided) return decided;
  log.streams.ensureRow(stream);
  const event = { id: newId(), type: '$streamDeleted', isJson: true, data: NOTHING, metadata: NOTHING };
  write(log, stream, TOMBSTONE_REVISION, event);
  stream.tombstoned = true;
  log.file.sql.setTombstoned.run(stream.number);
  return { kind: 'written', revision: stream.last, position: log.end };
};
