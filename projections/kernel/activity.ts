import { type Activity, activityView } from '../../schemas/kernel/activity.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { type AnyEvent, type Projection, projection } from './projection.ts';

/** For how many minutes back from the newest event a context's activity is kept. */
export const KEPT_MINUTES = 120;

const MINUTE = 60_000;

const minuteOf = (time: number): string => new Date(time - (time % MINUTE)).toISOString();

const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The same of a time as it is written: of one in its usual form without going through a number. */
const minuteAt = (time: string): string =>
  UTC.test(time) ? `${time.slice(0, 16)}:00.000Z` : minuteOf(Date.parse(time));

/** The minutes since a moment, and the one before them: it tells the level that they began with. */
const since = (minutes: Activity['minutes'], moment: string): Activity['minutes'] => {
  const first = minutes.findIndex(({ at }) => at >= moment);
  return first > 1 ? minutes.slice(first - 1) : minutes;
};

/**
 * A context's last hours, minute by minute: one document, as long as it ever gets after {@link KEPT_MINUTES} busy
 * minutes. A minute is the event's own; an event that comes after one of a later minute counts for that one, so the
 * order of the log alone decides.
 * @param changes by how much an event of a type raises or lowers the level: what is taken at the moment
 */
export const activity = <const Context extends ContextSchema>(
  context: Context,
  changes: Readonly<Partial<Record<keyof Context['events'] & string, number>>>,
): Projection =>
  projection({
    context: context as ContextSchema,
    name: activityView(context) as `${string}.activity`,
    // It counts every type, so one more changes what is stored.
    version: Object.keys(context.events).length,
    events: Object.keys(context.events),
    key: () => 'activity',
    evolve: (activity: Activity | null, { type, metadata }: AnyEvent): Activity => {
      const { level: before, minutes } = activity ?? { level: 0, minutes: [] };
      const level = before + ((changes as Readonly<Record<string, number>>)[type] ?? 0);
      const last = minutes.at(-1);
      const at = minuteAt(metadata.time);
      if (last && at <= last.at)
        return { level, minutes: minutes.with(-1, { at: last.at, level, events: last.events + 1 }) };
      const kept = since(minutes, minuteOf(Date.parse(at) - KEPT_MINUTES * MINUTE));
      return { level, minutes: [...kept, { at, level, events: 1 }] };
    },
    indexes: [],
  });
