import { Router } from 'express';
import { LRUCache } from 'lru-cache';
import type { Document } from 'mongodb';
import { etagOf, sendTagged } from '../platform/http/conditional.ts';
import { queryOf, readAll, readText } from '../platform/http/parameters.ts';
import { permitted } from '../platform/identity/caller.ts';
import { machine } from '../platform/machine/machine.ts';
import type { ReadStatus } from '../platform/subscriptions/status.ts';
import { isTransient } from '../platform/subscriptions/transient.ts';
import { EventCursor } from '../schemas/kernel/control-center.ts';
import { historyView } from '../schemas/kernel/history.ts';
import type { ReadContext } from './kernel/context.ts';
import { earlier, formatCursor, parseCursor } from './kernel/event-cursor.ts';
import { type EventLog, openEventLog } from './kernel/event-log.ts';
import { EVENT_STREAM, type EventStreamOptions, openEventStream } from './kernel/event-stream.ts';
import type { ReadModels } from './kernel/queries.ts';
import { awaitPosition, fromViews, unlessLeft } from './kernel/reading.ts';
import { overviewDb, type Sight, sightOf } from './kernel/scope.ts';

const LATEST = 30;

/** Documents that are kept for readers who see different parts of the contexts. */
const SIGHTS = 200;

/**
 * Milliseconds for which a document is sent again, and the share of the time that may be spent on building it: many
 * readers cost as much as one, and many lots no more than few. A query may take as long as its document is sent: later
 * readers get it, even when the first one no longer waits.
 */
const MAX_AGE = { least: 250, most: 5000 };
const SHARE = 0.1;

const shownStatus = ({
  _id,
  worker,
  progressAt,
  updatedAt,
  secondsUnanswered,
  isReported,
  reason,
  ...shown
}: ReadStatus): Document => ({
  name: _id,
  ...shown,
  ...(shown.state === 'stopped' && reason ? { reason } : {}),
});

/** Seconds of lag or silence from which a status shows them: below, they differ between any two reads. */
const SHOWN_SECONDS = 2;

/** A status without what changes when nothing happens. Equal ones say the same to a reader. */
const withoutClock = ({
  position,
  tail,
  secondsBehind,
  secondsSinceProgress,
  secondsSinceReport,
  ...kept
}: Document) => ({
  ...kept,
  ...(secondsBehind < SHOWN_SECONDS ? {} : { secondsBehind }),
  ...(kept.state === 'stopped' ? { secondsSinceReport } : {}),
});

/** QueryPlanKilled, CursorNotFound: a view was switched for a new one while it was read. Reading it again works. */
const SWITCHED = new Set<unknown>([175, 43]);

type Built = { position: bigint; text: string; etag: string };

/** The context of a view, policy or process manager: `parking` of `parking.lots` and of `policy:parking.closing`. */
const contextOf = (name: string): string => name.replace(/^.*:/, '').split('.')[0] ?? '';

/** Builds the document for readers who see the same of every context: at most once at a time. */
const documentBuilder = (
  contexts: readonly ReadContext[],
  models: ReadModels,
  log: EventLog,
  onError: (error: unknown) => void,
  sight: Sight,
) => {
  const { db, positions, timeZone, now, statuses } = models;
  const views = viewsOf(contexts);
  let last: (Built & { freshUntil: number }) | undefined;
  let building: Promise<Built> | undefined;

  const overview = async (context: ReadContext, isAgain = false): Promise<object | null> => {
    const seen = sight.filter(context.schema.name);
    if (!seen) return null;
    try {
      return await context.overview(overviewDb(db, seen, MAX_AGE.most), { now: now(), timeZone });
    } catch (error) {
      if (!isAgain && SWITCHED.has((error as { code?: unknown }).code)) return overview(context, true);
      if (isTransient(error)) throw error;
      onError(error);
      return null;
    }
  };

  const build = async (): Promise<Built> => {
    const began = machine.elapsed();
    const [reached, cursor] = await Promise.all([Promise.all(views.map(positions.reached)), log.head()]);
    const unbuilt = new Set(views.filter((_, at) => reached[at] === null));
    const isBuilt = (context: ReadContext) => !viewsOf([context]).some((view) => unbuilt.has(view));
    const overviewOf = async (context: ReadContext) => (isBuilt(context) ? overview(context) : null);
    const [parts, latest, projections] = await Promise.all([
      Promise.all(contexts.map(async (context) => [context.schema.name, await overviewOf(context)] as const)),
      log.latest(cursor, LATEST, sight),
      statuses(),
    ]);
    const position = reached.map((at) => at ?? -1n).reduce(earlier);
    const document = {
      time: now(),
      position: position.toString(),
      contexts: Object.fromEntries(parts),
      events: latest.map(({ entry }) => entry),
      eventCursor: formatCursor(cursor),
      projections: projections.filter(({ _id }) => sight.filter(contextOf(_id))).map(shownStatus),
    };
    const took = machine.elapsed() - began;
    last = {
      position,
      text: JSON.stringify(document),
      etag: etagOf(JSON.stringify({ ...document, time: '', projections: document.projections.map(withoutClock) })),
      freshUntil: began + Math.min(Math.max(MAX_AGE.least, took / SHARE), MAX_AGE.most),
    };
    return last;
  };

  const next = (): Promise<Built> => {
    building ??= build().finally(() => {
      building = undefined;
    });
    return building;
  };

  /** @param minimum the position that the document must have reached */
  return async (minimum: bigint): Promise<Built> => {
    if (last && machine.elapsed() < last.freshUntil && last.position >= minimum) return last;
    const built = await next();
    return built.position >= minimum ? built : next();
  };
};

/** Returns the views that the queries and the histories of contexts read. */
export const viewsOf = (contexts: readonly ReadContext[]): string[] => [
  ...new Set(
    contexts.flatMap(({ schema }) => [...Object.values(schema.queries).map(({ view }) => view), historyView(schema)]),
  ),
];

const logOf = (contexts: readonly ReadContext[], { db, positions }: ReadModels): EventLog => {
  const names = contexts.map(({ schema }) => schema.name);
  return openEventLog(db, names, async (view) => (await positions.reached(view)) ?? -1n);
};

/** GET /control-center: one document over every context. */
export const controlCenterRoutes = (
  contexts: readonly ReadContext[],
  models: ReadModels,
  onError: (error: unknown) => void,
): Router => {
  const router = Router({ caseSensitive: true });
  const log = logOf(contexts, models);
  const views = viewsOf(contexts);
  const schemas = contexts.map(({ schema }) => schema);
  const builders = new LRUCache<string, ReturnType<typeof documentBuilder>>({ max: SIGHTS });
  const build = (sight: Sight, minimum: bigint): Promise<Built> => {
    const builder = builders.get(sight.key) ?? documentBuilder(contexts, models, log, onError, sight);
    builders.set(sight.key, builder);
    return builder(minimum);
  };
  router.get(
    '/control-center',
    unlessLeft(async (req, res) => {
      readAll(queryOf(req.url), new Map());
      const headers = await awaitPosition(req, res, views, models, true);
      const isDemanding = req.headers['min-event-position'] !== undefined;
      const { position, text, etag } = await fromViews(
        build(sightOf(res, schemas), isDemanding ? BigInt(headers['View-Position']!) : -1n),
        models.answerWithin,
      );
      const shown = {
        'Content-Type': 'application/json',
        ...headers,
        'View-Position': position.toString(),
        'Cache-Control': 'no-store',
      };
      await sendTagged(req, res, text, shown, etag);
    }),
  );
  return router;
};

/** GET /control-center/events: the events of every context as they reach the views. */
export const eventStream = (
  contexts: readonly ReadContext[],
  models: ReadModels,
  options: EventStreamOptions | undefined,
): { router: Router; stop(): void } => {
  const router = Router({ caseSensitive: true });
  const schemas = contexts.map(({ schema }) => schema);
  const names = schemas.map(({ name }) => name);
  const stream = openEventStream(logOf(contexts, models), options);
  const after = new Map([['after', readText(EventCursor)]]);

  router.get('/control-center/events', async (req, res) => {
    const from = req.get('Last-Event-ID') ?? readAll(queryOf(req.url), after).get('after');
    const cursor = from === undefined || from === '' ? undefined : parseCursor(String(from), names);
    if (req.method === 'HEAD') res.writeHead(200, EVENT_STREAM).end();
    else await stream.connect(res, { after: cursor, caller: permitted(res).caller, seen: sightOf(res, schemas).seen });
  });

  return { router, stop: stream.stop };
};
