import type { ServerResponse } from 'node:http';
import { defined } from '../../schemas/kernel/defined.ts';
import { type CommonProblem, commonProblems } from '../../schemas/kernel/problems.ts';

/** Problem details (RFC 9457). `type` is stable; clients switch on it. */
export type Problem = {
  type: `/problems/${string}`;
  title: string;
  status: number;
  detail?: string;
  /** The path of the resource that is in the way. */
  existing?: string;
  /** The price that counts now. */
  price?: number;
  /** Errors, each with a JSON pointer (RFC 6901) into the request's data. */
  errors?: readonly { pointer: string; detail: string }[];
  /** Seconds, sent as Retry-After (RFC 9110 10.2.3). */
  retryAfter?: number;
  /** The authentication challenge, sent as WWW-Authenticate (RFC 9110 11.6.1). */
  challenge?: string;
  /** Methods, sent as Allow (RFC 9110 10.2.1). */
  allow?: readonly string[];
  /** The view's position in decimal, when it is behind. */
  position?: string;
};

/** An expected failure of a request. Wherever it is thrown, it is answered as its problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

type Details = Omit<Problem, 'type' | 'title' | 'status'>;

/** @param name the last part of the problem's type, `/problems/{name}` */
export const problem = (status: number, name: string, title: string, details: Details = {}): Problem => ({
  type: `/problems/${name}`,
  title,
  status,
  ...details,
});

const common = (name: CommonProblem, details: Details = {}): Problem => {
  const { status, title, ...rest } = commonProblems[name];
  return problem(status, name, title, { ...rest, ...details });
};

/** Makes the common problems; a context's own are in its schema. */
export const problems = {
  malformedJson: (detail?: string) => common('malformed-json', defined({ detail })),
  malformedRequest: (detail: string) => common('malformed-request', { detail }),
  invalid: (errors: NonNullable<Problem['errors']>) => common('invalid-request', { errors }),
  outOfRange: (errors: NonNullable<Problem['errors']>) => common('out-of-range', { errors }),
  /** @param error of RFC 6750 3.1; left out for a request without a token */
  unauthenticated: (error?: 'invalid_request' | 'invalid_token') =>
    common('unauthenticated', { challenge: `Bearer realm="plaza"${error ? `, error="${error}"` : ''}` }),
  forbidden: () => common('forbidden'),
  /** @param retryAfter seconds */
  tooManyRequests: (retryAfter: number) => common('too-many-requests', { retryAfter }),
  signInUnavailable: () => common('sign-in-unavailable'),
  notFound: () => common('not-found'),
  misdirected: () =>
    common('misdirected-request', {
      detail: 'Without sign-in only requests for localhost, 127.0.0.1 and [::1] are answered (AUTH=on lifts this)',
    }),
  methodNotAllowed: (allow: readonly string[]) => common('method-not-allowed', { allow }),
  replayRunning: () => common('replay-running'),
  demoUnavailable: () => common('demo-unavailable'),
  preconditionFailed: (detail: string) => common('precondition-failed', { detail }),
  tooLarge: () => common('body-too-large'),
  unsupportedMediaType: () => common('unsupported-media-type'),
  noSuchMoment: (detail: string) => common('no-such-moment', { detail }),
  keyReused: () => common('idempotency-key-reused'),
  internal: () => common('internal-error'),
  tooManyConflicts: () => common('too-many-conflicts', { detail: 'The command was not done' }),
  /** @param name of the context @param served those of this write side */
  contextNotServed: (name: string, served: readonly string[]) =>
    problem(503, 'context-not-served', 'The write side does not serve this context', {
      detail: `It serves ${served.join(', ')} (PLAZA_CONTEXTS): a gateway must send the commands of ${name} to another one`,
      retryAfter: 5,
    }),
  overloaded: (detail?: string) => common('overloaded', defined({ detail })),
  eventStoreUnavailable: (detail: string) => common('event-store-unavailable', { detail }),
  wrongEventStore: (detail: string) => common('wrong-event-store', { detail }),
  writtenByNewer: () => common('written-by-newer'),
  foreignEvent: (detail: string) => common('foreign-event', { detail }),
  streamTruncated: (detail: string) => common('stream-truncated', { detail }),
  viewsUnavailable: (detail?: string) => common('views-unavailable', defined({ detail })),
  /** @param position of the view, in decimal */
  viewBehind: (view: string, position: string) =>
    common('view-behind', { detail: `${view} stands at ${position}`, position }),
};

/** Answers with JSON. Faster than `res.json`, which computes an ETag and looks up settings. */
export const sendJson = (
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  type = 'application/json',
): void => {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text), ...headers });
  res.end(text);
};

/** Answers with problem details. */
export const sendProblem = (
  res: ServerResponse,
  { allow, challenge, ...shown }: Problem,
  headers: Record<string, string> = {},
): void => {
  const { retryAfter } = shown;
  sendJson(
    res,
    shown.status,
    shown,
    {
      ...headers,
      ...(challenge ? { 'WWW-Authenticate': challenge } : {}),
      ...(allow ? { Allow: allow.join(', ') } : {}),
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
    },
    'application/problem+json',
  );
};
