import type { Response } from 'express';

/** Problem details (RFC 9457). `type` is stable; clients switch on it. */
export type Problem = {
  type: `/problems/${string}`;
  title: string;
  status: number;
  detail?: string;
  /** What is wrong where: JSON pointers (RFC 6901) into the request's data. */
  errors?: readonly { pointer: string; detail: string }[];
  /** Seconds, sent as Retry-After (RFC 9110 10.2.3). */
  retryAfter?: number;
  /** Methods, sent as Allow (RFC 9110 10.2.1). */
  allow?: readonly string[];
};

/** An expected failure of a request: thrown anywhere, answered as its problem. */
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

/** The problems that any request may meet; a context's own are in its schema. */
export const problems = {
  malformedJson: () => problem(400, 'malformed-json', 'The body is not valid JSON'),
  malformedRequest: (detail: string) => problem(400, 'malformed-request', 'The request is malformed', { detail }),
  invalid: (errors: NonNullable<Problem['errors']>) =>
    problem(400, 'invalid-request', 'The request does not have the shape it must have', { errors }),
  outOfRange: (errors: NonNullable<Problem['errors']>) =>
    problem(422, 'out-of-range', 'A value is out of its range', { errors }),
  notFound: () => problem(404, 'not-found', 'There is nothing here'),
  methodNotAllowed: (allow: readonly string[]) =>
    problem(405, 'method-not-allowed', 'The resource does not have this method', { allow }),
  preconditionFailed: (detail: string) =>
    problem(412, 'precondition-failed', 'The resource changed meanwhile', { detail }),
  tooLarge: () => problem(413, 'body-too-large', 'The body is over 64 KiB'),
  unsupportedMediaType: () => problem(415, 'unsupported-media-type', 'The body must be application/json'),
  keyReused: () => problem(422, 'idempotency-key-reused', 'The Idempotency-Key was used before, for another request'),
  internal: () => problem(500, 'internal-error', 'Something went wrong'),
  overloaded: () => problem(503, 'overloaded', 'Too many requests are waiting', { retryAfter: 1 }),
  eventStoreUnavailable: (detail: string) =>
    problem(503, 'event-store-unavailable', 'The event store is not available', { detail, retryAfter: 1 }),
  viewsUnavailable: () => problem(503, 'views-unavailable', 'The read models are not available', { retryAfter: 1 }),
};

/** Answers with JSON. Faster than `res.json`, which computes an ETag and looks up settings. */
export const sendJson = (
  res: Response,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  type = 'application/json',
): void => {
  const bytes = Buffer.from(JSON.stringify(body));
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length, ...headers });
  res.end(bytes);
};

/** Answers with problem details. */
export const sendProblem = (
  res: Response,
  { allow, ...shown }: Problem,
  headers: Record<string, string> = {},
): void => {
  const { retryAfter } = shown;
  sendJson(
    res,
    shown.status,
    shown,
    {
      ...headers,
      ...(allow ? { Allow: allow.join(', ') } : {}),
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
    },
    'application/problem+json',
  );
};
