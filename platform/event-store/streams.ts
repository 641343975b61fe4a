import {
  AccessDeniedError,
  BACKWARDS,
  END,
  type EventData,
  NO_STREAM,
  type RecordedEvent,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import { withDeadline } from '../machine/deadline.ts';
import { machine } from '../machine/machine.ts';
import { withoutSubjects } from './actors.ts';
import { type EventStoreClient, isFast, personalDataOf } from './client.ts';
import { rawAppends } from './fast/appends.ts';
import { opened, type PersonalData, refuseSealed } from './personal-data.ts';
import {
  type AppendResult,
  type AppendWritten,
  type EventMetadata,
  type ExpectedRevision,
  type NewEvent,
  type Revision,
  START,
  type StoredEvent,
  StoreUnavailableError,
  toWritten,
  type WrittenEvent,
} from './types.ts';

/** Appending to streams and reading them. */
export type Streams = {
  /**
   * Appends all events or none, durably, if the stream is at revision `expected`.
   * @throws StoreUnavailableError when it is unknown whether the events were written
   */
  append(stream: string, events: readonly NewEvent[], expected: ExpectedRevision): Promise<AppendResult>;
  /**
   * Reads forwards from a revision, inclusive; a stream that does not exist is empty.
   * @throws StoreUnavailableError
   */
  read(stream: string, from: bigint, maxCount?: number): AsyncIterable<StoredEvent>;
  /** Returns the newest event of a stream, or undefined. @throws StoreUnavailableError */
  readLast(stream: string): Promise<StoredEvent | undefined>;
  /**
   * Appends an event of bytes, unchanged. The client would convert JSON to base64, which is decoded twice: 40 ms for
   * half a megabyte.
   * @param after the revision that the event must follow directly; without it, it is appended at the end
   * @returns its revision; undefined when another event already follows `after`
   * @throws StoreUnavailableError
   */
  put(stream: string, event: Note, after?: Revision): Promise<Revision | undefined>;
  /** Returns whether a stream was deleted, or its metadata limits the events that are kept. @throws StoreUnavailableError */
  isCut(stream: string): Promise<boolean>;
  /** Sets how many events of a stream are kept. @throws StoreUnavailableError */
  keepLast(stream: string, count: number): Promise<void>;
  /** Encrypts and decrypts snapshots, if personal fields are encrypted. */
  snapshots?: Pick<PersonalData, 'snapshotErasures' | 'sealSnapshot' | 'openSnapshot'>;
};

/** Returns an append that encrypts personal fields first. Without keys to read it takes no extra turn. */
export const sealing = (personal: PersonalData | undefined, append: Streams['append']): Streams['append'] =>
  personal
    ? (stream, events, expected) => {
        const sealed = personal.seal(events);
        return sealed instanceof Promise
          ? sealed.then((all) => append(stream, all, expected))
          : append(stream, sealed, expected);
      }
    : append;

/** An event of bytes with the caller's own metadata. */
export type Note = { type: string; data: Uint8Array; metadata: object };

/**
 * Milliseconds after which an append counts as unanswered. The server itself gives up after 2 s. The client would wait
 * for ever if its batch stream ended.
 */
const APPEND_DEADLINE = 3_000;
/**
 * The client sends an append's deadline as a time of day by its own clock, and a server whose clock is ahead refuses
 * the append. So this deadline is days away: the server's own write timeout and APPEND_DEADLINE decide.
 */
const CLIENT_DEADLINE = 7 * 24 * 3_600_000;
/** Milliseconds for one page. */
const READ_DEADLINE = 10_000;
/** Events read with one call: reading a long stream exceeds the deadline of one call. */
const PAGE = 4_096;

/** The entries of a stream's metadata that remove events; a soft delete sets `$tb`. */
const LIMITS = ['$maxCount', '$maxAge', '$tb'];

/** Returns the entries of a stream's metadata that remove events, as a text: empty without one. */
export const limitsIn = (metadata: unknown): string =>
  Object.entries(metadata ?? {})
    .filter(([name]) => LIMITS.includes(name))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

/** Converts an event of the client. */
export const toStoredEvent = (event: RecordedEvent): StoredEvent => ({
  id: event.id,
  type: event.type,
  stream: event.streamId,
  revision: event.revision as Revision,
  position: event.position ?? START,
  data: event.data,
  metadata: withoutSubjects((event.metadata ?? {}) as EventMetadata),
});

const encoder = new TextEncoder();

/** The client sends metadata that is bytes unchanged; it converts an object to base64, which it then decodes twice. */
const toEventData = ({ id, type, data, metadata }: WrittenEvent): EventData =>
  ({
    id,
    type,
    contentType: 'application/json',
    data: JSON.parse(data),
    metadata: encoder.encode(metadata),
  }) as EventData;

const toBinaryEvent = ({ type, data, metadata }: Note): EventData => ({
  id: machine.uuid(),
  type,
  contentType: 'application/octet-stream',
  data,
  metadata: encoder.encode(JSON.stringify(metadata)),
});

const errorType = (error: unknown): string | undefined => (error as { type?: string } | undefined)?.type;

/** The client's `unknown` says less than the server's words. */
const reasonOf = (error: unknown): string => {
  const type = errorType(error);
  return type === undefined || type === 'unknown' ? String(error) : type;
};

/** An error of newer servers that the client does not know. */
const TOO_LARGE_EVENT = /maximum.?append.?event.?size/i;

const unavailable = (error: unknown): StoreUnavailableError =>
  error instanceof StoreUnavailableError
    ? error
    : new StoreUnavailableError(`the event store did not answer: ${reasonOf(error)}`, {
        cause: error,
      });

const inTime = <T>(promise: Promise<T>): Promise<T> =>
  withDeadline(promise, APPEND_DEADLINE, () => new StoreUnavailableError('the event store did not answer in time'));

/** Appends with a client. */
export const appendsWritten = (client: EventStoreClient): AppendWritten => {
  const appendRaw = isFast(client) ? rawAppends(client) : undefined;

  const appendOnce: AppendWritten = async (stream, events, expected) => {
    const raw = await appendRaw?.(stream, events, expected);
    if (raw) return raw;
    const expectedRevision = expected === 'no-stream' ? NO_STREAM : expected;
    const result = await client.appendToStream(stream, events.map(toEventData), {
      expectedRevision,
      deadline: CLIENT_DEADLINE,
    });
    return { ok: true, revision: result.nextExpectedRevision as Revision, position: result.position ?? START };
  };

  return async (stream, events, expected) => {
    try {
      return await inTime(appendOnce(stream, events, expected));
    } catch (error) {
      switch (errorType(error)) {
        case 'wrong-expected-version':
        case 'stream-deleted':
          return { ok: false, reason: 'conflict' };
        case 'maximum-append-size-exceeded':
          return { ok: false, reason: 'too-large' };
        default:
          if (TOO_LARGE_EVENT.test((error as Error).message)) return { ok: false, reason: 'too-large' };
          throw unavailable(error);
      }
    }
  };
};

/** Appends and reads with a client. */
export const streams = (client: EventStoreClient): Streams => {
  const append = appendsWritten(client);
  const personal = personalDataOf(client);
  const open = personal?.open ?? refuseSealed;

  /** Reads the newest event of a stream's metadata. */
  const readMetadata = async (stream: string): Promise<object | undefined> => {
    const newest = { deadline: READ_DEADLINE, direction: BACKWARDS, fromRevision: END, maxCount: 1 } as const;
    for await (const { event } of client.readStream(`$$${stream}`, newest)) return event?.data as object | undefined;
    return undefined;
  };

  const readPage = async function* (stream: string, options: object): AsyncGenerator<StoredEvent> {
    try {
      for await (const { event } of client.readStream(stream, { deadline: READ_DEADLINE, ...options })) {
        if (event) yield toStoredEvent(event as RecordedEvent);
      }
    } catch (error) {
      if (error instanceof StreamNotFoundError || error instanceof StreamDeletedError) return;
      throw unavailable(error);
    }
  };

  const read = async function* (stream: string, from: bigint, most = Number.POSITIVE_INFINITY) {
    let next = from;
    for (let left = most; left > 0; left -= PAGE) {
      const maxCount = Math.min(PAGE, left);
      let found = 0;
      for await (const event of opened(readPage(stream, { fromRevision: next, maxCount }), open)) {
        yield event;
        found += 1;
        next = event.revision + 1n;
      }
      if (found < maxCount) return;
    }
  };

  return {
    append: sealing(personal, (stream, events, expected) => append(stream, events.map(toWritten), expected)),

    read,

    async readLast(stream) {
      let last: StoredEvent | undefined;
      for await (const event of readPage(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }))
        last = event;
      if (last) await open([last]);
      return last;
    },

    async isCut(stream) {
      try {
        return limitsIn(await readMetadata(stream)) !== '';
      } catch (error) {
        if (error instanceof StreamDeletedError) return true;
        // A caller without access to the metadata (`$mr`) reads the stream without this check.
        if (error instanceof StreamNotFoundError || error instanceof AccessDeniedError) return false;
        throw unavailable(error);
      }
    },

    async put(stream, event, after) {
      const options = { deadline: CLIENT_DEADLINE, ...(after === undefined ? {} : { expectedRevision: after }) };
      try {
        const appended = client.appendToStream(stream, toBinaryEvent(event), options);
        return (await inTime(appended)).nextExpectedRevision as Revision;
      } catch (error) {
        if (errorType(error) === 'wrong-expected-version') return undefined;
        throw unavailable(error);
      }
    },

    ...(personal ? { snapshots: personal } : {}),

    async keepLast(stream, count) {
      try {
        await inTime(client.setStreamMetadata(stream, { maxCount: count }, { deadline: CLIENT_DEADLINE }));
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
};
