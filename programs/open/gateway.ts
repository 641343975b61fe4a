import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent } from 'node:http';
import type { Request, Response } from 'express';
import { createProxyServer } from 'httpxy';
import { admission } from '../../platform/http/admission.ts';
import { createApp } from '../../platform/http/app.ts';
import { problem, problems, sendProblem } from '../../platform/http/problem.ts';
import { closes, forwardedHeaders, stripHopByHop } from '../wiring/forwarding.ts';
import { limitsOf } from '../wiring/limits.ts';
import { logFailures } from '../wiring/log.ts';
import type { Host, Opened } from '../wiring/open-program.ts';
import { serve } from '../wiring/serve.ts';
import type { Settings } from '../wiring/settings.ts';

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

/**
 * Operations go to the projections; of the rest, GET and HEAD are queries, others are commands. The first segment of a
 * path names its context, which may have a write side of its own.
 */
const sideOf = ({ url = '', method }: IncomingMessage, settings: Settings): { side: string; target: string } => {
  if (url.startsWith('/operations/')) return { side: 'projections', target: settings.PROJECTIONS_URL[0]! };
  if (method === 'GET' || method === 'HEAD') return { side: 'read-api', target: settings.READ_API_URL[0]! };
  const context = /^\/([^/?]*)/.exec(url)?.[1] ?? '';
  return { side: 'write-side', target: (settings.WRITE_SIDE_URLS[context] ?? settings.WRITE_SIDE_URL)[0]! };
};

/** Requests in flight, and more that wait; further ones get 503. */
const MAX_BRIEF = 256;
const MAX_WAITING = 2_000;

/**
 * Event streams, and queries that wait for a view. They have a bound of their own, so that they block no other
 * requests.
 */
const MAX_LASTING = 2_000;

const isEventStream = ({ path }: Request): boolean => path.startsWith('/control-center/events');

const durationOf = (req: Request): 'brief' | 'lasting' =>
  isEventStream(req) || req.headers['min-event-position'] !== undefined ? 'lasting' : 'brief';

/** Opens the gateway: the single entry in front of separate processes. */
export const openGateway = async ({ settings, log }: Host): Promise<Opened> => {
  const serving = await serve(settings, settings.PORT);
  const agents = { brief: new Agent({ keepAlive: true }), lasting: new Agent({ keepAlive: true }) };
  const admit = { brief: admission(MAX_BRIEF, MAX_WAITING), lasting: admission(MAX_LASTING) };
  const proxy = createProxyServer({ proxyTimeout: 60_000 });
  proxy.on('proxyRes', ({ headers }, _req, res) => {
    stripHopByHop(headers);
    headers.connection = res.getHeader('Connection') === 'close' ? 'close' : 'keep-alive';
  });
  /** Answers that end only with a connection. */
  const eventStreams = new Set<Response>();
  const pass = async (req: Request, res: Response): Promise<void> => {
    // Metrics are internal: they are read at each side.
    if (/^\/metrics\/*$/.test(req.path)) return sendProblem(res, problems.notFound());
    const { side, target } = sideOf(req, settings);
    if (closes(req.headers)) res.setHeader('Connection', 'close');
    forwardedHeaders(req, settings.TRUSTED_PROXIES, target);
    const duration = durationOf(req);
    if (isEventStream(req)) {
      eventStreams.add(res);
      res.once('close', () => eventStreams.delete(res));
    }
    await admit[duration](async () => {
      if (res.destroyed) return;
      try {
        await proxy.web(req, res, { target, agent: agents[duration] });
      } catch (error) {
        log.warn({ target, error: error instanceof Error ? error.message : String(error) }, 'no answer');
        sendAway(res, side);
      }
    });
  };
  const limits = limitsOf('entry', settings, log);
  serving.handle(createApp([...limits.handlers, pass], [], logFailures(log)));
  return {
    url: serving.url,
    ready: `gateway listens on ${serving.url}`,
    drains: 0,
    async close() {
      for (const res of eventStreams) res.destroy();
      await serving.close();
      for (const agent of Object.values(agents)) agent.destroy();
      await limits.stop();
    },
  };
};
