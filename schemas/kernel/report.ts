import { type Static, Type } from 'typebox';
import type { ContextSchema } from './context.ts';
import { Strict } from './values.ts';

/** Returns the name of the view that holds a context's report. */
export const reportView = (context: Pick<ContextSchema, 'name'>): string => `${context.name}.report`;

/** Milliseconds of a cell, the smallest part of a report: the offsets of all time zones are multiples of it. */
export const CELL = 15 * 60_000;

/** The figures that an event adds to a report. `taken` is the change of the amount in use. */
export type Increments = Readonly<
  Partial<Record<'bookings' | 'cancellations' | 'noShows' | 'revenue' | 'refunds' | 'taken', number>>
>;

/**
 * The sums of a cell. `takenFor` is the sum of each change of the amount in use times the milliseconds from the change
 * to the end of the cell, so the average over the cell does not depend on the order of the events.
 */
export type ReportCell = Increments & { takenFor?: number };

/** A UTC day of a report: its cells from midnight to the last one with an event. Null stands for one without events. */
export type ReportDay = { cells: readonly (ReportCell | null)[]; taken: number };

/** The capacity of one resource since each moment, in the order of its events, and the one that it will reopen with. */
export type ReportCapacity = { steps: readonly { at: string; capacity: number }[]; whenOpen?: number };

/** Returns the `_id` of a day's document. @param day UTC, `2026-01-31` */
export const reportDayId = (day: string): string => `day.${day}`;

/** The `_id` of a resource's capacity begins with it. */
export const CAPACITY_IDS = 'capacity.';

const Count = Type.Integer({ minimum: 0, examples: [3] });
const Amount = Type.Integer({ minimum: 0, examples: [15_000] });
const Level = (description: string) => Type.Union([Type.Number({ minimum: 0 }), Type.Null()], { description });

export const ReportPeriod = Type.Unsafe<'day' | 'hour'>(Type.String({ enum: ['day', 'hour'], default: 'day' }));

export const ReportBucket = Strict({
  start: Type.String({ description: 'The day, or the first moment of the hour.', examples: ['2026-01-31'] }),
  occupancy: Level('`taken` divided by `capacity`, 1 when all is taken; null without capacity.'),
  taken: Level('The amount in use; null for a time that has not begun.'),
  capacity: Level('The amount that could be in use; null for a time that has not begun.'),
  bookings: Count,
  cancellations: Count,
  noShows: Count,
  revenue: Amount,
  refunds: Amount,
});

export type ReportBucket = Static<typeof ReportBucket>;

/** The answer of `/control-center/reports/{context}`. */
export const Report = Strict({
  context: Type.String({ examples: ['parking'] }),
  timeZone: Type.String({ description: 'Of the days and hours.', examples: ['Asia/Seoul'] }),
  by: ReportPeriod,
  buckets: Type.Array(ReportBucket, { description: 'Every day or hour that the range touches, whole, oldest first.' }),
});
