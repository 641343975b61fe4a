/** Reads the log in pages. */
import { type EventRow, eventOf, type LogFile } from './log-file.ts';
import type { StoredEvent, StreamPage } from './stored-events.ts';
import type { Streams } from './streams.ts';

const PAGE_BYTES = 2 * 1024 * 1024;

export const createPages = ({ sql }: Pick<LogFile, 'sql'>, { streamOf, firstReadable }: Streams) => {
  /**
   * Reads one page of a stream, at most `limit` events: forwards from `revision` upwards, backwards from it downwards
   * (Infinity: the end). `next` is the start of the following page; undefined after the last.
   * @returns undefined for a stream without events
   */
  const readStream = (
    streamName: string,
    direction: 'forwards' | 'backwards',
    revision: number,
    limit: number,
  ): StreamPage | undefined => {
    const stream = streamOf(streamName);
    if (stream.last < 0) return undefined;
    const first = firstReadable(stream);
    if (direction === 'forwards') {
      const start = Math.max(revision, first);
      if (start > stream.last) return { events: [], next: undefined };
      const events = eventsOf(sql.streamForwards, stream.number, start, limit);
      const reached = events.at(-1)?.revision ?? stream.last;
      return { events, next: reached < stream.last ? reached + 1 : undefined };
    }
    const events = eventsOf(sql.streamBackwards, stream.number, Math.min(revision, stream.last), first, limit);
    const reached = events.at(-1)?.revision ?? first;
    return { events, next: reached > first ? reached - 1 : undefined };
  };

  /**
   * Reads at most `limit` events of the log with a position ≥ (forwards) or < (backwards) the given one; fewer if they
   * are large.
   */
  const readAll = (direction: 'forwards' | 'backwards', position: number, limit: number): StoredEvent[] => {
    if (direction === 'backwards') return eventsOf(sql.allBackwards, position, limit);
    // Positions bound the bytes between them, so one call can return all rows.
    const rows = sql.allWithin.all(position, position + PAGE_BYTES, limit) as unknown as EventRow[];
    return rows.length > 0 ? rows.map(eventOf) : eventsOf(sql.allForwards, position, limit);
  };

  const eventsOf = (statement: LogFile['sql']['allForwards'], ...parameters: number[]): StoredEvent[] => {
    const events: StoredEvent[] = [];
    let bytes = 0;
    for (const row of statement.iterate(...parameters) as unknown as Iterable<EventRow>) {
      const event = eventOf(row);
      events.push(event);
      bytes += event.data.length + event.metadata.length;
      if (bytes > PAGE_BYTES) break;
    }
    return events;
  };

  return { readStream, readAll };
};
