import { hash } from 'node:crypto';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { pause } from '../../platform/machine/machine.ts';

/** Milliseconds for a connection, as in deploy/gateway/nginx.conf. */
const CONNECT_WITHIN = 1_000;

/** Milliseconds between two checks of a target, and for its answer. */
const CHECK_EVERY = 1_000;
const CHECK_WITHIN = 2_000;

/** A request without an answer. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  /** Whether the target may have got the request. */
  readonly isSent: boolean;

  constructor(message: string, isSent: boolean) {
    super(message);
    this.isSent = isSent;
  }
}

export type Asked = {
  method: string;
  /** The path and the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  agent: Agent;
  /** Ends the request, for example when its client has left. */
  signal: AbortSignal;
  /** Milliseconds until the headers of the answer. */
  within: number;
};

/** Sends a request. @returns the answer, once its headers have arrived @throws NoAnswerError */
export const ask = (
  target: string,
  { method, path, headers, body, agent, signal, within }: Asked,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { host, hostname, port } = new URL(target);
    // The brackets of an IPv6 address belong to the URL.
    const sent = request({
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      method,
      path,
      headers: { ...headers, host },
      agent,
      signal,
    });
    let isSent = false;
    const end = (why: string) => sent.destroy(new Error(why));
    const late = setTimeout(end, within, `no answer within ${within} ms`);
    sent.once('socket', (socket) => {
      isSent = !socket.connecting;
      if (isSent) return;
      const slow = setTimeout(end, CONNECT_WITHIN, `no connection within ${CONNECT_WITHIN} ms`);
      socket.once('close', () => clearTimeout(slow));
      socket.once('connect', () => {
        clearTimeout(slow);
        isSent = true;
      });
    });
    sent.once('error', (error) => {
      clearTimeout(late);
      reject(new NoAnswerError(error.message, isSent));
    });
    sent.once('response', (answer) => {
      clearTimeout(late);
      resolve(answer);
    });
    sent.end(body);
  });

/** The servers of one side. */
export type Targets = {
  /**
   * Returns the targets in the order in which to ask them: those that do not answer come last.
   * @param key the same one is asked first for the same key; without a key, the one with the fewest requests
   */
  inOrder(key?: string): string[];
  /** Counts a request to a target. @returns a function to call at its end */
  using(target: string): () => void;
  /** Puts a target last until it is ready again. */
  failed(target: string): void;
  stop(): void;
};

/**
 * Watches the servers of a side, if there are several.
 * @param onChange is called when one becomes ready, or is ready no longer
 */
export const watchTargets = (
  targets: readonly string[],
  onChange: (target: string, isReady: boolean) => void,
): Targets => {
  const away = new Set<string>();
  const busy = new Map(targets.map((target) => [target, 0]));
  const stopped = new AbortController();
  const { signal } = stopped;

  const agent = new Agent();
  const check = {
    method: 'GET',
    path: '/readyz',
    headers: {},
    body: Buffer.alloc(0),
    agent,
    signal,
    within: CHECK_WITHIN,
  };
  const isReady = (target: string): Promise<boolean> =>
    ask(target, check).then(
      (answer) => answer.resume().statusCode === 200,
      () => false,
    );
  const set = (target: string, ready: boolean): void => {
    if (signal.aborted || ready !== away.has(target)) return;
    if (ready) away.delete(target);
    else away.add(target);
    if (targets.length > 1) onChange(target, ready);
  };
  const watch = async (target: string): Promise<void> => {
    while (!signal.aborted) {
      set(target, await isReady(target));
      await pause(CHECK_EVERY, { signal });
    }
  };
  if (targets.length > 1) for (const target of targets) void watch(target);

  const rank = (target: string, key: string | undefined): string | number =>
    key === undefined ? busy.get(target)! + Math.random() : hash('sha1', target + key);
  return {
    inOrder(key) {
      if (targets.length === 1) return [...targets];
      const ranked = targets.map((target) => ({ target, rank: rank(target, key), isAway: away.has(target) }));
      ranked.sort((a, b) => Number(a.isAway) - Number(b.isAway) || (a.rank < b.rank ? -1 : 1));
      return ranked.map(({ target }) => target);
    },
    using(target) {
      busy.set(target, busy.get(target)! + 1);
      return () => void busy.set(target, busy.get(target)! - 1);
    },
    failed: (target) => set(target, false),
    stop: () => stopped.abort(),
  };
};
