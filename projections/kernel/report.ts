import type { Document } from 'mongodb';
import type { Static } from 'typebox';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import {
  CAPACITY_IDS,
  CELL,
  type Increments,
  type ReportCapacity,
  type ReportCell,
  type ReportDay,
  reportDayId,
  reportView,
} from '../../schemas/kernel/report.ts';
import type { AnyEvent, Projection } from './projection.ts';

type Events = ContextSchema['events'];
type Data<All extends Events, Type extends keyof All> = Static<All[Type]['data']>;

type Counted<All extends Events> = { readonly [Type in keyof All]?: (data: Data<All, Type>) => Increments };
type Sized<All extends Events> = {
  readonly [Type in keyof All]?: (data: Data<All, Type>) => readonly [resource: string, capacity: Sizing];
};

/** The effect of an event on a resource: a capacity, a closing for a while, or a reopening. */
type Sizing = number | 'closed' | 'open';

/**
 * Declares the view of a context's report, from which `/control-center/reports` sums days and hours:
 *
 *     report(parking, {
 *       version: 1,
 *       counts: {
 *         ParkingReserved: ({ amount }) => ({ bookings: 1, revenue: amount, taken: 1 }),
 *         ReservationCanceled: () => ({ cancellations: 1, taken: -1 }),
 *       },
 *       capacity: { LotRegistered: ({ lotId, spots }) => [lotId, spots] },
 *     });
 *
 * A document for each UTC day holds the sums of its quarters of an hour, so a batch of events costs one read and one
 * write, however many streams they come from. The event's own time decides the quarter. A document for each resource
 * holds its capacity over time.
 * @throws TypeError for an event in `counts` and in `capacity`: an event changes one document
 */
export const report = <Context extends ContextSchema>(
  context: Context,
  definition: {
    /** Raised with every change of the functions. */
    version: number;
    /** The figures that each event adds. */
    counts: Counted<Context['events']>;
    /** The capacity of a resource since the event: 0 once it is closed for ever. */
    capacity?: Sized<Context['events']>;
  },
): Projection => reportOf(context, definition as object as Definition);

type Definition = {
  version: number;
  counts: Readonly<Record<string, (data: unknown) => Increments>>;
  capacity?: Readonly<Record<string, (data: unknown) => readonly [string, Sizing]>>;
};

const DAY = 24 * 60 * 60_000;

const reportOf = (context: ContextSchema, { version, counts, capacity = {} }: Definition): Projection => {
  const twice = Object.keys(counts).find((type) => Object.hasOwn(capacity, type));
  if (twice !== undefined) throw new TypeError(`The report of ${context.name} has ${twice} in counts and in capacity`);
  return {
    context,
    name: reportView(context),
    version,
    events: [...Object.keys(counts), ...Object.keys(capacity)],
    key: ({ type, data, metadata }) => {
      const sized = capacity[type]?.(data);
      return sized ? CAPACITY_IDS + sized[0] : reportDayId(utcDay(metadata.time));
    },
    evolve: (document, event) => {
      const { type, data } = event;
      const sized = capacity[type]?.(data);
      return sized
        ? resized(document as ReportCapacity | null, sized[1], event)
        : counted(document as ReportDay | null, counts[type]!(data), event);
    },
    indexes: [],
  };
};

/** Returns the UTC day of a time. The usual form needs no parsing, which is costly in a replay. */
const utcDay = (time: string): string =>
  (time.endsWith('Z') ? time : new Date(time).toISOString()).slice(0, 'YYYY-MM-DD'.length);

/** A time before the resource's last step counts as that step's: the order of the resource's stream decides. */
const resized = (document: ReportCapacity | null, sizing: Sizing, { metadata }: AnyEvent): Document => {
  const { steps, whenOpen } = document ?? { steps: [] };
  const last = steps.at(-1);
  const size = typeof sizing === 'number' ? sizing : (whenOpen ?? last?.capacity ?? 0);
  const isClosed = sizing === 'closed' || (sizing !== 'open' && whenOpen !== undefined);
  const time = new Date(metadata.time).toISOString();
  const isLater = !last || time > last.at;
  const step = { at: isLater ? time : last.at, capacity: isClosed ? 0 : size };
  return { steps: [...(isLater ? steps : steps.slice(0, -1)), step], ...(isClosed ? { whenOpen: size } : {}) };
};

const counted = (document: ReportDay | null, added: Increments, { metadata }: AnyEvent): Document => {
  const { cells, taken } = document ?? { cells: [], taken: 0 };
  const inDay = Date.parse(metadata.time) % DAY;
  const number = Math.floor(inDay / CELL);
  const change = added.taken ?? 0;
  const takenFor = change * ((number + 1) * CELL - inDay);
  const cell = sumOf(cells[number], change === 0 ? added : { ...added, takenFor });
  const between = Array.from({ length: number - cells.length }, () => null);
  return {
    cells: number < cells.length ? cells.with(number, cell) : [...cells, ...between, cell],
    taken: taken + change,
  };
};

const sumOf = (cell: ReportCell | null | undefined, added: ReportCell): ReportCell => {
  const sum: Record<string, number> = { ...cell };
  for (const [name, by] of Object.entries(added)) if (by !== 0) sum[name] = (sum[name] ?? 0) + by;
  return sum;
};
