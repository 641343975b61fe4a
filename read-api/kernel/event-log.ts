import type { Db, Document } from 'mongodb';
import { HistoryEntry, historyId, historyView } from '../../schemas/kernel/history.ts';
import type { EventCursor } from './event-cursor.ts';

/** An event out of a context's history, with where it stands. */
export type LoggedEvent = { context: string; position: bigint; entry: Document };

type Stored = Document & { _id: string; position: string };

/** The events of several contexts as one log, out of their histories. */
export type EventLog = ReturnType<typeof openEventLog>;

const FIELDS = { _id: 0, ...Object.fromEntries(Object.keys(HistoryEntry.properties).map((field) => [field, 1])) };

const byPosition = (a: LoggedEvent, b: LoggedEvent): number =>
  a.position < b.position ? -1 : a.position > b.position ? 1 : 0;

/**
 * @param contexts names of the contexts
 * @param reached how far a view has come. Events beyond may be there already, but others before them may not.
 */
export const openEventLog = (db: Db, contexts: readonly string[], reached: (view: string) => Promise<bigint>) => {
  const viewOf = (name: string) => historyView({ name });
  const historyOf = (name: string) => db.collection<Stored>(viewOf(name));
  const logged =
    (context: string) =>
    (entry: Document): LoggedEvent => ({ context, position: BigInt(entry.position), entry: { context, ...entry } });

  return {
    contexts,

    /** How far each context's history has come. */
    async head(): Promise<EventCursor> {
      return new Map(await Promise.all(contexts.map(async (name) => [name, await reached(viewOf(name))] as const)));
    },

    /**
     * The events after one cursor up to another, in order, at most `limit` of each context.
     * @returns the events, and how far each context was read
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
          const found = await historyOf(name)
            .find({ _id: { $gte: historyId(low + 1n), $lte: historyId(high) } }, { projection: FIELDS })
            .sort({ _id: 1 })
            .limit(limit)
            .toArray();
          const events = found.map(logged(name));
          return { name, events, high: events.length === limit ? events.at(-1)!.position : high };
        }),
      );
      return {
        events: parts.flatMap(({ events }) => events).sort(byPosition),
        to: new Map(parts.map(({ name, high }) => [name, high])),
      };
    },

    /** The latest events up to a cursor, the newest first. */
    async latest(to: EventCursor, limit: number): Promise<LoggedEvent[]> {
      const parts = await Promise.all(
        contexts.map(async (name) => {
          const high = to.get(name) ?? -1n;
          if (high < 0n) return [];
          const found = await historyOf(name)
            .find({ _id: { $lte: historyId(high) } }, { projection: FIELDS })
            .sort({ _id: -1 })
            .limit(limit)
            .toArray();
          return found.map(logged(name));
        }),
      );
      return parts
        .flat()
        .sort((a, b) => byPosition(b, a))
        .slice(0, limit);
    },
  };
};
