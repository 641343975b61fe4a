import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callUnchecked, openProgram, type Plaza } from '../tests/support/plaza.ts';

/** A server that stands for a write side or a read API. */
type Side = {
  name: string;
  url: string;
  seen: string[];
  connections: number;
  /** Answers in place of the usual answer, also the checks of its health. */
  answer: RequestListener | undefined;
  close(): Promise<void>;
};

const hang: RequestListener = () => {};
const dropped: RequestListener = (req) => void req.socket.destroy();

const isCheck = ({ url }: IncomingMessage) => url === '/readyz';

const startSide = async (name: string): Promise<Side> => {
  const server: Server = createServer((req, res: ServerResponse) => {
    if (!isCheck(req)) side.seen.push(`${req.method} ${req.url}`);
    if (side.answer) return side.answer(req, res);
    req.resume().once('end', () => res.end(JSON.stringify({ side: name })));
  });
  server.on('connection', () => {
    side.connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const side: Side = {
    name,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    connections: 0,
    answer: undefined,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return side;
};

let sides: Side[];
let one: Side;
let two: Side;
let gateway: Plaza;

beforeEach(async () => {
  sides = await Promise.all(['one', 'two'].map(startSide));
  [one, two] = sides as [Side, Side];
  const both = sides.map(({ url }) => url).join(', ');
  gateway = await openProgram('gateway', { WRITE_SIDE_URL: both, READ_API_URL: both, PROJECTIONS_URL: both });
});
afterEach(async () => {
  await gateway.close();
  await Promise.all(sides.map(({ close }) => close()));
});

const send = (method: string, path: string, headers: Record<string, string> = {}) =>
  callUnchecked(gateway.url, method, path, method === 'GET' ? undefined : { a: 1 }, headers);
const reserveIn = (lot: number | string) => send('POST', `/parking/lots/${lot}/reservations`);
const lots = Array.from({ length: 40 }, (_, lot) => lot);
const notReady = (side: Side) =>
  expect.poll(() => gateway.output()).toContain(`"target":"${side.url}","msg":"is not ready`);

describe('a gateway in front of two servers of each side', () => {
  test('sends the commands of one resource to one of them, those of many to both, and queries to both', async () => {
    for (const lot of lots) {
      const [first, second] = [await reserveIn(lot), await send('DELETE', `/parking/lots/${lot}`)];
      expect([first.status, second.status]).toEqual([200, 200]);
      expect(second.body.side).toBe(first.body.side);
    }
    const answers = await Promise.all(lots.map(() => send('GET', '/parking/lots')));
    for (const { name, seen } of sides) {
      expect(seen.filter((line) => line.startsWith('POST')).length, name).toBeGreaterThan(5);
      expect(answers.filter(({ body }) => body.side === name).length, name).toBeGreaterThan(5);
    }
  });

  test('keeps its connections for further requests', async () => {
    for (const _ of lots) await send('GET', '/parking/lots');
    for (const { connections } of sides) expect(connections).toBeLessThan(10);
  });

  test('asks the other one when one cannot be reached, also with commands', async () => {
    await one.close();
    const answers = await Promise.all([
      ...lots.map(reserveIn),
      ...lots.map(() => send('GET', '/parking/lots')),
      send('POST', '/operations/replays'),
    ]);
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.side}`))).toEqual(new Set(['200 two']));
  });

  test('asks the other one when one breaks off a query', async () => {
    one.answer = dropped;
    const answers = await Promise.all(lots.map(() => send('GET', '/parking/lots')));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.side}`))).toEqual(new Set(['200 two']));
  });

  test('sends a command to no other one once it was sent, and says that its outcome is unknown', async () => {
    for (const side of sides)
      side.answer = (req, res) => {
        if (isCheck(req)) res.end();
        else dropped(req, res);
      };
    const answer = await reserveIn('broken');
    expect(answer).toMatchObject({
      status: 503,
      body: {
        type: '/problems/write-side-unavailable',
        detail: 'The command may have been done: repeat it with the same Idempotency-Key',
        retryAfter: 1,
      },
    });
    expect(answer.headers.get('Retry-After')).toBe('1');
    expect(sides.flatMap(({ seen }) => seen)).toHaveLength(1);
  });

  test('says that a command was not done when none can be reached', async () => {
    await Promise.all(sides.map(({ close }) => close()));
    expect(await reserveIn('nowhere')).toMatchObject({
      status: 503,
      body: { type: '/problems/write-side-unavailable', detail: 'The command was not done' },
    });
    const query = await send('GET', '/parking/lots');
    expect(query).toMatchObject({ status: 503, body: { type: '/problems/read-api-unavailable' } });
    expect(query.body).not.toHaveProperty('detail');
  });

  test('asks the other one when one answers 502, because it is of an older version', async () => {
    one.answer = (_, res) => void res.writeHead(502).end();
    const answers = await Promise.all(lots.map(reserveIn));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.side}`))).toEqual(new Set(['200 two']));
    two.answer = one.answer;
    expect((await reserveIn('new')).status).toBe(502);
  });

  test('sends nothing to one that hangs, or is not ready, until it is ready again', async () => {
    one.answer = hang;
    await notReady(one);
    one.seen.length = 0;
    const answers = await Promise.all([...lots.map(reserveIn), ...lots.map(() => send('GET', '/parking/lots'))]);
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.side}`))).toEqual(new Set(['200 two']));
    expect(one.seen).toEqual([]);
    one.answer = undefined;
    await expect.poll(async () => (await send('GET', '/parking/lots')).body.side).toBe('one');
  });

  test('answers a command within ten seconds when all hang, and queries meanwhile', async () => {
    for (const side of sides)
      side.answer = (req, res) => {
        if (req.method === 'GET') res.end(JSON.stringify({ side: side.name }));
      };
    const began = performance.now();
    let answered = 0;
    const command = async (lot: number) => {
      const answer = await reserveIn(lot);
      answered += 1;
      return answer;
    };
    // More than one side may have in flight.
    const commands = Promise.all(Array.from({ length: 400 }, (_, lot) => command(lot)));
    await expect.poll(() => sides.flatMap(({ seen }) => seen).length).toBeGreaterThan(200);
    expect((await send('GET', '/parking/lots')).status).toBe(200);
    expect(answered).toBeLessThan(400);
    const answers = await commands;
    expect(performance.now() - began).toBeLessThan(30_000);
    const withDetail = (detail: string) =>
      answers.filter(({ status, body }) => status === 503 && body.detail === detail).length;
    const uncertain = withDetail('The command may have been done: repeat it with the same Idempotency-Key');
    const taken = sides.flatMap(({ seen }) => seen.filter((line) => line.startsWith('POST'))).length;
    expect(uncertain).toBeGreaterThanOrEqual(taken);
    expect(uncertain + withDetail('The command was not done')).toBe(400);
  });

  test('refuses a body over 128 KiB itself', async () => {
    const answer = await callUnchecked(gateway.url, 'POST', '/parking/lots', 'x'.repeat(200_000));
    expect(answer).toMatchObject({ status: 413, body: { type: '/problems/body-too-large' } });
    expect(sides.flatMap(({ seen }) => seen)).toEqual([]);
  });

  test('answers /livez itself', async () => {
    await Promise.all(sides.map(({ close }) => close()));
    expect(await send('GET', '/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

test('a context with write sides of its own is found also where its name is percent-encoded', async () => {
  const other = await openProgram('gateway', { WRITE_SIDE_URL: one.url, WRITE_SIDE_URLS: `parking=${two.url}` });
  for (const path of ['/parking/lots', '/%70arking/lots', '/parking?x=1'])
    expect((await callUnchecked(other.url, 'POST', path, {})).body.side, path).toBe('two');
  for (const path of ['/cinema/movies', '/%E0%A4%A/lots'])
    expect((await callUnchecked(other.url, 'POST', path, {})).body.side, path).toBe('one');
  await other.close();
});
