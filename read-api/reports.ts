import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Request, type Response, Router } from 'express';
import type { Document } from 'mongodb';
import { sendTaggedJson } from '../platform/http/conditional.ts';
import { BYTE_ORDER_MARK, csvRow } from '../platform/http/csv.ts';
import { queryOf, readAll, readText } from '../platform/http/parameters.ts';
import { ProblemError, problems } from '../platform/http/problem.ts';
import { wrongAt } from '../platform/http/validation.ts';
import { plus } from '../schemas/kernel/calendar.ts';
import type { ContextSchema, ReportSchema } from '../schemas/kernel/context.ts';
import { type Period, periods } from '../schemas/kernel/periods.ts';
import {
  CAPACITY_IDS,
  CELL,
  ReportBucket,
  type ReportCapacity,
  type ReportCell,
  type ReportDay,
  ReportPeriod,
  reportDayId,
  reportView,
} from '../schemas/kernel/report.ts';
import { rangeOf, readMoment } from './kernel/list-filters.ts';
import type { ReadModels } from './kernel/queries.ts';
import { awaitPosition, unlessLeft } from './kernel/reading.ts';
import { sightOf } from './kernel/scope.ts';

const HOUR = 3_600_000;

/** The longest range: bounds the documents and the rows of an answer. In days. */
const LONGEST = { day: 1_100, hour: 366 };
/** The range when the request names none, up to now. In hours. */
const USUAL = { day: 30 * 24, hour: 24 };

const parameters = new Map([
  ['from', readMoment],
  ['to', readMoment],
  ['by', readText(ReportPeriod)],
]);

type Asked = { from: string; to: string; by: 'day' | 'hour' };

/** @throws ProblemError 400 for a range that ends before it begins, or is too long */
const askedOf = (req: Request, now: string): Asked => {
  const given = Object.fromEntries(readAll(queryOf(req.url), parameters)) as Partial<Asked>;
  const { by = 'day', to = now } = given;
  const { from = plus(to, { hours: -USUAL[by] }) } = given;
  const refuse = (detail: string) => new ProblemError(problems.invalid([wrongAt(['from'], detail)]));
  if (from > to) throw refuse('must not be after `to`');
  if (Date.parse(to) - Date.parse(from) > LONGEST[by] * 24 * HOUR)
    throw refuse(`must be at most ${LONGEST[by]} days before \`to\``);
  return { from, to, by };
};

type Levels = { taken: number; capacity: number } | null;
type Sums = Required<Pick<ReportBucket, 'bookings' | 'cancellations' | 'noShows' | 'revenue' | 'refunds'>>;

/** Reads what the views hold of some periods. */
const reader = ({ db, ask, answerWithin }: ReadModels, schema: ContextSchema) => {
  const view = db.collection<Document & { _id: string }>(reportView(schema));
  const maxTimeMS = answerWithin;
  const dayOf = (moment: number) => reportDayId(new Date(moment).toISOString().slice(0, 10));

  return {
    /** Returns the cells that begin in a range, oldest first. */
    async cells(from: number, to: number): Promise<{ start: number; cell: ReportCell }[]> {
      const within = { $gte: dayOf(from), $lte: dayOf(to) };
      const days = await ask(() => view.find({ _id: within }, { maxTimeMS }).sort({ _id: 1 }).toArray());
      return days
        .flatMap(({ _id, ...day }) => {
          const midnight = Date.parse(_id.slice(reportDayId('').length));
          return (day as ReportDay).cells.flatMap((cell, number) =>
            cell ? { start: midnight + number * CELL, cell } : [],
          );
        })
        .filter(({ start }) => start >= from && start < to);
    },

    /** Returns the amount in use at a moment. */
    async takenAt(moment: number): Promise<number> {
      const before = { _id: { $gte: reportDayId(''), $lt: dayOf(moment) } };
      const sum = { $group: { _id: null, taken: { $sum: '$taken' } } };
      const [earlier, sameDay] = await Promise.all([
        ask(() => view.aggregate<{ taken: number }>([{ $match: before }, sum], { maxTimeMS }).toArray()),
        this.cells(moment - (moment % (24 * HOUR)), moment),
      ]);
      return sameDay.reduce((all, { cell }) => all + (cell.taken ?? 0), earlier[0]?.taken ?? 0);
    },

    /** Returns the changes of the capacity of all resources together, oldest first. */
    async capacityChanges(): Promise<{ at: number; by: number }[]> {
      // `/` follows `.`: these are the ids that begin with it.
      const ids = { $gte: CAPACITY_IDS, $lt: `${CAPACITY_IDS.slice(0, -1)}/` };
      const resources = await ask(() => view.find({ _id: ids }, { maxTimeMS }).toArray());
      return resources
        .flatMap((resource) => {
          const { steps } = resource as unknown as ReportCapacity;
          return steps.map(({ at, capacity }, step) => ({
            at: Date.parse(at),
            by: capacity - (steps[step - 1]?.capacity ?? 0),
          }));
        })
        .sort((a, b) => a.at - b.at);
    },
  };
};

/**
 * Returns the average amount in use and the average capacity of each period, up to now.
 * @returns null for a period that has not begun
 */
const averages = async (
  read: ReturnType<typeof reader>,
  spans: readonly Period[],
  cells: readonly { start: number; cell: ReportCell }[],
  now: number,
): Promise<Levels[]> => {
  const first = spans[0];
  if (!first) return [];
  const [opening, changes] = await Promise.all([read.takenAt(first.start), read.capacityChanges()]);
  let taken = opening;
  let capacity = 0;
  let cell = 0;
  let change = 0;
  for (; change < changes.length && changes[change]!.at < first.start; change++) capacity += changes[change]!.by;
  return spans.map(({ start, end }) => {
    let takenArea = taken * (end - start);
    for (; cell < cells.length && cells[cell]!.start < end; cell++) {
      const { start: cellStart, cell: sums } = cells[cell]!;
      takenArea += (sums.taken ?? 0) * (end - cellStart - CELL) + (sums.takenFor ?? 0);
      taken += sums.taken ?? 0;
    }
    let capacityArea = capacity * (end - start);
    for (; change < changes.length && changes[change]!.at < end; change++) {
      const { at, by } = changes[change]!;
      capacityArea += by * (end - at);
      capacity += by;
    }
    if (start >= now) return null;
    const left = Math.max(0, end - now);
    const length = end - start - left;
    return { taken: (takenArea - taken * left) / length, capacity: (capacityArea - capacity * left) / length };
  });
};

/** Returns the places of the resources that begin in each period, and how many of them are taken. */
const ofResources = async (
  { db, ask, answerWithin, timeZone }: ReadModels,
  schema: ContextSchema,
  { view, at, taken, capacity, only = {} }: NonNullable<ReportSchema['places']>,
  spans: readonly Period[],
): Promise<Levels[]> => {
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) return [];
  const item = Object.values(schema.queries).find((query) => query.view === view)!.item;
  const { bounds, momentOf } = rangeOf(item, at, timeZone);
  const range = bounds(new Date(first.start).toISOString(), new Date(last.end).toISOString());
  const chosen = Object.fromEntries(Object.entries(only).map(([field, values]) => [field, { $in: [...values] }]));
  const found = await ask(() =>
    db
      .collection(view)
      .find({ ...chosen, [at]: range }, { projection: { [at]: 1, [taken]: 1, [capacity]: 1 }, maxTimeMS: answerWithin })
      .sort({ [at]: 1, _id: 1 })
      .toArray(),
  );
  let next = 0;
  return spans.map(({ end }) => {
    const levels = { taken: 0, capacity: 0 };
    for (; next < found.length && Date.parse(momentOf(found[next]![at])) < end; next++) {
      levels.taken += found[next]![taken];
      levels.capacity += found[next]![capacity];
    }
    return levels;
  });
};

const rounded = (value: number, digits: number): number => Number(Math.max(0, value).toFixed(digits));

const bucketOf = (label: string, sums: Sums, levels: Levels | undefined): ReportBucket => ({
  start: label,
  occupancy: levels && levels.capacity > 0 ? rounded(levels.taken / levels.capacity, 4) : null,
  taken: levels ? rounded(levels.taken, 2) : null,
  capacity: levels ? rounded(levels.capacity, 2) : null,
  ...sums,
});

const bucketsOf = async (models: ReadModels, schema: ContextSchema, asked: Asked, now: number) => {
  const spans = [...periods(asked.from, asked.to, asked.by, models.timeZone)];
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) return [];
  const read = reader(models, schema);
  const cells = await read.cells(first.start, last.end);
  const { places } = schema.report!;
  const levels = places ? await ofResources(models, schema, places, spans) : await averages(read, spans, cells, now);
  let next = 0;
  return spans.map(({ end, label }, at) => {
    const sums: Sums = { bookings: 0, cancellations: 0, noShows: 0, revenue: 0, refunds: 0 };
    for (; next < cells.length && cells[next]!.start < end; next++)
      for (const name of Object.keys(sums) as (keyof Sums)[]) sums[name] += cells[next]!.cell[name] ?? 0;
    return bucketOf(label, sums, levels[at]);
  });
};

const COLUMNS = Object.keys(ReportBucket.properties) as (keyof ReportBucket)[];

function* rowsOf(buckets: readonly ReportBucket[]): Generator<string> {
  yield BYTE_ORDER_MARK + csvRow(COLUMNS);
  for (const bucket of buckets) yield csvRow(COLUMNS.map((column) => bucket[column]));
}

/** GET /control-center/reports/{context}: its days or hours, as JSON or CSV. */
export const reportRoutes = (contexts: readonly ContextSchema[], models: ReadModels): Router => {
  const router = Router({ caseSensitive: true });

  const answer = async (req: Request, res: Response, schema: ContextSchema): Promise<void> => {
    const time = models.now();
    const asked = askedOf(req, time);
    if (!sightOf(res, contexts).isWhole(schema.name)) throw new ProblemError(problems.forbidden());
    const { places } = schema.report!;
    const views = [reportView(schema), ...(places ? [places.view] : [])];
    const headers = { ...(await awaitPosition(req, res, views, models)), 'Cache-Control': 'no-store', Vary: 'Accept' };
    const buckets = await bucketsOf(models, schema, asked, Date.parse(time));
    if (req.accepts('application/json', 'text/csv') !== 'text/csv') {
      const { by } = asked;
      await sendTaggedJson(req, res, { context: schema.name, timeZone: models.timeZone, by, buckets }, headers);
      return;
    }
    res.writeHead(200, {
      ...headers,
      'Content-Type': 'text/csv; charset=utf-8; header=present',
      'Content-Disposition': `attachment; filename="${schema.name}-report.csv"`,
    });
    await pipeline(Readable.from(rowsOf(buckets)), res);
  };

  router.get(
    '/control-center/reports/:context',
    unlessLeft(async (req, res) => {
      const schema = contexts.find(({ name }) => name === req.params.context);
      if (!schema?.report) throw new ProblemError(problems.notFound());
      await answer(req, res, schema);
    }),
  );
  return router;
};
