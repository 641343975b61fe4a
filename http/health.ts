import { Router } from 'express';
import { sendJson } from './problem.ts';

/** Resolves when all is well, rejects with the reason when it is not. */
export type Check = () => Promise<void>;

const CHECK_WITHIN = 2000;

const outcome = async (check: Check): Promise<string> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_WITHIN);
  });
  try {
    await Promise.race([check(), late]);
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * GET /livez: the process runs. GET /readyz: it can do its work; 503 when a check fails. With `?verbose` each check is
 * told by name.
 */
export const healthRoutes = (checks: Readonly<Record<string, Check>>): Router => {
  const router = Router({ caseSensitive: true });
  router.get('/livez', (_req, res) => sendJson(res, 200, { status: 'ok' }, UNCACHED));
  router.get('/readyz', async (req, res) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await outcome(check)] as const),
    );
    const isReady = results.every(([, result]) => result === 'ok');
    const status = isReady ? 'ok' : 'failing';
    const isVerbose = new URLSearchParams(req.url.split('?')[1]).has('verbose');
    const body = isVerbose ? { status, checks: Object.fromEntries(results) } : { status };
    sendJson(res, isReady ? 200 : 503, body, UNCACHED);
  });
  return router;
};

const UNCACHED = { 'Cache-Control': 'no-store' };
