import { Router } from 'express';
import { sendJson } from './problem.ts';

/** How a check went. The detail is for operators. */
export type Check = { ok: boolean; detail?: string };

export type HealthOptions = {
  /** What the process needs to do its work, by name. A check that throws has failed. */
  checks: Readonly<Record<string, () => Promise<Check>>>;
  /** Whether the process is on its way to its end, and wants no more work. */
  stopping(): boolean;
};

/** Milliseconds after which a check that says nothing has failed. */
const CHECK_WITHIN = 2000;

const UNCACHED = { 'Cache-Control': 'no-store' };

const run = async (check: () => Promise<Check>): Promise<Check> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Check>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: 'no answer in time' }), CHECK_WITHIN);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
};

/**
 * `GET /livez`: 200 as long as the process answers at all. `GET /readyz`: 200 when it can do its work, else 503; with
 * `?verbose` the outcome of each check.
 */
export const healthRoutes = ({ checks, stopping }: HealthOptions): Router => {
  const router = Router({ caseSensitive: true });
  router.get('/livez', (_req, res) => sendJson(res, 200, { status: 'ok' }, UNCACHED));
  router.get('/readyz', async (req, res) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await run(check)] as const),
    );
    const isReady = !stopping() && results.every(([, { ok }]) => ok);
    const status = isReady ? 'ok' : stopping() ? 'stopping' : 'failing';
    const isVerbose = new URLSearchParams(req.url.split('?')[1]).has('verbose');
    const body = isVerbose ? { status, checks: Object.fromEntries(results) } : { status };
    sendJson(res, isReady ? 200 : 503, body, UNCACHED);
  });
  return router;
};
