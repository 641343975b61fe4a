import { Agent, type IncomingHttpHeaders, request as open } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { commonProblems } from '../../../schemas/kernel/problems.ts';
import { breachesOf } from '../../support/contract.ts';
import { type Random, random } from './random.ts';
import { type Request, requestsFor, type Served } from './requests.ts';

export type Attack = {
  requests: number;
  statuses: ReadonlyMap<number, number>;
  /** A line for each finding with its request; at most as many as are readable. */
  findings: readonly string[];
};

export type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

const MAX_FINDINGS = 30;
const AT_ONCE = 16;
/** Milliseconds. */
const ANSWERED_WITHIN = 60_000;
/** Answers of Node.js' own HTTP server before the program sees a request: no operation documents them. */
const OF_HTTP = new Set([400, 408, 413, 417, 431]);
const OF_ANY_PATH = new Set([400, 404, 405, 421]);

export const send = (url: string, agent: Agent, { method, path, headers, body }: Request): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const sent = open({ hostname, port, path, method, agent, headers: { ...length, ...headers } }, (response) => {
      const { statusCode: status = 0, headers: got } = response;
      const parts: Buffer[] = [];
      response.on('data', (part) => parts.push(part));
      const done = () => {
        const bytes = Buffer.concat(parts);
        const isPacked = got['content-encoding'] === 'gzip' && bytes.length > 0;
        resolve({ status, headers: got, body: (isPacked ? gunzipSync(bytes) : bytes).toString() });
      };
      response.once('end', done);
      response.once('error', reject);
      if (got['content-type']?.startsWith('text/event-stream')) {
        done();
        sent.destroy();
      }
    });
    sent.setTimeout(ANSWERED_WITHIN, () => sent.destroy(new Error(`no answer within ${ANSWERED_WITHIN} ms`)));
    sent.once('error', reject);
    sent.end(body);
  });

const parsed = ({ headers, body }: Answer): unknown => {
  if (!/json/.test(headers['content-type'] ?? '')) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** A 503 that the request asked for, or that is a rule of a context: a shop takes no more orders. */
const isAskedFor = (type: string | undefined, { method, headers }: Request): boolean => {
  const asksForPosition = headers['Min-Event-Position'] !== undefined;
  if (method === 'HEAD') return asksForPosition;
  const name = type?.replace('/problems/', '') ?? '';
  return name === 'view-behind' ? asksForPosition : !Object.hasOwn(commonProblems, name);
};

/** Returns the errors of an answer; none when it is as documented. */
export const judge = (request: Request, answer: Answer): string[] => {
  const { method, path } = request;
  const { status, headers } = answer;
  const type = headers['content-type'] ?? '';
  const body = parsed(answer) as { type?: string } | undefined;
  if (status >= 500 && !(status === 503 && isAskedFor(body?.type, request)))
    return [`${status} ${body?.type ?? answer.body.slice(0, 100)}`];
  if (type === '' && OF_HTTP.has(status)) return [];
  const breaches = breachesOf(method, path, status, type, body ?? {});
  // The metrics are at one path only, where other resources have a trailing slash, too.
  if (status === 404 && /^\/+metrics\/+(\?|$)/.test(path)) return [];
  if (breaches[0]?.endsWith('is an answer of no documented resource')) return OF_ANY_PATH.has(status) ? [] : breaches;
  // The answer to HEAD has no body.
  return method === 'HEAD' ? breaches.filter((line) => line === `${status} is not documented`) : breaches;
};

export const shown = ({ method, path, headers, body = '' }: Request): string =>
  `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 500)} ${JSON.stringify(body.toString()).slice(0, 500)}`;

/**
 * Sends requests that were made from the served OpenAPI document, and holds each answer against it: no defects (5xx),
 * but 503 for a view that is asked to be where it is not, and nothing that is not documented.
 * @param url of a Plaza with every context and without sign-in
 * @param seed the same requests again
 */
export const attack = async (url: string, count: number, seed: number): Promise<Attack> => {
  const served = (await (await fetch(`${url}/openapi.json`)).json()) as Served;
  const next = requestsFor(served, random(seed));
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const statuses = new Map<number, number>();
  const findings: string[] = [];
  let requests = 0;
  const work = async (): Promise<void> => {
    while (requests < count && findings.length < MAX_FINDINGS) {
      requests += 1;
      const request = next();
      try {
        const answer = await send(url, agent, request);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        for (const finding of judge(request, answer)) findings.push(`${finding}\n  ${shown(request)}`);
      } catch (error) {
        findings.push(`${error}\n  ${shown(request)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  agent.destroy();
  return { requests, statuses, findings };
};

const LINE = '\r\n';
const head = (...lines: string[]): string => `${lines.join(LINE)}${LINE}${LINE}`;
const HOST = 'Host: localhost';

/** Byte sequences that are not, or barely, HTTP. */
const BYTES: readonly (string | Buffer)[] = [
  '\r\n\r\n',
  'GET\r\n\r\n',
  'GET /\r\n\r\n',
  head('GET / HTTP/9.9', HOST),
  head('GET / HTTP/1.1'),
  head('GET /parking/lots HTTP/1.0'),
  head('GET http://evil.example/parking/lots HTTP/1.1', HOST),
  head('GET * HTTP/1.1', HOST),
  head('OPTIONS * HTTP/1.1', HOST),
  head('CONNECT plaza:80 HTTP/1.1', HOST),
  head('BREW /parking/lots HTTP/1.1', HOST),
  head('GET /parking/lots\u0000 HTTP/1.1', HOST),
  head('GET /parking/lots?정자=1 HTTP/1.1', HOST),
  head('GET /parking/lots HTTP/1.1', HOST, HOST),
  head('GET /parking/lots HTTP/1.1', 'Host: a b'),
  head('GET /parking/lots HTTP/1.1', HOST, 'X: a\u0000b'),
  head('GET /parking/lots HTTP/1.1', HOST, 'X : y'),
  head('GET /parking/lots HTTP/1.1', HOST, 'X: a', ' folded'),
  head('GET /parking/lots HTTP/1.1', HOST, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: x'),
  head(
    'GET /parking/lots HTTP/1.1',
    HOST,
    'Upgrade: h2c',
    'Connection: Upgrade, HTTP2-Settings',
    'HTTP2-Settings: AAM',
  ),
  head('POST /parking/lots HTTP/1.1', HOST, 'Content-Length: -1'),
  head('POST /parking/lots HTTP/1.1', HOST, 'Content-Length: 1e3'),
  head('POST /parking/lots HTTP/1.1', HOST, 'Content-Length: 99999999999999999999'),
  `${head('POST /parking/lots HTTP/1.1', HOST, 'Content-Length: 2', 'Content-Length: 3')}{}`,
  `${head('POST /parking/lots HTTP/1.1', HOST, 'Content-Length: 2', 'Transfer-Encoding: chunked')}0${LINE}${LINE}`,
  `${head('POST /parking/lots HTTP/1.1', HOST, 'Transfer-Encoding: gzip')}x`,
  `${head('POST /parking/lots HTTP/1.1', HOST, 'Content-Type: application/json', 'Transfer-Encoding: chunked')}zz${LINE}`,
  `${head('POST /parking/lots HTTP/1.1', HOST, 'Content-Type: application/json', 'Transfer-Encoding: chunked')}fffffffffffffffff${LINE}`,
  `${head('POST /parking/lots HTTP/1.1', HOST, 'Content-Type: application/json', 'Transfer-Encoding: chunked')}2${LINE}{}${LINE}0${LINE}${LINE}`,
  `${head('POST /parking/lots HTTP/1.1', HOST, 'Content-Type: application/json', 'Content-Length: 50')}{"lotId":`,
  `${head('POST /parking/lots HTTP/1.1', HOST, 'Content-Type: application/json', 'Content-Length: 2')}{}GET`,
  head('GET /parking/lots HTTP/1.1', HOST).repeat(20),
  `GET /${'a'.repeat(100_000)} HTTP/1.1${LINE}`,
  head('GET / HTTP/1.1', HOST, ...Array.from({ length: 3_000 }, (_, at) => `X-${at}: y`)),
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  Buffer.from('160301020001000001fc0303', 'hex'),
  Buffer.from(Array.from({ length: 1_000 }, (_, at) => (at * 197) % 256)),
];

/** Milliseconds after which a server that waits for more is abandoned. */
const SILENCE = 100;

const sendBytes = (url: string, bytes: string | Buffer, chance: Random): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => {
      // Some clients disconnect while they are answered.
      const then = chance.pick(['end', 'reset', 'wait', 'wait', 'wait']);
      if (then === 'end') socket.end(bytes);
      else socket.write(bytes, () => then === 'reset' && socket.resetAndDestroy());
    });
    let answered = '';
    socket.setTimeout(SILENCE, () => socket.destroy());
    socket.setEncoding('latin1').on('data', (part) => {
      answered += part;
    });
    socket.once('error', () => {});
    socket.once('close', () => resolve(answered));
  });

/** Sends bytes that are barely HTTP. @returns a line for each wrong answer */
export const attackWithBytes = async (url: string, rounds: number, seed: number): Promise<string[]> => {
  const chance = random(seed);
  const findings: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all(
      BYTES.map(async (bytes) => ({ bytes, answered: await sendBytes(url, bytes, chance) })),
    );
    for (const { bytes, answered } of answers)
      for (const [line] of answered.matchAll(/^HTTP\/1\.1 5.*$/gm))
        findings.push(`${line}\n  ${JSON.stringify(String(bytes).slice(0, 200))}`);
  }
  return findings;
};
