import type { Request, Response } from 'express';
import { ProblemError, problems } from '../../platform/http/problem.ts';
import { isTransient } from '../../platform/subscriptions/transient.ts';
import { earlier } from './event-cursor.ts';
import type { Lags } from './lags.ts';
import type { Positions } from './positions.ts';
import { parseMinEventPosition, parseWait } from './preferences.ts';

/**
 * Reads from the read models.
 * @param within milliseconds in which they must answer, or the client is told that they are away
 * @throws ProblemError 503 when they are away or do not answer in time
 */
export const fromViews = async <Found>(read: Promise<Found>, within: number): Promise<Found> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new ProblemError(problems.viewsUnavailable()));
    // Timers come before what has arrived: when this process was held up, the answer may be there already.
    timer = setTimeout(() => setTimeout(() => setImmediate(giveUp), 0), within);
  });
  try {
    return await Promise.race([read, late]);
  } catch (error) {
    throw isTransient(error) ? new ProblemError(problems.viewsUnavailable()) : error;
  } finally {
    clearTimeout(timer);
  }
};

/** The client closed the connection: nobody is left to be answered. */
class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/** Answers nothing to a client that has gone; other failures go their way. */
export const unlessGone = (error: unknown): void => {
  if (!(error instanceof ClientGoneError)) throw error;
};

/** @throws ProblemError 503 while a view has never been built: what it lacks may exist */
export const requireBuilt = async (
  view: string,
  { positions, answerWithin }: { positions: Positions; answerWithin: number },
): Promise<void> => {
  if ((await fromViews(positions.reached(view), answerWithin)) === null) throw notBuilt(view);
};

const notBuilt = (view: string) =>
  new ProblemError(problems.viewsUnavailable(`${view} is being built for the first time`));

/**
 * Waits, as far as the request asks for it, until the views have reached its Min-Event-Position.
 * @param mayLack whether a view that has never been built counts as empty, for a document over many views
 * @returns headers with the position and the lag of the views
 * @throws ProblemError 400 for malformed headers; 503 when a view is not built or has not reached the position
 */
export const awaitPosition = async (
  req: Request,
  res: Response,
  views: readonly string[],
  { positions, lags, answerWithin }: { positions: Positions; lags: Lags; answerWithin: number },
  mayLack = false,
): Promise<Record<string, string>> => {
  const minimum = parseMinEventPosition(req.headers['min-event-position'] as string | undefined);
  let all: (bigint | null)[];
  const headers: Record<string, string> = {};
  if (minimum === undefined) {
    all = await fromViews(Promise.all(views.map((view) => positions.reached(view))), answerWithin);
  } else {
    const wait = parseWait(req.headers.prefer as string | undefined);
    if (wait !== undefined) headers['Preference-Applied'] = `wait=${wait}`;
    all = await reachedAll(res, views, minimum, (wait ?? 0) * 1000, positions, answerWithin);
  }
  const lacking = all.indexOf(null);
  if (lacking !== -1 && !mayLack) throw notBuilt(views[lacking]!);
  const known = all.map((position) => position ?? -1n);
  const behind = minimum === undefined ? -1 : known.findIndex((position) => position < minimum);
  if (behind !== -1) throw new ProblemError(problems.viewBehind(views[behind]!, known[behind]!.toString()));
  headers['View-Position'] = known.reduce(earlier).toString();
  const lag = views.length === 1 ? lags.of(views[0]!) : undefined;
  if (lag !== undefined) headers['View-Lag'] = lag;
  return headers;
};

const reachedAll = async (
  res: Response,
  views: readonly string[],
  minimum: bigint,
  wait: number,
  positions: Positions,
  answerWithin: number,
): Promise<(bigint | null)[]> => {
  const gone = new AbortController();
  const onClose = () => gone.abort(new ClientGoneError());
  res.once('close', onClose);
  if (res.destroyed) onClose();
  try {
    const looks = views.map((view) => positions.waitFor(view, minimum, wait, gone.signal));
    return await (wait === 0 ? fromViews(Promise.all(looks), answerWithin) : Promise.all(looks));
  } catch (error) {
    throw isTransient(error) ? new ProblemError(problems.viewsUnavailable()) : error;
  } finally {
    res.off('close', onClose);
  }
};
