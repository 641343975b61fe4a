import { accessToken, tokenRefused } from './session.ts';

/** Problem details (RFC 9457). */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail?: string;
  /** The price that counts now. */
  price?: number;
  errors?: readonly { pointer: string; detail: string }[];
  retryAfter?: number;
};

/** A request that was refused or got no answer. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** Returns whether the same read can succeed later: no answer, or a temporary failure of the server. */
export const isTemporary = ({ status }: Problem): boolean => status === 0 || status === 429 || status >= 500;

const NOT_MODIFIED = 304;

const problemOf = async (response: Response): Promise<Problem> => {
  try {
    return (await response.json()) as Problem;
  } catch {
    return { type: 'about:blank', title: response.statusText || String(response.status), status: response.status };
  }
};

/**
 * Sends a request to Plaza as the signed-in user.
 * @throws RefusedError
 */
export const request = async (path: string, options: RequestInit): Promise<Response> => {
  const token = await accessToken();
  const headers = new Headers(options.headers);
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(path, { cache: 'no-store', ...options, headers });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new RefusedError({ type: '/problems/unreachable', title: 'Plaza does not answer', status: 0 });
  }
  if (response.status === 401 && token !== undefined) tokenRefused(token);
  if (!response.ok && response.status !== NOT_MODIFIED) throw new RefusedError(await problemOf(response));
  return response;
};

/** Seconds that a query may wait for the view to reach a position. */
const WAIT = 5;

/** Milliseconds between two questions whether the views of an earlier moment are built. */
const BUILT_YET = 500;

/**
 * Reads a resource as it was at an earlier moment. The first question about a moment begins a build of its views.
 * @param onProgress called with the share that is built, for as long as that takes
 * @throws RefusedError
 */
export const getAsOf = async <Body>(
  path: string,
  moment: string,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Body> => {
  for (;;) {
    const response = await request(path, { signal, headers: { 'As-Of': moment } });
    if (response.status !== 202) return (await response.json()) as Body;
    onProgress(((await response.json()) as { share: number }).share);
    await new Promise((resolve) => setTimeout(resolve, BUILT_YET));
  }
};

/**
 * Reads a resource.
 * @param reached a position that the answer should include; if the view does not reach it in time, it is read as it is
 * @throws RefusedError
 */
export const get = async <Body>(path: string, reached?: string, signal?: AbortSignal): Promise<Body> => {
  const options = signal ? { signal } : {};
  if (reached !== undefined) {
    try {
      const headers = { 'Min-Event-Position': reached, Prefer: `wait=${WAIT}` };
      return (await (await request(path, { ...options, headers })).json()) as Body;
    } catch (error) {
      if (!(error instanceof RefusedError && error.problem.type === '/problems/view-behind')) throw error;
    }
  }
  return (await (await request(path, options)).json()) as Body;
};

/** A document and its tag, kept between two reads. */
export type Tagged<Body> = { body: Body; etag: string };

/**
 * Reads a document, unless it is as it was.
 * @returns `before` itself when nothing has changed
 * @throws RefusedError
 */
export const getChanged = async <Body>(path: string, before: Tagged<Body> | undefined): Promise<Tagged<Body>> => {
  const response = await request(path, before ? { headers: { 'If-None-Match': before.etag } } : {});
  if (response.status === NOT_MODIFIED && before) return before;
  return { body: (await response.json()) as Body, etag: response.headers.get('ETag') ?? '' };
};

export type Page<Item> = { items: Item[]; next?: string };

export type Done = {
  /** The command's position in the log; a view that has reached it shows its effect. */
  position: string | undefined;
  /** Accepted, with further steps pending (202). */
  isGoingOn: boolean;
  body: Record<string, unknown>;
};

/**
 * Sends a command.
 * @param key makes it safe to repeat after a lost answer
 * @throws RefusedError
 */
export const send = async (method: string, path: string, body: object | undefined, key?: string): Promise<Done> => {
  const response = await request(path, {
    method,
    headers: {
      ...(body ? { 'Content-Type': 'application/json' } : {}),
      ...(key === undefined ? {} : { 'Idempotency-Key': `"${key}"` }),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return {
    position: response.headers.get('Event-Position') ?? undefined,
    isGoingOn: response.status === 202,
    body: (await response.json()) as Record<string, unknown>,
  };
};

/** Returns a unique key. `crypto.randomUUID` is missing on pages that come over plain HTTP from another machine. */
export const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Returns the methods that a resource has, without giving a command.
 * @returns undefined when no write side answers
 */
export const methodsOf = async (path: string): Promise<readonly string[] | undefined> => {
  try {
    const { status, headers } = await fetch(path, { method: 'OPTIONS', cache: 'no-store' });
    return status < 500 ? (headers.get('Allow') ?? '').split(', ') : undefined;
  } catch {
    return undefined;
  }
};
