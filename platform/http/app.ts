import { isUtf8 } from 'node:buffer';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Router,
} from 'express';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { queriesOf } from '../../schemas/kernel/history.ts';
import { systemRoutes } from '../../schemas/system.ts';
import { asksForMoment } from './as-of.ts';
import { ProblemError, problems, sendProblem } from './problem.ts';

/** The most bytes that a request's body may have. */
const BODY_LIMIT = 64 * 1024;

/** Converts a path to Express's form: `/lots/{lotId}` to `/lots/:lotId`. */
export const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

const bodyProblems: Record<string, () => ReturnType<typeof problems.malformedJson>> = {
  'entity.parse.failed': () => problems.malformedJson(),
  'entity.not.utf8': () => problems.malformedJson('It is not UTF-8'),
  'entity.too.large': problems.tooLarge,
  'charset.unsupported': problems.unsupportedMediaType,
  'encoding.unsupported': problems.unsupportedMediaType,
};

/** Decoding would silently replace bytes that are not UTF-8, and the event would differ from the request. */
const mustBeUtf8 = (_req: unknown, _res: unknown, body: Buffer, encoding: string): void => {
  if (encoding === 'utf-8' && !isUtf8(body)) throw Object.assign(new Error('not UTF-8'), { type: 'entity.not.utf8' });
};

const parseJson = express.json({ limit: BODY_LIMIT, verify: mustBeUtf8 });

/** Reads a JSON body of up to {@link BODY_LIMIT}; a body of any other type is 415. */
export const jsonBody: RequestHandler = (req, res, next) => {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (hasBody && !req.is('application/json')) return next(new ProblemError(problems.unsupportedMediaType()));
  parseJson(req, res, next);
};

/** Finds the methods of a path, as Allow lists them; undefined for a path that no resource has. */
type MethodsOf = (path: string) => readonly string[] | undefined;

type Route = { method: string; path: string };

/** The routes that a router always refuses in this process. */
const refusing = new WeakMap<RequestHandler, readonly Route[]>();

/** Marks routes of a router that it always refuses in this process: OPTIONS leaves them out. */
export const withRefused = (router: Router, routes: readonly Route[]): Router => {
  refusing.set(router, routes);
  return router;
};

/**
 * @param contexts the contexts whose paths are known
 * @param refused the routes that are always refused
 */
const methodsOf = (contexts: readonly ContextSchema[], refused: readonly Route[]): MethodsOf => {
  const methods = new Map<string, Set<string>>();
  const add = (path: string, ...names: string[]) => {
    const known = methods.get(path) ?? new Set<string>();
    for (const name of names) known.add(name);
    methods.set(path, known);
  };
  for (const { method, path } of systemRoutes) add(path, method, ...(method === 'GET' ? ['HEAD'] : []));
  for (const context of contexts) {
    for (const { path } of Object.values(queriesOf(context))) add(path, 'GET', 'HEAD');
    for (const { http } of Object.values(context.commands)) if (http) add(http.path, http.method);
  }
  for (const { method, path } of refused) methods.get(path)?.delete(method);
  const resources = [...methods].map(([path, allowed]) => ({
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
    allowed: [...allowed],
  }));
  return (path) => {
    const known = resources.filter(({ pattern }) => pattern.test(path));
    return known.length === 0 ? undefined : [...new Set(known.flatMap(({ allowed }) => allowed)), 'OPTIONS'];
  };
};

/** Answers OPTIONS before a router does: a router knows its own routes only. */
const answerOptions =
  (methods: MethodsOf): RequestHandler =>
  (req, res, next) => {
    const allow = req.method === 'OPTIONS' ? methods(req.path) : undefined;
    if (allow) res.writeHead(204, { Allow: allow.join(', ') }).end();
    else next();
  };

/** Refuses a command with the headers of an earlier moment: a command changes the present. */
const refuseCommandsInThePast: RequestHandler = ({ method, headers }, _res, next) => {
  const isReading = method === 'GET' || method === 'HEAD';
  if (!isReading && asksForMoment(headers))
    throw new ProblemError(
      problems.malformedRequest('A command changes the present: send it without As-Of and Accept-Datetime'),
    );
  next();
};

/** Answers 405 with Allow for a path that has other methods, and 404 for a path that has none. */
const notFound =
  (methods: MethodsOf): RequestHandler =>
  (req, res) => {
    const allow = methods(req.path);
    if (allow && !allow.includes(req.method)) sendProblem(res, problems.methodNotAllowed(allow));
    else sendProblem(res, problems.notFound());
  };

/** The facts about a request that help to find an error's cause. */
export type RequestInfo = { method: string; path: string; traceId?: string };

const aboutOf = ({ method, path, headers }: Request): RequestInfo => {
  const traceId = /^00-([0-9a-f]{32})-/.exec(String(headers.traceparent))?.[1];
  return { method, path, ...defined({ traceId }) };
};

/**
 * Creates an Express app for JSON over HTTP: no automatic ETags (they would replace Plaza's own), no banner, exact
 * paths. Every failure is answered with problem details.
 * @param routers in order, after the plain handlers among them
 * @param contexts the contexts whose paths are known
 * @param onError called for errors that are not an expected refusal
 */
export const createApp = (
  routers: readonly RequestHandler[],
  contexts: readonly ContextSchema[],
  onError: (error: unknown, about?: RequestInfo) => void,
): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  const refused = routers.flatMap((router) => refusing.get(router) ?? []);
  const methods = methodsOf(contexts, refused);
  // Limits and metrics are plain handlers: they count OPTIONS too.
  const isRouter = (handler: RequestHandler) => 'stack' in handler;
  for (const handler of routers.filter((one) => !isRouter(one))) app.use(handler);
  app.use(answerOptions(methods));
  app.use(refuseCommandsInThePast);
  for (const router of routers.filter(isRouter)) app.use(router);
  app.use(notFound(methods));
  const answerFailure: ErrorRequestHandler = (error, req, res, next) => {
    if (res.headersSent) return next(error);
    if (error instanceof ProblemError) return sendProblem(res, error.problem);
    const bodyProblem = bodyProblems[error?.type];
    if (bodyProblem) return sendProblem(res, bodyProblem());
    if (error?.status >= 400 && error.status < 500)
      return sendProblem(res, problems.malformedRequest('The request could not be read'));
    onError(error, aboutOf(req));
    sendProblem(res, problems.internal());
  };
  app.use(answerFailure);
  return app;
};
