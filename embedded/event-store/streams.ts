/** The heads and metadata of streams. */
import { LRUCache } from 'lru-cache';
import type { LogFile } from './log-file.ts';
import type { NewEvent } from './stored-events.ts';

const CACHED_STREAMS = 20_000;
/** The revision before the first event. */
export const NO_EVENT = -1;

export type Stream = {
  /** 0 until the stream has a row */
  number: number;
  name: string;
  last: number;
  maxCount: number | undefined;
};

export type Streams = ReturnType<typeof createStreams>;

export const createStreams = ({ sql }: Pick<LogFile, 'sql'>) => {
  const streams = new LRUCache<string, Stream>({ max: CACHED_STREAMS });

  const streamOf = (name: string): Stream => {
    const cached = streams.get(name);
    if (cached) return cached;
    const row = sql.stream.get(name);
    const stream: Stream = {
      number: Number(row?.number ?? 0),
      name,
      last: row ? Number(sql.last.get(row.number as number)?.revision ?? NO_EVENT) : NO_EVENT,
      maxCount: row?.max_count ? Number(row.max_count) : undefined,
    };
    streams.set(name, stream);
    return stream;
  };

  const ensureRow = (stream: Stream): void => {
    if (stream.number === 0) stream.number = Number(sql.addStream.run(stream.name).lastInsertRowid);
  };

  /** Applies the content of a metadata event. */
  const applyMetadata = (stream: Stream, event: NewEvent): void => {
    ensureRow(stream);
    stream.maxCount = maxCountOf(event);
    sql.setMaxCount.run(stream.maxCount ?? null, stream.number);
  };

  /** Returns the first revision that $maxCount leaves readable. */
  const firstReadable = (stream: Stream): number => {
    const maxCount = isMetastream(stream.name) ? 1 : stream.maxCount;
    return maxCount === undefined ? 0 : Math.max(stream.last - maxCount + 1, 0);
  };

  return { streamOf, ensureRow, applyMetadata, firstReadable, clear: () => streams.clear() };
};

export const isMetastream = (streamName: string): boolean => streamName.startsWith('$$');

const maxCountOf = ({ isJson, data }: NewEvent): number | undefined => {
  try {
    const value: unknown = isJson ? JSON.parse(Buffer.from(data).toString('utf8'))?.$maxCount : undefined;
    return typeof value === 'number' && value >= 1 ? Math.floor(value) : undefined;
  } catch {
    return undefined;
  }
};
