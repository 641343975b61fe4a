/** Writes events to the log, and keeps its state in memory. */
import { randomUUID } from 'node:crypto';
import { createEventIds } from './event-ids.ts';
import { checksum, type LogFile } from './log-file.ts';
import { createPages } from './pages.ts';
import { type NewEvent, type StoredEvent, TOMBSTONE_REVISION } from './stored-events.ts';
import { createStreams, parseObject, type Stream } from './streams.ts';

const IDS_READ_AT_START = 10_000;
const BYTES_READ_AT_START = 16 * 1024 * 1024;
const RECORD_OVERHEAD = 64;
export const NOTHING = new Uint8Array(0);

/** The log: its file and its state in memory. */
export type EventLog = {
  readonly file: LogFile;
  readonly streams: ReturnType<typeof createStreams>;
  readonly pages: ReturnType<typeof createPages>;
  readonly eventIds: ReturnType<typeof createEventIds>;
  readonly now: () => number;
  /** The position of the last event, 0 without events. */
  end: number;
  /** The events of the current transaction. */
  written: StoredEvent[];
};

export const createEventLog = (file: LogFile, now: () => number): EventLog => {
  const streams = createStreams(file, now);
  const log = {
    file,
    streams,
    pages: createPages(file, streams),
    eventIds: createEventIds(),
    now,
    end: 0,
    written: [],
  };
  recall(log);
  return log;
};

/** Reads the in-memory state from the end of the log: at the start, and after a rolled-back transaction. */
export const recall = (log: EventLog): void => {
  log.streams.clear();
  log.eventIds.clear();
  log.written = [];
  log.end = Number(log.file.sql.end.get()?.position ?? 0);
  const last: StoredEvent[] = [];
  let before = Number.MAX_SAFE_INTEGER;
  let bytes = 0;
  while (last.length < IDS_READ_AT_START && bytes < BYTES_READ_AT_START) {
    const page = log.pages.readAll('backwards', before, IDS_READ_AT_START - last.length);
    if (page.length === 0) break;
    for (const event of page) bytes += event.data.length + event.metadata.length;
    last.push(...page);
    before = last.at(-1)!.position;
  }
  for (const event of last.reverse()) log.eventIds.remember(event);
};

/** Writes an event behind the last one. */
export const write = (log: EventLog, stream: Stream, revision: number, event: NewEvent): void => {
  log.end += RECORD_OVERHEAD + event.type.length + event.data.length + event.metadata.length;
  const created = log.now();
  log.file.sql.addEvent.run(
    log.end,
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
  const stored: StoredEvent = { ...event, position: log.end, streamName: stream.name, revision, created };
  log.written.push(stored);
  log.eventIds.remember(stored);
};

/** Writes a stream's metadata as an event of its metastream. */
export const writeMetadata = (log: EventLog, stream: Stream, json: string): void => {
  const { streamOf, ensureRow, applyMetadata } = log.streams;
  const metastream = streamOf(`$$${stream.name}`);
  ensureRow(metastream);
  const event = { id: newId(), type: '$metadata', isJson: true, data: Buffer.from(json), metadata: NOTHING };
  write(log, metastream, metastream.last + 1, event);
  applyMetadata(stream, event);
};

/** Restores a soft-deleted stream: writes its stored metadata with another $tb. */
export const restore = (log: EventLog, stream: Stream, truncateBefore: number): void => {
  const metastream = log.streams.streamOf(`$$${stream.name}`);
  const row = log.file.sql.data.get(metastream.number, metastream.last);
  const metadata = row?.is_json === 1 ? parseObject(row.data as Uint8Array) : {};
  writeMetadata(log, stream, JSON.stringify({ ...metadata, $tb: truncateBefore }));
};

/** Returns a new event id. */
export const newId = (): string => randomUUID().replaceAll('-', '');
