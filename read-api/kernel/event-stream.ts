import type { Response } from 'express';
import { ProblemError, problems } from '../../platform/http/problem.ts';
import type { Caller } from '../../platform/identity/caller.ts';
import { type EventCursor, earlier, formatCursor, later } from './event-cursor.ts';
import type { EventLog, LoggedEvent } from './event-log.ts';
import { EVERYTHING, type Sight } from './scope.ts';

/** Server-sent events for many clients out of one poll of the log. */
export type EventStream = {
  /**
   * Takes over the answer and sends the events after a cursor until the client leaves or its token expires.
   * @throws ProblemError 503 when there are too many clients, 429 when too many of them are one subject's
   */
  connect(res: Response, options?: ConnectOptions): Promise<void>;
  readonly clients: number;
  /** Ends every answer: the clients come back with the id of the last event they saw. */
  stop(): void;
};

export type ConnectOptions = {
  /** The head of the log when left out. */
  after?: EventCursor | undefined;
  /** Undefined where sign-in is off. */
  caller?: Pick<Caller, 'sub' | 'expiresAt'> | undefined;
  /** Which events the client sees; all when left out. */
  sees?: Sight['sees'];
};

export type EventStreamOptions = {
  maxClients?: number;
  /** Of one subject. */
  maxOfSubject?: number;
  /** Milliseconds between two looks at the log. */
  pollEvery?: number;
  /** Milliseconds between two comments that keep proxies from closing a quiet connection. */
  heartbeatEvery?: number;
};

/**
 * A client keeps no queue: while it is `live` it gets what every client gets; once it reads too slowly it is `behind`,
 * and reads the log by itself, at its own pace, from where it stands.
 */
type Client = {
  res: Response;
  at: EventCursor;
  state: 'live' | 'behind';
  sub: string | undefined;
  sees: Sight['sees'];
};

const PAGE = 200;
/** Milliseconds after which a client that reads nothing is cut off. */
const STALLED = 60_000;
/** Milliseconds until a browser comes back. */
const RETRY = 1000;
/** Seconds until a subject with too many connections may try again. */
const RETRY_SUBJECT = 10;
/** The longest time of a timer. */
const MAX_TIMER = 2 ** 31 - 1;

/** What an answer that never ends begins with. */
export const EVENT_STREAM = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
};

/** Each event with where a client stands after it. */
const withCursors = (
  events: readonly LoggedEvent[],
  from: EventCursor,
  to: EventCursor,
): { event: LoggedEvent; at: EventCursor }[] =>
  events.map((event) => ({
    event,
    at: new Map(
      [...to].map(([name, high]) => {
        const low = from.get(name) ?? -1n;
        return [name, later(low, earlier(high, event.position))];
      }),
    ),
  }));

const message = ({ event, at }: { event: LoggedEvent; at: EventCursor }): string =>
  `id: ${formatCursor(at, event.position)}\ndata: ${JSON.stringify(event.entry)}\n\n`;

const isAtLeast = (cursor: EventCursor, other: EventCursor): boolean =>
  [...other].every(([name, at]) => (cursor.get(name) ?? -1n) >= at);

/** The further of two cursors, context by context. */
const furthest = (a: EventCursor, b: EventCursor): EventCursor =>
  new Map(
    [...b].map(([name, at]) => {
      return [name, later(a.get(name) ?? -1n, at)];
    }),
  );

/** Resolves when the client has read what was written to it, or has gone. One that reads nothing is cut off. */
const drained = (res: Response): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    const timer = setTimeout(() => res.destroy(), STALLED);
    timer.unref();
    res.once('drain', done);
    res.once('close', done);
    if (res.destroyed || !res.writableNeedDrain) done();
  });

/** Opens the stream. It looks at the log while there are clients, and rests otherwise. */
export const openEventStream = (
  log: EventLog,
  { maxClients = 1000, maxOfSubject = 20, pollEvery = 100, heartbeatEvery = 15_000 }: EventStreamOptions = {},
): EventStream => {
  const clients = new Set<Client>();
  let head: EventCursor | undefined;
  let poll: NodeJS.Timeout | undefined;
  let stopped = false;

  /** Brings a client that is behind to the head, page by page, no faster than it reads. */
  const catchUp = async (client: Client): Promise<void> => {
    try {
      await drained(client.res);
      while (clients.has(client) && head && !isAtLeast(client.at, head)) {
        const from = client.at;
        const { events, to } = await log.between(from, head, PAGE);
        for (const next of withCursors(events, from, to)) {
          if (!clients.has(client)) return;
          client.at = next.at;
          if (!client.sees(next.event.context, next.event.entry.data)) continue;
          if (!client.res.write(message(next))) await drained(client.res);
        }
        client.at = to;
      }
      if (head && isAtLeast(head, client.at)) client.at = head;
      client.state = 'live';
    } catch {
      client.res.destroy();
    }
  };

  const fallBehind = (client: Client): void => {
    client.state = 'behind';
    void catchUp(client);
  };

  const broadcast = (events: readonly LoggedEvent[], from: EventCursor, to: EventCursor): void => {
    const shared = withCursors(events, from, to).map((next) => ({ ...next, text: message(next) }));
    const send = (client: Client): void => {
      const inStep = client.at === from;
      for (const { event, at, text } of shared) {
        if ((client.at.get(event.context) ?? -1n) >= event.position) continue;
        client.at = inStep ? at : furthest(client.at, at);
        if (!client.sees(event.context, event.entry.data)) continue;
        if (client.res.write(inStep ? text : message({ event, at: client.at }))) continue;
        fallBehind(client);
        return;
      }
      client.at = inStep ? to : furthest(client.at, to);
    };
    for (const client of clients) if (client.state === 'live' && !client.res.destroyed) send(client);
  };

  const look = async (): Promise<void> => {
    try {
      const reached = await log.head();
      const from = head ?? reached;
      const { events, to } = await log.between(from, reached, PAGE);
      head = to;
      broadcast(events, from, to);
    } catch {
      // The log is away: the clients wait, and the next look goes on from the same place.
    }
    poll = undefined;
    schedule();
  };

  const schedule = (): void => {
    if (stopped || poll !== undefined) return;
    if (clients.size === 0) head = undefined;
    else poll = setTimeout(look, pollEvery);
  };

  const heartbeat = setInterval(() => {
    for (const client of clients) {
      if (client.state === 'live' && !client.res.destroyed && !client.res.write(':\n\n')) fallBehind(client);
    }
  }, heartbeatEvery);
  heartbeat.unref();

  const requireRoom = (sub: string | undefined): void => {
    if (stopped || clients.size >= maxClients) throw new ProblemError(problems.overloaded());
    if (sub === undefined) return;
    let own = 0;
    for (const client of clients) if (client.sub === sub) own += 1;
    if (own >= maxOfSubject) throw new ProblemError(problems.tooManyRequests(RETRY_SUBJECT));
  };

  return {
    async connect(res, { after, caller, sees = EVERYTHING.sees } = {}) {
      requireRoom(caller?.sub);
      const reached = head ?? (await log.head());
      if (res.destroyed) return;
      requireRoom(caller?.sub);
      head ??= reached;
      const start = after ?? head;
      const client: Client = { res, at: start, state: 'behind', sub: caller?.sub, sees };
      const leave = () => {
        clearTimeout(expiry);
        clients.delete(client);
      };
      // The client comes back with a token that is valid.
      const end = () => {
        leave();
        res.end();
      };
      const left = caller ? Math.min(Math.max(0, caller.expiresAt - Date.now()), MAX_TIMER) : undefined;
      const expiry = left === undefined ? undefined : setTimeout(end, left);
      res.on('error', () => res.destroy());
      res.once('close', leave);
      res.writeHead(200, EVENT_STREAM);
      res.write(`retry: ${RETRY}\nid: ${formatCursor(start)}\n\n`);
      clients.add(client);
      schedule();
      void catchUp(client);
    },
    get clients() {
      return clients.size;
    },
    stop() {
      stopped = true;
      clearTimeout(poll);
      clearInterval(heartbeat);
      for (const { res } of clients) res.end();
      clients.clear();
    },
  };
};
