import type { Static } from 'typebox';
import { type Activity, activityView } from '../../schemas/kernel/activity.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { Projection } from './projection.ts';

/** The minutes of activity that are kept, counted back from the newest event. */
export const KEPT_MINUTES = 120;

const MINUTE = 60_000;

const minuteOf = (time: number): string => new Date(time - (time % MINUTE)).toISOString();

const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The same for a time as text. A time in its usual form needs no parsing, which is costly in a replay. */
const minuteAt = (time: string): string =>
  UTC.test(time) ? `${time.slice(0, 16)}:00.000Z` : minuteOf(Date.parse(time));

/** Returns the minutes since a moment, and the one before them, which has the level that they began with. */
const since = (minutes: Activity['minutes'], moment: string): Activity['minutes'] => {
  const first = minutes.findIndex(({ at }) => at >= moment);
  return first > 1 ? minutes.slice(first - 1) : minutes;
};

/**
 * Declares the view of a context's last hours, minute by minute. It has one document, which is bounded by
 * {@link KEPT_MINUTES} busy minutes. A minute is the event's own; an event that comes after one of a later minute
 * counts for the later minute, so the order of the log alone decides.
 * @param changes by how much an event of a type raises or lowers the level, which is the amount in use: a number, or a
 *   function of the event's data
 */
export const activity = <Context extends ContextSchema>(
  context: Context,
  changes: {
    readonly [Type in keyof Context['events'] & string]?:
      | number
      | ((data: Static<Context['events'][Type]['data']>) => number);
  },
): Projection => activityOf(context, new Map(Object.entries<Change>(changes as object as never)));

type Change = number | ((data: unknown) => number);

const activityOf = (context: ContextSchema, changes: ReadonlyMap<string, Change>): Projection => ({
  context,
  name: activityView(context),
  // It counts every type, so one more changes what is stored.
  version: Object.keys(context.events).length,
  events: Object.keys(context.events),
  key: () => 'activity',
  evolve: (document, { type, data, metadata }): Activity => {
    const { level: before, minutes } = (document as Activity | null) ?? { level: 0, minutes: [] };
    const change = changes.get(type) ?? 0;
    const level = before + (typeof change === 'number' ? change : change(data));
    const last = minutes.at(-1);
    const at = minuteAt(metadata.time);
    if (last && at <= last.at)
      return { level, minutes: minutes.with(-1, { at: last.at, level, events: last.events + 1 }) };
    const kept = since(minutes, minuteOf(Date.parse(at) - KEPT_MINUTES * MINUTE));
    return { level, minutes: [...kept, { at, level, events: 1 }] };
  },
  indexes: [],
});
