import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent } from 'node:http';
import type { Request, Response } from 'express';
import { createProxyServer } from 'httpxy';
import { createApp } from '../platform/http/app.ts';
import { problem, problems, sendProblem } from '../platform/http/problem.ts';
import { closes, forwardedHeaders, stripHopByHop } from './wiring/forwarding.ts';
import { limitsOf } from './wiring/limits.ts';
import { createLog, logFailures } from './wiring/log.ts';
import { serve } from './wiring/serve.ts';
import { readSettings, type Settings } from './wiring/settings.ts';
import { main, onShutdown } from './wiring/shutdown.ts';

const sendAway = (res: ServerResponse, side: string): void => {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const { retryAfter, ...body } = problem(503, `${side}-unavailable`, `The ${side} is not available`, {
    retryAfter: 1,
  });
  res.writeHead(503, { 'Content-Type': 'application/problem+json', 'Retry-After': String(retryAfter) });
  res.end(JSON.stringify(body));
};

/** What operators do goes to the projections; else GET and HEAD are queries, the rest are commands. */
const sideOf = ({ url = '', method }: IncomingMessage, settings: Settings): { side: string; target: string } => {
  if (url.startsWith('/operations/')) return { side: 'projections', target: settings.PROJECTIONS_URL };
  if (method === 'GET' || method === 'HEAD') return { side: 'read-api', target: settings.READ_API_URL };
  return { side: 'write-side', target: settings.WRITE_SIDE_URL };
};

/** `npm run gateway`: the single entry in front of separate processes. */
await main(async () => {
  const settings = readSettings();
  const log = createLog(settings.LOG_LEVEL, 'gateway');
  const serving = await serve(settings, settings.PORT);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const proxy = createProxyServer({ agent, proxyTimeout: 60_000 });
  proxy.on('proxyRes', ({ headers }, _req, res) => {
    stripHopByHop(headers);
    headers.connection = res.getHeader('Connection') === 'close' ? 'close' : 'keep-alive';
  });
  const pass = async (req: Request, res: Response): Promise<void> => {
    // Metrics are for the inside: they are read at each side.
    if (/^\/metrics\/*$/.test(req.path)) return sendProblem(res, problems.notFound());
    const { side, target } = sideOf(req, settings);
    if (closes(req.headers)) res.setHeader('Connection', 'close');
    forwardedHeaders(req, settings.TRUSTED_PROXIES, target);
    try {
      await proxy.web(req, res, { target });
    } catch (error) {
      log.warn({ target, error: error instanceof Error ? error.message : String(error) }, 'no answer');
      sendAway(res, side);
    }
  };
  const limits = limitsOf('entry', settings, log);
  serving.handle(createApp([...limits.handlers, pass], [], logFailures(log)));
  onShutdown(async () => {
    await serving.close();
    agent.destroy();
    await limits.stop();
  });
  log.info(`gateway listens on ${serving.url}`);
});
