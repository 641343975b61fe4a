/** Streams/Read: reads of one stream or the whole log, and subscriptions to the whole log, at the reader's pace. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { status as grpcStatus, type ServerWritableStream } from '@grpc/grpc-js';
import { isStoresError } from '../errors.ts';
import type { LiveEvent, LiveEvents } from './live-events.ts';
import type { OpenCalls } from './open-calls.ts';
import type { Outbox } from './outbox.ts';
import { grpcError, ReadReq, type ReadRequest, streamNameOf } from './protocol.ts';
import type { Storage } from './storage.ts';
import type { StoredEvent, StreamPage } from './stored-events.ts';
import { CAUGHT_UP, encodeCheckpoint, encodeConfirmation, encodeEvent, encodeStreamNotFound } from './wire.ts';

const PAGE_EVENTS = 256;
/** EventStoreDB's window when the filter has none: its page size. */
const DEFAULT_SEARCH_WINDOW = 32;

type ReadCall = ServerWritableStream<ReadRequest, readonly Buffer[]>;
type ReadOptions = NonNullable<ReturnType<ReadRequest['getOptions']>>;
type Filter = { matches: (event: StoredEvent) => boolean; checkpointEvery: number };

export const read = (storage: Storage, live: LiveEvents, calls: OpenCalls, log: (line: string) => void) => {
  return (call: ReadCall) => {
    const outbox = calls.begin(call);
    serve(storage, live, call, outbox).then(
      () => outbox.end(),
      (error: unknown) => fail(outbox, error, log),
    );
  };
};

/** Ends a call with a status. Any other error is a defect and ends the call with UNKNOWN. */
class Refusal {
  readonly status: ReturnType<typeof grpcError>;
  constructor(code: number, details: string) {
    this.status = grpcError(code, details);
  }
}

const notServed = (what: string): Refusal =>
  new Refusal(grpcStatus.UNIMPLEMENTED, `The embedded event store does not serve ${what}.`);

const invalid = (message: string): Refusal => new Refusal(grpcStatus.INVALID_ARGUMENT, message);

const fail = (outbox: Outbox, error: unknown, log: (line: string) => void): void => {
  if (outbox.isGone()) return;
  if (error instanceof Refusal) {
    outbox.end(error.status);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  log(`event store: a read failed: ${message}`);
  const code = isStoresError(error) && error.code === 'data-corrupt' ? grpcStatus.DATA_LOSS : grpcStatus.UNKNOWN;
  outbox.end(grpcError(code, `The event store could not read: ${message}`));
};

const serve = async (storage: Storage, live: LiveEvents, call: ReadCall, outbox: Outbox): Promise<void> => {
  const options = call.request.getOptions();
  const stream = options?.getStream();
  const all = options?.getAll();
  if (!options || (!stream && !all)) throw invalid('The request names neither a stream nor $all.');
  if (options.getResolveLinks()) throw notServed('resolveLinkTos');
  if (options.getUuidOption()?.hasStructured()) throw notServed('ids as two numbers');
  const backwards = options.getReadDirection() === ReadReq.Options.ReadDirection.BACKWARDS;
  const streamName = stream && streamNameOf(stream.getStreamIdentifier());
  if (streamName === '') throw invalid('The stream has no name.');

  if (options.hasSubscription()) {
    if (backwards) throw invalid('A subscription goes forwards.');
    if (stream) throw notServed('a subscription to one stream');
    const position = all!.getPosition();
    const end = storage.end();
    const from = all!.hasEnd() ? end : position ? Math.min(wholeNumber(position.getCommitPosition()), end) : 0;
    return subscribeToAll({ storage, live, call, outbox }, from, filterOf(options));
  }

  const count = options.hasCount() ? Number(options.getCount()) : 0;
  if (count <= 0) throw invalid(`'${count}' is not a valid count of events.`);
  const direction = backwards ? 'backwards' : 'forwards';
  if (stream && streamName !== undefined) {
    if (stream.hasEnd() && !backwards) {
      throw new Refusal(grpcStatus.UNKNOWN, 'A stream is not read forwards from its end.');
    }
    const from = stream.hasRevision() ? wholeNumber(stream.getRevision()) : 0;
    const start = stream.hasEnd() ? Number.MAX_SAFE_INTEGER : from;
    const readPage: ReadPage = (revision, limit) => storage.readStream(streamName, direction, revision, limit);
    if (!(await sendPages(outbox, readPage, start, count))) await outbox.send(encodeStreamNotFound(streamName));
    return;
  }
  const position = all!.getPosition();
  const start = all!.hasEnd() ? Number.MAX_SAFE_INTEGER : position ? wholeNumber(position.getCommitPosition()) : 0;
  const readPage: ReadPage = (from, limit) => {
    const events = storage.readAll(direction, from, limit);
    const last = events.at(-1)?.position;
    return { events, next: last === undefined || backwards ? last : last + 1 };
  };
  await sendPages(outbox, readPage, start, count);
};

type ReadPage = (from: number, limit: number) => StreamPage | undefined;

/** Sends up to `count` events, page by page. @returns false when there is no such stream */
const sendPages = async (outbox: Outbox, readPage: ReadPage, start: number, count: number): Promise<boolean> => {
  let left = count;
  for (let from: number | undefined = start; from !== undefined && left > 0; ) {
    const page = readPage(from, Math.min(left, PAGE_EVENTS));
    if (!page) return false;
    for (const event of page.events) {
      const room = outbox.send(encodeEvent(event));
      if (room) await room;
      if (outbox.isGone()) return true;
    }
    left -= page.events.length;
    from = page.next;
    if (from !== undefined) await nextTurn();
  }
  return true;
};

// ---- subscriptions: pages until the end of the log is reached, then the live events
// ---------------------------------------------

type Subscription = { storage: Storage; live: LiveEvents; call: ReadCall; outbox: Outbox };

/** `from`: the position after which events are sent. */
const subscribeToAll = async (subscription: Subscription, from: number, filter: Filter | undefined): Promise<void> => {
  const { storage, live, call, outbox } = subscription;
  let reached = from;
  let considered = 0;
  let announced = false;
  await outbox.send(encodeConfirmation());

  const consider = (item: LiveEvent): Promise<void> | undefined => {
    const { event } = item;
    if (event.position <= reached) return undefined;
    reached = event.position;
    let room = !filter || filter.matches(event) ? outbox.send(encode(item)) : undefined;
    if (filter && ++considered >= filter.checkpointEvery) {
      considered = 0;
      room = outbox.send(encodeCheckpoint(reached)) ?? room;
    }
    return room;
  };

  while (!outbox.isGone()) {
    const page = storage.readAll('forwards', reached + 1, PAGE_EVENTS);
    if (page.length > 0) {
      for (const event of page) {
        const room = consider({ event });
        if (room) await room;
        if (outbox.isGone()) return;
      }
      await nextTurn();
      continue;
    }
    // No await from here to live.follow, so no event can be missed between the page and the live events.
    if (!announced) {
      announced = true;
      outbox.send(CAUGHT_UP);
    }
    if ((await live.follow(call, consider)) === 'too-slow') {
      const what = 'Consumer too slow to handle event while live. Client resubscription required.';
      throw new Refusal(grpcStatus.ABORTED, `Operation timed out: ${what}`);
    }
  }
};

/** Live events are encoded once for all subscribers. */
const encode = (item: LiveEvent): Buffer => {
  item.encoded ??= encodeEvent(item.event);
  return item.encoded;
};

// ---- shared
// --------------------------------------------------------------------------------------------------------------------

const filterOf = (options: ReadOptions): Filter | undefined => {
  const filter = options.getFilter();
  if (!filter) return undefined;
  const onStream = filter.getStreamIdentifier();
  const expression = onStream ?? filter.getEventType();
  if (!expression) throw invalid('The filter filters on nothing.');
  const subject = (event: StoredEvent) => (onStream ? event.streamName : event.type);
  const window = filter.hasMax() ? filter.getMax() : DEFAULT_SEARCH_WINDOW;
  const checkpointEvery = window * filter.getCheckpointintervalmultiplier();
  if (checkpointEvery <= 0) {
    throw invalid('The checkpoint interval and the search window must be greater than 0.');
  }
  if (expression.getRegex() === '') throw notServed('a filter by prefixes');
  const regex = regexOf(expression.getRegex());
  return { matches: (event) => regex.test(subject(event)), checkpointEvery };
};

const regexOf = (pattern: string): RegExp => {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    try {
      return new RegExp(pattern);
    } catch {
      throw invalid(`'${pattern}' is not a valid regular expression.`);
    }
  }
};

const wholeNumber = (text: string): number => Math.min(Number(text), Number.MAX_SAFE_INTEGER - 1);
