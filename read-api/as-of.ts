import { type NextFunction, type Request, type Response, Router } from 'express';
import { LRUCache } from 'lru-cache';
import type { Document } from 'mongodb';
import { type AskedMoment, askedMoment } from '../platform/http/as-of.ts';
import { ProblemError, problems, sendJson } from '../platform/http/problem.ts';
import { type Caller, permitted } from '../platform/identity/caller.ts';
import { checkpoints } from '../platform/subscriptions/checkpoints.ts';
import { askForMoments, readMoments } from '../platform/subscriptions/moments.ts';
import type { ContextSchema } from '../schemas/kernel/context.ts';
import { SEARCH } from '../schemas/kernel/found.ts';
import { historyId, historyView, queriesOf } from '../schemas/kernel/history.ts';
import type { MomentProgress } from '../schemas/kernel/moments.ts';
import { controlCenterReaders } from '../schemas/system.ts';
import { later } from './kernel/event-cursor.ts';
import { type FoldEntries, momentDb, NotBuiltError } from './kernel/moment-db.ts';
import type { ReadModels } from './kernel/queries.ts';
import { fromViews, requireBuilt } from './kernel/reading.ts';

/** The parts with which queries read documents as they were. */
export type Past = {
  fold: FoldEntries;
  /** The version that the history of each context must have, by context. */
  historyVersions: ReadonlyMap<string, number>;
};

/** A moment of the log: everything up to a position. */
type Moment = {
  /** Of the last event. */
  position: bigint;
  /** When the last event happened. */
  happenedAt: string;
  /** The present of the answer: the time that the request names, or that of the last event. */
  now: string;
};

export type AsOfOptions = {
  contexts: readonly ContextSchema[];
  models: ReadModels;
  past: Past;
  /** Returns the routes of queries over other read models. */
  routesOf(models: ReadModels): readonly Router[];
  /** Whether callers sign in. */
  isSignInOn: boolean;
};

/** The routes of one moment, and of one set of built views, that are kept. */
const KEPT = 20;
const MOMENTS_KEPT = 1_000;

/** The paths that read views of every context. */
const OF_ALL = new Set(['/control-center', '/control-center/activity', SEARCH]);
const EVENTS = '/control-center/events';
const REPORTS = '/control-center/reports/{context}';

const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`);

/**
 * Answers queries as of an earlier moment: with the headers As-Of and Accept-Datetime (RFC 7089, where every resource
 * is its own TimeGate). Every other request is left to the routes after it.
 */
export const asOfRoutes = ({ contexts, models, past, routesOf, isSignInOn }: AsOfOptions): Router => {
  const router = Router({ caseSensitive: true });
  const { db, answerWithin } = models;
  const names = contexts.map(({ name }) => name);
  const paths = [
    ...OF_ALL,
    REPORTS,
    ...contexts.flatMap((context) => Object.values(queriesOf(context)).map(({ path }) => path)),
  ];
  const patterns = paths.map(patternOf);
  const findMoment = momentFinder(contexts, models);
  const requireCurrent = historyCheck(models, past);

  const kept = new LRUCache<string, Router>({ max: KEPT });
  /** Returns the routes of a moment. @param collections of the views that are built up to it */
  const routesAt = ({ position, now }: Moment, collections: ReadonlyMap<string, string>): Router => {
    const key = [position, now, ...collections.values()].join(' ');
    const known = kept.get(key);
    if (known) return known;
    const own = Router({ caseSensitive: true });
    const reached = async () => position;
    const parts = routesOf({
      ...models,
      db: momentDb(db, { position, fold: past.fold, collections, maxTimeMS: answerWithin }),
      positions: { reached, waitFor: reached, stop: () => {} },
      lags: { of: async () => undefined },
      statuses: async () => [],
      now: () => now,
    });
    for (const part of parts) own.use(part);
    kept.set(key, own);
    return own;
  };

  /** Reads from views that are built up to the moment, or shows the progress of their build. */
  const fromBuilt = async (
    moment: Moment,
    needed: readonly string[],
    req: Request,
    res: Response,
    next: NextFunction,
  ) => {
    const position = moment.position.toString();
    const found = await fromViews(readMoments(db, position, needed), answerWithin);
    if (found.length === needed.length && found.every(({ state }) => state === 'ready')) {
      const collections = found.flatMap((each) => each.collections);
      return routesAt(moment, new Map(collections.map(({ view, collection }) => [view, collection])))(req, res, next);
    }
    const failed = found.find(({ state }) => state === 'failed');
    if (failed) throw new ProblemError(problems.viewsUnavailable(failed.reason));
    if (found.length < needed.length) {
      if (isSignInOn) requireReader(permitted(res).caller);
      const isRoom = await fromViews(askForMoments(db, position, needed), answerWithin);
      if (!isRoom) throw new ProblemError(problems.overloaded('The views of several other moments are in use'));
    }
    const progress: MomentProgress = {
      position,
      time: moment.happenedAt,
      state: found.some(({ state }) => state === 'building') ? 'building' : 'waiting',
      events: Math.max(0, ...found.map(({ events }) => events)),
      share: found.length < needed.length ? 0 : Math.min(...found.map(({ share }) => share)),
    };
    sendJson(res, 202, progress, { 'Retry-After': '1', 'Cache-Control': 'no-store' });
  };

  router.use(async (req, res, next) => {
    const isReading = req.method === 'GET' || req.method === 'HEAD';
    const asked = isReading ? askedMoment(req.headers) : undefined;
    if (!asked) return next();
    if (req.path === EVENTS)
      throw new ProblemError(problems.malformedRequest('The event stream has no earlier moments'));
    if (!patterns.some((pattern) => pattern.test(req.path))) return next();
    const moment = await findMoment(asked);
    res.setHeader('Memento-Datetime', new Date(moment.happenedAt).toUTCString());
    res.setHeader('Vary', 'As-Of, Accept-Datetime');
    res.setHeader('Link', `<${req.originalUrl}>; rel="original timegate"`);
    if (OF_ALL.has(req.path.replace(/\/$/, ''))) return fromBuilt(moment, names, req, res, next);
    await requireCurrent();
    routesAt(moment, new Map())(req, res, (error?: unknown) => {
      if (!(error instanceof NotBuiltError)) return next(error);
      fromBuilt(moment, [error.context], req, res, next).catch(next);
    });
  });
  return router;
};

/** Makes sure, once, that the histories name the documents that their events changed. */
const historyCheck = ({ db, answerWithin }: ReadModels, { historyVersions }: Past) => {
  const waiting = new Map([...historyVersions].map(([name, version]) => [historyView({ name }), version]));
  return async (): Promise<void> => {
    if (waiting.size === 0) return;
    const standing = await fromViews(
      checkpoints(db)
        .find({ view: { $in: [...waiting.keys()] } })
        .toArray(),
      answerWithin,
    );
    for (const { view, version } of standing) if (version >= (waiting.get(view) ?? Infinity)) waiting.delete(view);
    const [first] = waiting.keys();
    if (first !== undefined) throw new ProblemError(problems.viewsUnavailable(`${first} is being built`));
  };
};

/** Only readers of the control centre may have views built. @throws ProblemError 401 without a caller, 403 */
const requireReader = (caller: Caller | undefined): void => {
  if (!caller) throw new ProblemError(problems.unauthenticated());
  if (!caller.roles.some((role) => controlCenterReaders[role])) throw new ProblemError(problems.forbidden());
};

type Entry = Document & { _id: string; time: string; position: string };

/**
 * Returns a function that finds the moment that a request names: the last event up to a position or, for a time, the
 * event with the latest time up to it, and of those the last in the log.
 */
const momentFinder = (contexts: readonly ContextSchema[], models: ReadModels) => {
  const { db, answerWithin, ask, now } = models;
  const views = contexts.map(historyView);
  /** The moments of positions: a page asks for many documents as of the same one. */
  const moments = new LRUCache<bigint, Moment>({ max: MOMENTS_KEPT });
  const options = { projection: { time: 1, position: 1 }, maxTimeMS: answerWithin };

  /** Reads the first entry of every history in an order. */
  const firstOf = async (filter: Document, sort: Record<string, 1 | -1>): Promise<Entry[]> => {
    const found = await ask(() =>
      Promise.all(views.map((view) => db.collection<Entry>(view).find(filter, options).sort(sort).limit(1).toArray())),
    );
    return found.flat();
  };
  const refuse = (detail: string) => new ProblemError(problems.noSuchMoment(detail));
  const tooEarly = async () => {
    const first = (await firstOf({}, { _id: 1 })).sort((a, b) => (a._id < b._id ? -1 : 1))[0];
    return refuse(first ? `The first event is at ${first.position}, ${first.time}` : 'There are no events yet');
  };

  return async (asked: AskedMoment): Promise<Moment> => {
    const reached = await Promise.all(views.map((view) => requireBuilt(view, models)));
    const requireReached = (position: bigint) => {
      const behind = reached.findIndex((at) => at < position);
      if (behind !== -1) throw new ProblemError(problems.viewBehind(views[behind]!, reached[behind]!.toString()));
    };
    let found: Entry[];
    if ('position' in asked) {
      const front = reached.reduce(later, -1n);
      if (asked.position > front) throw refuse(`The last event that the views contain is at ${front}`);
      requireReached(asked.position);
      const known = moments.get(asked.position);
      if (known) return known;
      found = (await firstOf({ _id: { $lte: historyId(asked.position) } }, { _id: -1 })).sort((a, b) =>
        a._id < b._id ? 1 : -1,
      );
    } else {
      if (asked.time > now()) throw refuse(`It is ${now()}`);
      found = (await firstOf({ time: { $lte: asked.time } }, { time: -1, _id: -1 })).sort((a, b) =>
        a.time === b.time ? (a._id < b._id ? 1 : -1) : a.time < b.time ? 1 : -1,
      );
    }
    const [last] = found;
    if (!last) throw await tooEarly();
    const position = BigInt(last.position);
    requireReached(position);
    const moment = { position, happenedAt: last.time, now: 'time' in asked ? asked.time : last.time };
    if ('position' in asked) moments.set(asked.position, moment);
    return moment;
  };
};
