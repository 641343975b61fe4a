import { Router } from 'express';
import { withDeadline } from '../machine/deadline.ts';
import { sendJson } from './problem.ts';

/** The outcome of a check. The detail is for operators. */
export type Check = { ok: boolean; detail?: string };

/** Checks by name. A check that throws has failed. */
export type Checks = Readonly<Record<string, () => Promise<Check>>>;

export type HealthOptions = {
  /** Conditions for the process to do its work. */
  checks: Checks;
  /** Checks that `?verbose` shows and that do not make the process unready. */
  informational?: Checks;
  /** Whether the process is shutting down and takes no more work. */
  stopping(): boolean;
};

/** Milliseconds after which a check without an outcome has failed. */
const CHECK_WITHIN = 2000;

const UNCACHED = { 'Cache-Control': 'no-store' };

const run = async (check: () => Promise<Check>): Promise<Check> => {
  try {
    return await withDeadline(check(), CHECK_WITHIN, () => new Error('no answer in time'));
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
};

const runAll = async (checks: Checks): Promise<Record<string, Check>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await run(check)] as const)),
  );

/** Returns whether the process can do its work, as `/readyz` does. */
export const isReady = async ({ checks, stopping }: Pick<HealthOptions, 'checks' | 'stopping'>): Promise<boolean> =>
  !stopping() && Object.values(await runAll(checks)).every(({ ok }) => ok);

/**
 * Serves `GET /livez`, 200 while the process runs, independent of anything else, and `GET /readyz`, 200 while it can do
 * its work, else 503; with `?verbose` the outcome of each check.
 */
export const healthRoutes = ({ checks, informational = {}, stopping }: HealthOptions): Router => {
  const router = Router({ caseSensitive: true });
  router.get('/livez', (_req, res) => sendJson(res, 200, { status: 'ok' }, UNCACHED));
  router.get('/readyz', async (req, res) => {
    const isVerbose = new URLSearchParams(req.url.split('?')[1]).has('verbose');
    const [results, more] = await Promise.all([runAll(checks), isVerbose ? runAll(informational) : {}]);
    const isReady = !stopping() && Object.values(results).every(({ ok }) => ok);
    const status = isReady ? 'ok' : stopping() ? 'stopping' : 'failing';
    const body = isVerbose ? { status, checks: { ...results, ...more } } : { status };
    sendJson(res, isReady ? 200 : 503, body, UNCACHED);
  });
  return router;
};
