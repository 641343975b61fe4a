import type { Request, RequestHandler, Response } from 'express';
import type { Admission } from '../../platform/http/admission.ts';
import { type Problem, ProblemError, problems } from '../../platform/http/problem.ts';
import { machine, type Timer } from '../../platform/machine/machine.ts';
import { isTransient } from '../../platform/subscriptions/transient.ts';
import { earlier } from './event-cursor.ts';
import type { Lags } from './lags.ts';
import type { Positions } from './positions.ts';
import { parseMinEventPosition, parseWait } from './preferences.ts';

/** MaxTimeMSExpired. */
const OUT_OF_TIME = 50;

const isAway = (error: unknown): boolean => isTransient(error) || (error as { code?: unknown })?.code === OUT_OF_TIME;

/**
 * Awaits an answer of the read models.
 * @param within milliseconds in which they must answer
 * @param late makes the problem when they do not
 * @throws ProblemError 503 when they are unavailable or do not answer in time
 */
export const fromViews = async <Found>(
  read: Promise<Found>,
  within: number,
  late: () => Problem = problems.viewsUnavailable,
): Promise<Found> => {
  let timer: Timer | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new ProblemError(late()));
    // Timers run before I/O: when the event loop was blocked, the answer may have arrived already.
    timer = machine.setTimer(() => machine.setTimer(() => machine.nextTurn(giveUp), 0), within);
  });
  try {
    return await Promise.race([read, tooLate]);
  } catch (error) {
    throw isAway(error) ? new ProblemError(problems.viewsUnavailable()) : error;
  } finally {
    machine.clearTimer(timer);
  }
};

/**
 * Runs a query against the read models when there is room for it. @throws ProblemError 503 as {@link fromViews} does
 */
export type Ask = <Found>(query: () => Promise<Found>) => Promise<Found>;

/**
 * Bounds the queries in flight, so that the burst of one client neither uses all connections to MongoDB nor delays the
 * queries of others. A query whose turn does not come in time is refused as `overloaded`, if others were answered.
 * @param within milliseconds for a query, including its time in the queue
 */
export const boundedQueries = (admit: Admission, within: number): Ask => {
  let answeredAt = Number.NEGATIVE_INFINITY;
  return (query) => {
    const askedAt = machine.elapsed();
    let hasBegun = false;
    const late = () => (!hasBegun && answeredAt > askedAt ? problems.overloaded() : problems.viewsUnavailable());
    const inTurn = async () => {
      if (machine.elapsed() - askedAt > within) throw new ProblemError(late());
      hasBegun = true;
      const found = await fromViews(query(), within);
      answeredAt = machine.elapsed();
      return found;
    };
    return fromViews(admit(inTurn), within, late);
  };
};

/** The client closed the connection, so no answer is sent. */
class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/** Ignores the error of a client that has left, and rethrows any other. */
export const unlessGone = (error: unknown): void => {
  if (!(error instanceof ClientGoneError)) throw error;
};

/** Returns a handler that ends quietly when its client has left. */
export const unlessLeft =
  (handle: (req: Request, res: Response) => Promise<void>): RequestHandler =>
  (req, res) =>
    handle(req, res).catch(unlessGone);

/**
 * Returns the position that a view has reached.
 * @throws ProblemError 503 while it has never been built: a document that it lacks may exist
 */
export const requireBuilt = async (
  view: string,
  { positions, answerWithin }: { positions: Positions; answerWithin: number },
): Promise<bigint> => {
  const reached = await fromViews(positions.reached(view), answerWithin);
  if (reached === null) throw notBuilt(view);
  return reached;
};

const notBuilt = (view: string) =>
  new ProblemError(problems.viewsUnavailable(`${view} is being built for the first time`));

/** The dependencies of {@link awaitPosition}. */
export type Waiting = {
  positions: Positions;
  lags: Lags;
  /** Milliseconds until the read models count as unavailable. */
  answerWithin: number;
  /** Bounds the requests that wait for a view. */
  waits: Admission;
};

/**
 * Waits, as far as the request asks for it, until the views have reached its Min-Event-Position.
 * @param mayLack whether a view that has never been built counts as empty, for a document over many views
 * @returns headers with the position and the lag of the views
 * @throws ProblemError 400 for malformed headers; 503 when a view is not built or has not reached the position, or too
 *   many requests wait
 */
export const awaitPosition = async (
  req: Request,
  res: Response,
  views: readonly string[],
  models: Waiting,
  mayLack = false,
): Promise<Record<string, string>> => {
  const { positions, lags, answerWithin } = models;
  if (views.length === 1) void lags.of(views[0]!);
  const minimum = parseMinEventPosition(req.headers['min-event-position'] as string | undefined);
  let all: (bigint | null)[];
  const headers: Record<string, string> = {};
  if (minimum === undefined) {
    all = await fromViews(Promise.all(views.map((view) => positions.reached(view))), answerWithin);
  } else {
    const wait = parseWait(req.headers.prefer as string | undefined);
    if (wait !== undefined) headers['Preference-Applied'] = `wait=${wait}`;
    all = await reachedAll(res, views, minimum, (wait ?? 0) * 1000, models);
  }
  const lacking = all.indexOf(null);
  if (lacking !== -1 && !mayLack) throw notBuilt(views[lacking]!);
  const known = all.map((position) => position ?? -1n);
  const behind = minimum === undefined ? -1 : known.findIndex((position) => position < minimum);
  if (behind !== -1) throw new ProblemError(problems.viewBehind(views[behind]!, known[behind]!.toString()));
  headers['View-Position'] = known.reduce(earlier).toString();
  const lag = views.length === 1 ? await lags.of(views[0]!) : undefined;
  if (lag !== undefined) headers['View-Lag'] = lag;
  return headers;
};

const reachedAll = async (
  res: Response,
  views: readonly string[],
  minimum: bigint,
  wait: number,
  { positions, answerWithin, waits }: Waiting,
): Promise<(bigint | null)[]> => {
  const gone = new AbortController();
  const onClose = () => gone.abort(new ClientGoneError());
  res.once('close', onClose);
  if (res.destroyed) onClose();
  try {
    const reached = (within: number) =>
      Promise.all(views.map((view) => positions.waitFor(view, minimum, within, gone.signal)));
    const now = await fromViews(reached(0), answerWithin);
    if (wait === 0 || now.every((position) => position !== null && position >= minimum)) return now;
    return await waits(() => reached(wait));
  } catch (error) {
    throw isTransient(error) ? new ProblemError(problems.viewsUnavailable()) : error;
  } finally {
    res.off('close', onClose);
  }
};
