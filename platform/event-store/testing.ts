import { randomUUID } from 'node:crypto';
import type { Streams } from './streams.ts';
import { type NewEvent, type Position, type Revision, type StoredEvent, StoreUnavailableError } from './types.ts';

/** The fate of an append: it arrives or not, at once or after its deadline, and its answer arrives or not. */
export type Fate = 'answered' | 'lost' | 'answer-lost' | 'late';

export type MemoryStreams = Streams & {
  /** Every event of a stream. */
  events(stream: string): readonly StoredEvent[];
  /** Every event of every stream, in the order of their positions. */
  all(): readonly StoredEvent[];
  /** Deletes a stream, softly; its next event continues the revisions. */
  deleteStream(stream: string): void;
  readonly calls: { append: number; read: number };
};

/**
 * An in-memory event store with EventStoreDB's semantics: expected revisions, and appends that are idempotent by event
 * id.
 * @param way delays every request and every answer, so that a test decides their order
 * @param fates of the next appends, in order; later ones are answered
 */
export const memoryStreams = (
  way: (what: string) => Promise<unknown> = async () => {},
  fates: Iterator<Fate> = [][Symbol.iterator](),
): MemoryStreams => {
  const log = new Map<string, StoredEvent[]>();
  const kept = new Map<string, number>();
  const gone = new Map<string, number>();
  const calls = { append: 0, read: 0 };
  let position = 0n;

  const of = (stream: string): readonly StoredEvent[] => {
    const events = (log.get(stream) ?? []).slice(gone.get(stream) ?? 0);
    return events.slice(-(kept.get(stream) ?? Number.POSITIVE_INFINITY));
  };

  const lastOf = (stream: string): Revision => BigInt((log.get(stream) ?? []).length - 1) as Revision;

  const write = (stream: string, { id, type, ...content }: NewEvent): StoredEvent => {
    const events = log.get(stream) ?? [];
    log.set(stream, events);
    position += 1n;
    const at: Position = { commit: position, prepare: position };
    const { data, metadata } = structuredClone(content);
    const event = { id, type, stream, revision: BigInt(events.length) as Revision, position: at, data, metadata };
    events.push(event);
    return event;
  };

  const append = (
    stream: string,
    events: readonly NewEvent[],
    expected: Revision | 'no-stream',
  ): Awaited<ReturnType<Streams['append']>> => {
    const at = expected === 'no-stream' ? -1n : expected;
    const stands = of(stream).length === 0 ? -1n : lastOf(stream);
    if (at !== stands) {
      const before = events.map((event, index) => log.get(stream)?.[Number(at) + 1 + index]?.id === event.id);
      const last = log.get(stream)?.[Number(at) + events.length];
      if (!before.every(Boolean) || !last) return { ok: false, reason: 'conflict' };
      return { ok: true, revision: last.revision, position: last.position };
    }
    const last = events.map((event) => write(stream, event)).at(-1) as StoredEvent;
    return { ok: true, revision: last.revision, position: last.position };
  };

  return {
    calls,
    events: of,
    all: () => [...log.values()].flat().sort((one, other) => Number(one.position.commit - other.position.commit)),
    deleteStream: (stream) => gone.set(stream, log.get(stream)?.length ?? 0),

    async append(stream, events, expected) {
      calls.append += 1;
      const fate = fates.next().value ?? 'answered';
      await way(`append of ${events.length}, ${fate}`);
      if (fate === 'late') void way('late append').then(() => append(stream, events, expected));
      if (fate === 'lost' || fate === 'late') throw new StoreUnavailableError('lost');
      const result = append(stream, events, expected);
      await way('answer to append');
      if (fate === 'answer-lost') throw new StoreUnavailableError('answer lost');
      return result;
    },

    async *read(stream, from, maxCount = Number.POSITIVE_INFINITY) {
      calls.read += 1;
      await way('read');
      const found = of(stream).filter(({ revision }) => revision >= from);
      await way('answer to read');
      yield* found.slice(0, maxCount);
    },

    async readLast(stream) {
      return of(stream).at(-1);
    },

    async isCut(stream) {
      return gone.has(stream) || kept.has(stream);
    },

    async put(stream, { type, data, metadata }, after) {
      if (after !== undefined && after !== lastOf(stream)) return undefined;
      return write(stream, { id: `${stream} ${position}`, type, data, metadata: metadata as NewEvent['metadata'] })
        .revision;
    },

    async keepLast(stream, count) {
      kept.set(stream, count);
    },
  };
};

/** Returns an event as a command would store it. @param time milliseconds since 1970 */
export const newEvent = (
  { type, data, schemaVersion = 1 }: { type: string; data: object; schemaVersion?: number },
  time = Date.now(),
): NewEvent => {
  const id = randomUUID();
  return {
    id,
    type,
    data,
    metadata: {
      $correlationId: id,
      $causationId: id,
      commandId: id,
      fingerprint: '0'.repeat(43),
      actor: 'anonymous',
      time: new Date(time).toISOString(),
      schemaVersion,
    },
  };
};
