import type { Db, Document } from 'mongodb';
import { machine } from '../../platform/machine/machine.ts';
import { HistoryEntry, historyId, historyView } from '../../schemas/kernel/history.ts';
import { type EventCursor, earlier, later } from './event-cursor.ts';
import type { Sight } from './scope.ts';

/** An event of a context's history, with its position. */
export type LoggedEvent = { context: string; position: bigint; entry: Document };

type Stored = Document & { _id: string; position: string };

/** The events of several contexts as one log, read from their histories. */
export type EventLog = ReturnType<typeof openEventLog>;

/** The fields of an entry. */
const FIELDS = { _id: 0, ...Object.fromEntries(Object.keys(HistoryEntry.properties).map((field) => [field, 1])) };

/** Milliseconds after which MongoDB gives up. */
const MAX_TIME = 5_000;

const byPosition = (a: LoggedEvent, b: LoggedEvent): number =>
  a.position < b.position ? -1 : a.position > b.position ? 1 : 0;

/** Milliseconds for which the others wait for a context that is behind, so that events arrive in order. */
const GRACE = 1_000;

/** `direction`: 1 for the order of the log, -1 for the newest first. */
type Reading = { direction: 1 | -1; limit: number; maxTimeMS: number };

const readEvents = async (
  db: Db,
  context: string,
  filter: Document,
  { direction, limit, maxTimeMS }: Reading,
): Promise<LoggedEvent[]> => {
  const found = await db
    .collection<Stored>(historyView({ name: context }))
    .find(filter, { projection: FIELDS, maxTimeMS })
    .sort({ _id: direction })
    .limit(limit)
    .toArray();
  return found.map((entry) => ({ context, position: BigInt(entry.position), entry: { context, ...entry } }));
};

/** Returns the first events of several contexts that a reader sees, among those that fulfil a filter. */
export const readSeen = async (
  db: Db,
  contexts: readonly string[],
  sight: Sight,
  filterOf: (context: string) => Document,
  reading: Reading,
): Promise<LoggedEvent[]> => {
  const parts = await Promise.all(
    contexts.map(async (name) => {
      const seen = sight.filter(name, 'data.');
      return seen ? readEvents(db, name, { ...filterOf(name), ...seen }, reading) : [];
    }),
  );
  const inOrder = parts.flat().sort((a, b) => reading.direction * byPosition(a, b));
  return inOrder.slice(0, reading.limit).map((event) => {
    const { context, entry } = event;
    return { ...event, entry: { ...entry, data: sight.seen(context, entry.data) } };
  });
};

/**
 * @param contexts names of the contexts
 * @param reached returns a view's position. Events beyond it may be stored already while others before them are not.
 */
export const openEventLog = (db: Db, contexts: readonly string[], reached: (view: string) => Promise<bigint>) => {
  /** The position that each context has still to reach, and since when. */
  const awaited = new Map<string, { position: bigint; since: number }>();

  return {
    /**
     * Returns the cursor up to which the log is complete. Histories progress one by one, so the furthest waits for the
     * others for up to a second; a context that is further behind is not waited for.
     */
    async head(): Promise<EventCursor> {
      const heads = await Promise.all(
        contexts.map(async (name) => [name, await reached(historyView({ name }))] as const),
      );
      const front = heads.map(([, at]) => at).reduce(later, -1n);
      const now = machine.elapsed();
      let whole = front;
      for (const [name, at] of heads) {
        const before = awaited.get(name);
        const target = before && at < before.position ? before : { position: front, since: now };
        awaited.set(name, target);
        if (now - target.since < GRACE) whole = earlier(whole, at);
      }
      return new Map(heads.map(([name, at]) => [name, earlier(at, whole)]));
    },

    /**
     * Returns the events after one cursor up to another, in order, at most `limit` of each context.
     * @returns the events, and the cursor up to which each context was read
     */
    async between(
      from: EventCursor,
      to: EventCursor,
      limit: number,
    ): Promise<{ events: LoggedEvent[]; to: EventCursor }> {
      const parts = await Promise.all(
        contexts.map(async (name) => {
          const low = from.get(name) ?? -1n;
          const high = to.get(name) ?? low;
          if (high <= low) return { name, events: [], high: low };
          const within = { _id: { $gte: historyId(low + 1n), $lte: historyId(high) } };
          const events = await readEvents(db, name, within, { direction: 1, limit, maxTimeMS: MAX_TIME });
          return { name, events, high: events.length === limit ? events.at(-1)!.position : high };
        }),
      );
      return {
        events: parts.flatMap(({ events }) => events).sort(byPosition),
        to: new Map(parts.map(({ name, high }) => [name, high])),
      };
    },

    /** Returns the latest events up to a cursor that a reader sees, the newest first. */
    latest(to: EventCursor, limit: number, sight: Sight): Promise<LoggedEvent[]> {
      const upTo = (name: string) => ({ _id: { $lte: historyId(to.get(name) ?? -1n) } });
      return readSeen(db, contexts, sight, upTo, { direction: -1, limit, maxTimeMS: MAX_TIME });
    },
  };
};
