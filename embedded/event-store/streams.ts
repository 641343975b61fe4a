/** The heads and metadata of streams. */
import { LRUCache } from 'lru-cache';
import type { LogFile } from './log-file.ts';
import type { NewEvent } from './stored-events.ts';

const CACHED_STREAMS = 20_000;
/** The revision before the first event. */
export const NO_EVENT = -1;
const SOFT_DELETED = Number.MAX_SAFE_INTEGER;

export type Stream = {
  /** 0 until the stream has a row */
  number: number;
  name: string;
  last: number;
  tombstoned: boolean;
  truncateBefore: number;
  maxCount: number | undefined;
  maxAgeSeconds: number | undefined;
};

export type Streams = ReturnType<typeof createStreams>;

export const createStreams = ({ sql }: Pick<LogFile, 'sql'>, now: () => number) => {
  const streams = new LRUCache<string, Stream>({ max: CACHED_STREAMS });

  const streamOf = (name: string): Stream => {
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
  };

  const isTombstoned = (stream: Stream): boolean => {
    return stream.tombstoned || (isMetastream(stream.name) && streamOf(stream.name.slice(2)).tombstoned);
  };

  const ensureRow = (stream: Stream): void => {
    if (stream.number === 0) stream.number = Number(sql.addStream.run(stream.name).lastInsertRowid);
  };

  /** Applies the content of a metadata event. */
  const applyMetadata = (stream: Stream, event: NewEvent): void => {
    const metadata = event.isJson ? parseObject(event.data) : {};
    ensureRow(stream);
    stream.truncateBefore = Math.min(naturalNumber(metadata.$tb) ?? 0, SOFT_DELETED);
    stream.maxCount = naturalNumber(metadata.$maxCount) || undefined;
    stream.maxAgeSeconds = naturalNumber(metadata.$maxAge) || undefined;
    sql.setMetadata.run(stream.truncateBefore, stream.maxCount ?? null, stream.maxAgeSeconds ?? null, stream.number);
  };

  /** Returns the first revision that $maxCount, $maxAge and $tb leave readable. */
  const firstReadable = (stream: Stream): number => {
    const maxCount = isMetastream(stream.name) ? 1 : stream.maxCount;
    const first = Math.max(stream.truncateBefore, maxCount === undefined ? 0 : stream.last - maxCount + 1, 0);
    return stream.maxAgeSeconds === undefined ? first : firstSince(stream, first, now() - stream.maxAgeSeconds * 1000);
  };

  const firstSince = (stream: Stream, from: number, time: number): number => {
    let low = from;
    let high = stream.last + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = sql.created.get(stream.number, middle);
      if (row && Number(row.created) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return { streamOf, isTombstoned, ensureRow, applyMetadata, firstReadable, clear: () => streams.clear() };
};

export const isMetastream = (streamName: string): boolean => streamName.startsWith('$$');

export const isSoftDeleted = (stream: Stream): boolean => stream.truncateBefore === SOFT_DELETED;

export const parseObject = (data: Uint8Array): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
};

const naturalNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && value >= 0 ? Math.floor(value) : undefined;
