import type { Response } from 'express';
import { defer, EMPTY, exhaustMap, fromEvent, merge, NEVER, Subject, share, takeUntil, tap } from 'rxjs';
import { ProblemError, problems } from '../../platform/http/problem.ts';
import type { Caller } from '../../platform/identity/caller.ts';
import { lasting } from '../../platform/machine/lasting.ts';
import { machine } from '../../platform/machine/machine.ts';
import { ticks } from '../../platform/machine/ticks.ts';
import { type EventCursor, formatCursor, isAtLeast, later } from './event-cursor.ts';
import type { EventLog, LoggedEvent } from './event-log.ts';
import { type FeedStep, liveFeed, messageText, PAGE, stepOf } from './live-feed.ts';
import { EVERYTHING, type Sight } from './scope.ts';

/** Server-sent events for many clients from one feed. */
export type EventStream = {
  /**
   * Takes over the answer and sends the events after a cursor until the client leaves or its token expires.
   * @throws ProblemError 503 when there are too many clients, 429 when too many of them are one subject's
   */
  connect(res: Response, options?: ConnectOptions): Promise<void>;
  /** Ends every answer: the clients come back with the id of the last event they saw. */
  stop(): void;
};

export type ConnectOptions = {
  /** The head of the log when left out. */
  after?: EventCursor | undefined;
  /** Undefined where sign-in is off. */
  caller?: Pick<Caller, 'sub' | 'expiresAt'> | undefined;
  /** The events as the client sees them; all when left out. */
  seen?: Sight['seen'];
};

export type EventStreamOptions = {
  maxClients?: number;
  /** Of one subject. */
  maxOfSubject?: number;
  /** Milliseconds between two reads of the log. */
  pollEvery?: number;
  /** Milliseconds between two comments that keep proxies from closing a quiet connection. */
  heartbeatEvery?: number;
  /**
   * Milliseconds for which a client must be beyond the log until it is reset. For a moment it may be: another process
   * has sent it more.
   */
  resetAfter?: number;
};

/** A client has no queue: its cursor says what it was sent, and it reads the rest from the log at its own pace. */
type Client = { res: Response; at: EventCursor; sub: string | undefined; seen: Sight['seen'] };

/** Milliseconds after which a client that reads nothing is disconnected. */
const STALLED = 60_000;
/** Milliseconds until a browser comes back. */
const RETRY = 1000;
/** Seconds until a subject with too many connections may try again. */
const RETRY_SUBJECT = 10;
/** The longest time of a timer. */
const MAX_TIMER = 2 ** 31 - 1;

/** The headers of an answer that does not end. */
export const EVENT_STREAM = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
};

/** Returns the further of two cursors, context by context. */
const furthest = (a: EventCursor, b: EventCursor): EventCursor =>
  new Map([...b].map(([name, at]) => [name, later(a.get(name) ?? -1n, at)]));

/** Resolves when the client has read what was written to it, or has left. One that reads nothing is disconnected. */
const drained = (res: Response): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      machine.clearTimer(timeout);
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    const timeout = machine.setTimer(() => res.destroy(), STALLED, { ref: false });
    res.once('drain', done);
    res.once('close', done);
    if (res.destroyed || !res.writableNeedDrain) done();
  });

/** Returns an event as a client sees it: the same object for one who sees all of it. */
const seenBy = ({ seen }: Client, event: LoggedEvent): LoggedEvent | undefined => {
  const { context, entry } = event;
  const data = seen(context, entry.data);
  if (data === entry.data) return event;
  return data && { ...event, entry: { ...entry, data } };
};

/**
 * Makes a client start over at the end of the log. What it saw beyond is not in this log: the event store was restored
 * from an older copy.
 */
const reset = (client: Client, to: EventCursor): void => {
  client.at = to;
  client.res.write(`event: reset\nid: ${formatCursor(to)}\ndata: {}\n\n`);
};

/**
 * Sends a step to a client that is at its start or further.
 * @returns whether the client reads fast enough: else the rest of the step is left for {@link catchUp}
 */
const send = (client: Client, { from, to, messages }: FeedStep): boolean => {
  const isInStep = client.at === from;
  for (const { event, at, text } of messages) {
    if ((client.at.get(event.context) ?? -1n) >= event.position) continue;
    client.at = isInStep ? at : furthest(client.at, at);
    const seen = seenBy(client, event);
    if (!seen) continue;
    if (!client.res.write(isInStep && seen === event ? text : messageText(seen, client.at))) return false;
  }
  client.at = isInStep ? to : furthest(client.at, to);
  return true;
};

const hasLeft = ({ res }: Client): boolean => res.destroyed || res.writableEnded;

/** Brings a client that is behind to a cursor, page by page and no faster than it reads. */
const catchUp = async (client: Client, log: EventLog, target: EventCursor): Promise<void> => {
  while (!hasLeft(client) && !isAtLeast(client.at, target)) {
    const from = client.at;
    const { events, to } = await log.between(from, furthest(from, target), PAGE);
    for (const one of stepOf(events, from, to).messages) {
      if (hasLeft(client)) return;
      client.at = one.at;
      const seen = seenBy(client, one.event);
      if (seen && !client.res.write(seen === one.event ? one.text : messageText(seen, one.at)))
        await drained(client.res);
    }
    client.at = to;
  }
};

/** Opens the stream. It reads the log while it has clients. */
export const openEventStream = (
  log: EventLog,
  {
    maxClients = 1000,
    maxOfSubject = 20,
    pollEvery = 100,
    heartbeatEvery = 15_000,
    resetAfter = 5_000,
  }: EventStreamOptions = {},
): EventStream => {
  const clients = new Set<Client>();
  const feed = liveFeed(log, pollEvery, resetAfter);
  const heartbeats = ticks(heartbeatEvery).pipe(share());
  const stopped = new Subject<void>();
  let isStopped = false;

  const requireRoom = (sub: string | undefined): void => {
    if (isStopped || clients.size >= maxClients) throw new ProblemError(problems.overloaded());
    const own = sub === undefined ? 0 : [...clients].filter((client) => client.sub === sub).length;
    if (own >= maxOfSubject) throw new ProblemError(problems.tooManyRequests(RETRY_SUBJECT));
  };

  /** Steps that come while a client is still being sent an earlier one are left out: it catches up from its cursor. */
  const stepsFor = (client: Client) => {
    const isLost = lasting(resetAfter);
    return feed.pipe(
      exhaustMap((step) => {
        if (isLost(!isAtLeast(step.to, client.at))) reset(client, step.to);
        if (isAtLeast(client.at, step.from)) return send(client, step) ? EMPTY : defer(() => drained(client.res));
        // When the log cannot be read, the next step finds the client where it is.
        return defer(() => catchUp(client, log, step.to).catch(() => {}));
      }),
    );
  };

  const heartbeatsFor = ({ res }: Client) =>
    heartbeats.pipe(
      tap(() => {
        if (!res.writableNeedDrain) res.write(':\n\n');
      }),
    );

  return {
    async connect(res, { after, caller, seen = EVERYTHING.seen } = {}) {
      requireRoom(caller?.sub);
      const head = await log.head();
      if (res.destroyed) return;
      requireRoom(caller?.sub);
      const client: Client = { res, at: after ?? head, sub: caller?.sub, seen };
      clients.add(client);
      res.on('error', () => res.destroy());
      res.writeHead(200, EVENT_STREAM);
      res.write(`retry: ${RETRY}\nid: ${formatCursor(client.at)}\n\n`);

      // A client whose token expired comes back with one that is valid.
      const expired = caller ? ticks(Math.min(Math.max(0, caller.expiresAt - machine.now()), MAX_TIMER)) : NEVER;
      const over = merge(fromEvent(res, 'close'), expired, stopped);
      merge(stepsFor(client), heartbeatsFor(client))
        .pipe(takeUntil(over))
        .subscribe({
          complete() {
            clients.delete(client);
            res.end();
          },
        });
    },
    stop() {
      isStopped = true;
      stopped.next();
    },
  };
};
