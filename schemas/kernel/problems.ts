/** The problems that requests of every context may meet, by the last part of their type. */
export const commonProblems = {
  'malformed-json': { status: 400, title: 'The body is not valid JSON' },
  'malformed-request': { status: 400, title: 'The request is malformed' },
  'invalid-request': { status: 400, title: 'The request does not match its schema' },
  unauthenticated: { status: 401, title: 'The request needs a valid access token' },
  forbidden: { status: 403, title: 'The caller has no access' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'The resource does not have this method' },
  'replay-running': { status: 409, title: 'The view is already being replayed' },
  'demo-unavailable': { status: 409, title: 'The demo needs an empty Plaza, or one that it filled itself' },
  'precondition-failed': { status: 412, title: 'The resource has changed' },
  'body-too-large': { status: 413, title: 'The body is over 64 KiB' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'misdirected-request': { status: 421, title: 'The request is for another host' },
  'out-of-range': { status: 422, title: 'A value is out of its range' },
  'no-such-moment': { status: 422, title: 'There was no state at that moment' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used for another request' },
  'too-many-requests': { status: 429, title: 'Too many requests in a short time' },
  'internal-error': { status: 500, title: 'Something went wrong' },
  'too-many-conflicts': {
    status: 503,
    title: 'Others changed the resource at the same time, again and again',
    retryAfter: 1,
  },
  overloaded: { status: 503, title: 'Too many requests are waiting', retryAfter: 1 },
  'event-store-unavailable': { status: 503, title: 'The event store is not available', retryAfter: 1 },
  'wrong-event-store': {
    status: 503,
    title: 'The event store is not the one that the views were made of',
    retryAfter: 30,
  },
  'written-by-newer': { status: 502, title: 'The resource was changed by a newer version of Plaza', retryAfter: 5 },
  'foreign-event': { status: 503, title: 'The stream of the resource holds an event of another program' },
  'stream-truncated': { status: 503, title: 'Events of the resource were deleted in the event store' },
  'sign-in-unavailable': { status: 503, title: 'The identity provider is not available', retryAfter: 1 },
  'views-unavailable': { status: 503, title: 'The read models are not available', retryAfter: 1 },
  'view-behind': { status: 503, title: 'The view has not reached the requested position', retryAfter: 1 },
} as const satisfies Readonly<Record<string, { status: number; title: string; retryAfter?: number }>>;

export type CommonProblem = keyof typeof commonProblems;

/** The problems of every query that reads a view. */
export const queryProblems: readonly CommonProblem[] = [
  'malformed-request',
  'invalid-request',
  'no-such-moment',
  'view-behind',
  'views-unavailable',
  'wrong-event-store',
  'overloaded',
];
