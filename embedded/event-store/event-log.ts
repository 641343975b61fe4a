/** Writes events to the log, and keeps its state in memory. */
import { checksum, type LogFile } from './log-file.ts';
import { createPages } from './pages.ts';
import type { NewEvent, StoredEvent } from './stored-events.ts';
import { createStreams, type Stream } from './streams.ts';

const EVENTS_CHECKED_AT_START = 10_000;
const BYTES_CHECKED_AT_START = 16 * 1024 * 1024;
const RECORD_OVERHEAD = 64;

/** The log: its file and its state in memory. */
export type EventLog = {
  readonly file: LogFile;
  readonly streams: ReturnType<typeof createStreams>;
  readonly pages: ReturnType<typeof createPages>;
  /** The position of the last event, 0 without events. */
  end: number;
  /** The events of the current transaction. */
  written: StoredEvent[];
};

export const createEventLog = (file: LogFile): EventLog => {
  const streams = createStreams(file);
  const log = { file, streams, pages: createPages(file, streams), end: 0, written: [] };
  recall(log);
  checkEnd(log);
  return log;
};

/** Reads the newest events, which checks them. @throws StoresError `data-corrupt` */
const checkEnd = ({ pages }: EventLog): void => {
  let before = Number.MAX_SAFE_INTEGER;
  let [events, bytes] = [0, 0];
  while (events < EVENTS_CHECKED_AT_START && bytes < BYTES_CHECKED_AT_START) {
    const page = pages.readAll('backwards', before, EVENTS_CHECKED_AT_START - events);
    const oldest = page.at(-1);
    if (!oldest) return;
    for (const { data, metadata } of page) bytes += data.length + metadata.length;
    events += page.length;
    before = oldest.position;
  }
};

/** Reads the in-memory state from the file: at the start, and after a rolled-back transaction. */
export const recall = (log: EventLog): void => {
  log.streams.clear();
  log.written = [];
  log.end = Number(log.file.sql.end.get()?.position ?? 0);
};

/** Writes an event behind the last one. */
export const write = (log: EventLog, stream: Stream, event: NewEvent): void => {
  log.end += RECORD_OVERHEAD + event.type.length + event.data.length + event.metadata.length;
  stream.last += 1;
  const created = Date.now();
  log.file.sql.addEvent.run(
    log.end,
    stream.number,
    stream.last,
    Buffer.from(event.id, 'hex'),
    event.type,
    event.isJson ? 1 : 0,
    created,
    checksum(event.type, event.metadata, event.data),
    event.metadata,
    event.data,
  );
  log.written.push({ ...event, position: log.end, streamName: stream.name, revision: stream.last, created });
};
