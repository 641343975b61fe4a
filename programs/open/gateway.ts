import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { type Admission, admission } from '../../platform/http/admission.ts';
import { createApp } from '../../platform/http/app.ts';
import { problem, problems, sendJson, sendProblem } from '../../platform/http/problem.ts';
import { parseWait } from '../../read-api/kernel/preferences.ts';
import { closes, contextIn, forwardedHeaders, stripHopByHop } from '../wiring/forwarding.ts';
import { limitsOf } from '../wiring/limits.ts';
import { type Log, logFailures } from '../wiring/log.ts';
import type { Host, Opened } from '../wiring/open-program.ts';
import { serve } from '../wiring/serve.ts';
import type { Settings } from '../wiring/settings.ts';
import { ask, NoAnswerError, type Targets, watchTargets } from '../wiring/targets.ts';

type Side = {
  name: 'projections' | 'read-api' | 'write-side';
  targets: Targets;
  /** Room for requests that are answered soon: a side that hangs blocks no other. */
  brief: Admission;
};

/** Watches the servers of each side, and of each context that has write sides of its own. */
const openSides = (settings: Settings, log: Log) => {
  const side = (name: Side['name'], urls: readonly string[]): Side => ({
    name,
    targets: watchTargets(urls, (target, isReady) =>
      isReady ? log.info({ target }, 'is ready') : log.warn({ target }, 'is not ready: others are asked first'),
    ),
    brief: admission(MAX_BRIEF, MAX_WAITING),
  });
  const contexts = Object.entries(settings.WRITE_SIDE_URLS).map(
    ([name, urls]) => [name, side('write-side', urls)] as const,
  );
  const sides = {
    projections: side('projections', settings.PROJECTIONS_URL),
    readApi: side('read-api', settings.READ_API_URL),
    writeSide: side('write-side', settings.WRITE_SIDE_URL),
    writeSideOf: new Map(contexts),
  };
  const { writeSideOf, ...others } = sides;
  return {
    ...sides,
    stop() {
      for (const { targets } of [...Object.values(others), ...writeSideOf.values()]) targets.stop();
    },
  };
};

const isSafe = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

/** Operations go to the projections; of the rest, GET and HEAD are queries, others are commands. */
const sideOf = (req: Request, sides: ReturnType<typeof openSides>): Side => {
  if (req.path.startsWith('/operations/')) return sides.projections;
  if (isSafe(req)) return sides.readApi;
  return sides.writeSideOf.get(contextIn(req.path)) ?? sides.writeSide;
};

/** Returns the resource that a command changes: its commands go to one write side, whose state is then current. */
const resourceOf = ({ path }: Request): string => /^\/[^/]+\/[^/]+\/[^/]+/.exec(path)?.[0] ?? path;

/** The words for a request without an answer. */
const withoutAnswer = ({ name }: Side, isQuery: boolean, isSent: boolean) =>
  problem(503, `${name}-unavailable`, `The ${name} is not available`, {
    retryAfter: 1,
    ...(isQuery
      ? {}
      : {
          detail: isSent
            ? 'The command may have been done: repeat it with the same Idempotency-Key'
            : 'The command was not done',
        }),
  });

/** Milliseconds for an answer, as in deploy/gateway/nginx.conf: a side without one by then hangs. */
const ANSWER_WITHIN = 10_000;

/** Milliseconds without which a request is not sent any more: it could not be answered in time. */
const LEAST = 1_000;

/** Milliseconds without a byte after which an answer counts as broken: longer than the heartbeats of event streams. */
const SILENT_FOR = 60_000;

/** The sides refuse bodies above 64 KiB; much larger ones are refused here. */
const MAX_BODY = 128 * 1024;

/** Reads the body of a request; undefined for a larger one. @throws when its client leaves */
const bodyOf = async (req: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
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

/** Sends the body of an answer. @throws when either end breaks off */
const passOn = async (answer: IncomingMessage, res: Response): Promise<void> => {
  const { socket } = answer;
  const broken = () => void answer.destroy();
  socket.setTimeout(SILENT_FOR, broken);
  await pipeline(answer, res).finally(() => socket.off('timeout', broken));
};

/** Returns the milliseconds that an answer may take, with those that the client allows. */
const patienceOf = ({ headers }: Request): number => {
  try {
    return ANSWER_WITHIN + (parseWait(headers.prefer?.toString()) ?? 0) * 1000;
  } catch {
    return ANSWER_WITHIN;
  }
};

/** Opens the gateway: the single entry in front of separate processes. */
export const openGateway = async ({ settings, log }: Host): Promise<Opened> => {
  const serving = await serve(settings, settings.PORT);
  const agents = { brief: new Agent({ keepAlive: true }), lasting: new Agent({ keepAlive: true }) };
  const lasting = admission(MAX_LASTING);
  const sides = openSides(settings, log);
  /** Answers that end only with a connection. */
  const eventStreams = new Set<Response>();

  /** Sends on the answer of a server. */
  const answerWith = async (req: Request, res: Response, answer: IncomingMessage): Promise<void> => {
    const { headers, statusCode = 502 } = answer;
    stripHopByHop(headers);
    if (req.httpVersion === '1.0') delete headers['transfer-encoding'];
    headers.connection = res.getHeader('Connection') === 'close' ? 'close' : 'keep-alive';
    res.writeHead(statusCode, headers);
    res.flushHeaders();
    if (isEventStream(req)) eventStreams.add(res);
    await passOn(answer, res).catch(() => void res.destroy());
    eventStreams.delete(res);
  };

  /**
   * Asks the servers of a side, one after the other, and sends on the first answer. Another one gets a command only if
   * the first certainly did not take it: no connection was made, or it answered 502, because the events are of a newer
   * version.
   * @throws NoAnswerError
   */
  const askSide = async (req: Request, res: Response, { targets }: Side, body: Buffer, until: number) => {
    const left = new AbortController();
    res.once('close', () => left.abort());
    const order = targets.inOrder(isSafe(req) ? undefined : resourceOf(req));
    const { method, url: path, headers } = req;
    const asked = { method, path, headers, body, agent: agents[durationOf(req)], signal: left.signal };
    for (const [index, target] of order.entries()) {
      const isLast = index === order.length - 1;
      const remaining = until - performance.now();
      if (remaining < LEAST) break;
      const end = targets.using(target);
      try {
        const answer = await ask(target, { ...asked, within: isSafe(req) && !isLast ? remaining / 2 : remaining });
        if (isSafe(req) || isLast || answer.statusCode !== 502) return await answerWith(req, res, answer);
        answer.resume();
      } catch (error) {
        if (left.signal.aborted) return;
        log.warn({ target, error: (error as Error).message }, 'no answer');
        targets.failed(target);
        if (isLast || (!isSafe(req) && (error as NoAnswerError).isSent)) throw error;
      } finally {
        end();
      }
    }
    throw new NoAnswerError('no time is left', false);
  };

  const pass = async (req: Request, res: Response): Promise<void> => {
    // Metrics are internal: they are read at each side.
    if (/^\/metrics\/*$/.test(req.path)) return sendProblem(res, problems.notFound());
    // The gateway's own health; each side has its own checks.
    if (req.path === '/livez') return sendJson(res, 200, { status: 'ok' }, { 'Cache-Control': 'no-store' });
    if (closes(req.headers)) res.setHeader('Connection', 'close');
    const until = performance.now() + patienceOf(req);
    const body = await bodyOf(req).catch(() => undefined);
    if (res.destroyed) return;
    if (!body) return sendProblem(res, problems.tooLarge(), { Connection: 'close' });
    forwardedHeaders(req, settings.TRUSTED_PROXIES);
    const side = sideOf(req, sides);
    const admit = durationOf(req) === 'lasting' ? lasting : side.brief;
    await admit(() => askSide(req, res, side, body, until)).catch((error) => {
      if (!(error instanceof NoAnswerError)) throw error;
      sendProblem(res, withoutAnswer(side, isSafe(req), error.isSent));
    });
  };
  const limits = limitsOf('entry', settings, log);
  serving.handle(createApp([...limits.handlers, pass], [], logFailures(log)));
  return {
    url: serving.url,
    ready: `gateway listens on ${serving.url}`,
    drains: 0,
    async close() {
      sides.stop();
      for (const res of eventStreams) res.destroy();
      await serving.close();
      for (const agent of Object.values(agents)) agent.destroy();
      await limits.stop();
    },
  };
};
