import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { oneAtATime } from '../../platform/http/connections.ts';
import { problems, sendProblem } from '../../platform/http/problem.ts';
import { isLoopback } from './loopback.ts';
import type { Settings } from './settings.ts';

/** An address that cannot be listened on; the message is one line. */
class ListenError extends Error {
  override readonly name = 'ListenError';
}

export type Serving = {
  /** The URL to open: `http://127.0.0.1:8088`. */
  url: string;
  /** Sets the handler; earlier requests have waited for it. */
  handle(listener: RequestListener): void;
  /** Still answers, with `Connection: close`, so that gateways can choose another server. */
  drain(milliseconds: number): Promise<void>;
  /** Accepts no new connections, ends open ones with their next answer, and waits for them. */
  close(): Promise<void>;
  /** Ends every connection at once. */
  abort(): Promise<void>;
};

/** Milliseconds for a request's headers and for the whole request, and between checks that disconnect slow clients. */
export type Patience = { headers: number; request: number; look: number };

const PATIENCE: Patience = { headers: 10_000, request: 30_000, look: 1_000 };

/** Milliseconds between two checks for idle connections. */
const LOOK_FOR_IDLE = 50;

/** Bytes of a request's headers; more are 431. */
const MAX_HEADERS = 16 * 1024;

const shown = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/**
 * Returns whether a page of another site sent a request by pointing its name at this machine (DNS rebinding). Browsers
 * always send the name in Host.
 */
const isRebound = ({ headers: { host } }: IncomingMessage): boolean =>
  host !== undefined && !isLoopback(host.replace(/:\d*$/, ''));

/**
 * Listens at once; requests wait until a handler is set. On loopback without sign-in, a request for another host gets
 * 421.
 * @param port 0 for any free one
 * @param patience with slow clients
 * @throws ListenError when the port is taken or the address is not available
 */
export const serve = async (
  { HOST: host, AUTH }: Pick<Settings, 'HOST' | 'AUTH'>,
  port: number,
  patience = PATIENCE,
): Promise<Serving> => {
  const checksHost = AUTH === 'off' && isLoopback(host);
  const waiting: Parameters<RequestListener>[] = [];
  let answer: RequestListener = (...request) => waiting.push(request);
  let isClosing = false;
  const options = {
    keepAliveTimeout: 65_000,
    headersTimeout: patience.headers,
    requestTimeout: patience.request,
    connectionsCheckingInterval: patience.look,
    maxHeaderSize: MAX_HEADERS,
  };
  const handle: RequestListener = (req, res) => {
    if (isClosing) res.setHeader('Connection', 'close');
    if (checksHost && isRebound(req)) sendProblem(res, problems.misdirected(), { Connection: 'close' });
    else answer(req, res);
  };
  const server: Server = createServer(options, oneAtATime(handle));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is taken' : error.message;
      reject(new ListenError(`Can't listen on ${host}:${port}: ${why}`));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${shown(host)}:${actual}`,
    handle(listener) {
      answer = listener;
      for (const request of waiting.splice(0)) listener(...request);
    },
    async drain(milliseconds) {
      isClosing = true;
      await delay(milliseconds);
    },
    async close() {
      isClosing = true;
      const closed = new Promise((resolve) => server.close(resolve));
      // A connection stays open after an answer that began before the close.
      const look = setInterval(() => server.closeIdleConnections(), LOOK_FOR_IDLE);
      await closed;
      clearInterval(look);
    },
    async abort() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
};
