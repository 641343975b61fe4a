/**
 * The log of events in one SQLite file with EventStoreDB's rules: expected revisions, idempotence by event id, and
 * $maxCount. Everything here is synchronous; writes happen inside `transaction`.
 */
import { storesError } from '../errors.ts';
import { holdFile, releaseFile } from '../sqlite-file.ts';
import { createEventLog, type EventLog, recall, write } from './event-log.ts';
import { checkAppend } from './expected-revision.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import type { ExpectedRevision, NewEvent, StoredEvent, WriteOutcome } from './stored-events.ts';
import { isMetastream } from './streams.ts';

export type Storage = ReturnType<typeof openStorage>;

/**
 * Opens or creates the log. It reads only the end of the log, so the time does not depend on its size.
 * @param maxPages the most pages of the file, for tests of a full disk
 * @throws StoresError `data-in-use`, `data-corrupt` or `data-folder-unwritable`
 */
export const openStorage = (file: string, maxPages?: number) => {
  const logFile = openLogFile(file, maxPages);
  try {
    return storageOver(logFile, file);
  } catch (error) {
    logFile.tail.close();
    logFile.db.close();
    throw error;
  }
};

const storageOver = (logFile: LogFile, file: string) => {
  const { db, tail } = logFile;
  const log = createEventLog(logFile);
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
  const last = events.at(-1);
  if (!last) return { kind: 'written', revision: stream.last, position: log.end };
  ensureRow(stream);
  for (const event of events) write(log, stream, event);
  if (isMetastream(streamName)) applyMetadata(streamOf(streamName.slice(2)), last);
  return { kind: 'written', revision: stream.last, position: log.end };
};
