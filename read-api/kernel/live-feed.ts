import { defer, map, type Observable, ReplaySubject, repeat, retry, share } from 'rxjs';
import { lasting } from '../../platform/machine/lasting.ts';
import { ticks } from '../../platform/machine/ticks.ts';
import { type EventCursor, earlier, formatCursor, isAtLeast, later } from './event-cursor.ts';
import type { EventLog, LoggedEvent } from './event-log.ts';

/** An event with the cursor after it, and as a message of server-sent events. */
export type FeedMessage = { event: LoggedEvent; at: EventCursor; text: string };

/** Every event between two cursors, in order. A client that is at `from` is at `to` after it. */
export type FeedStep = { from: EventCursor; to: EventCursor; messages: readonly FeedMessage[] };

/** The most events of each context in one step. */
export const PAGE = 200;

/** Returns an event as a message whose id is the cursor after it. */
export const messageText = ({ position, entry }: LoggedEvent, at: EventCursor): string =>
  `id: ${formatCursor(at, position)}\ndata: ${JSON.stringify(entry)}\n\n`;

/** Returns events that were read between two cursors as a step. */
export const stepOf = (events: readonly LoggedEvent[], from: EventCursor, to: EventCursor): FeedStep => ({
  from,
  to,
  messages: events.map((event) => {
    const at = new Map(
      [...to].map(([name, high]) => [name, later(from.get(name) ?? -1n, earlier(high, event.position))]),
    );
    return { event, at, text: messageText(event, at) };
  }),
});

/**
 * The events of all contexts as they reach the views: one hot observable, shared by its subscribers. It reads the log
 * while it has subscribers, and reads again from the same place when the log cannot be read. A new subscriber gets the
 * latest step first, and with it the cursor from which on it misses nothing.
 * @param pollEvery milliseconds between two reads; together with {@link PAGE} it throttles the feed
 * @param resetAfter milliseconds for which the log must end before the feed until the feed goes back to the log's end
 */
export const liveFeed = (log: EventLog, pollEvery: number, resetAfter: number): Observable<FeedStep> =>
  defer(() => {
    let head: EventCursor | undefined;
    const isLost = lasting(resetAfter);
    const nextTime = () => ticks(pollEvery);
    const read = async () => {
      const reached = await log.head();
      const from = head && !isLost(!isAtLeast(reached, head)) ? head : reached;
      const { events, to } = await log.between(from, reached, PAGE);
      head = to;
      return { events, from, to };
    };
    return defer(read).pipe(retry({ delay: nextTime }), repeat({ delay: nextTime }));
  }).pipe(
    map(({ events, from, to }) => stepOf(events, from, to)),
    share({ connector: () => new ReplaySubject(1) }),
  );
