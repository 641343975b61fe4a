import { Agent, createServer, get, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../platform/http/app.ts';
import { metricsRoutes } from '../../platform/telemetry/http.ts';
import { findNginx, type Gateway, startGateway } from '../deploy/nginx.ts';
import { type Program, startProgram } from '../support/processes.ts';

type Answer = { status: number; headers: Record<string, unknown>; body: string };

const nginx = findNginx();

const METRICS = ['/metrics', '/metrics/', '/metrics//', '/metrics?x=1', '/metrics/?x=1'];

describe.skipIf(!nginx)('the gateway (needs nginx)', () => {
  let gateway: Gateway;
  let side: Server;
  beforeAll(async () => {
    side = createServer((_req, res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}'));
    await new Promise<void>((resolve) => side.listen(0, '127.0.0.1', resolve));
    const ports = [(side.address() as AddressInfo).port];
    gateway = await startGateway(
      nginx ?? '',
      { writeSide: ports, readApi: ports, projections: ports },
      { requestsPerSecond: 1 },
    );
  });
  afterAll(async () => {
    await gateway.stop();
    side.closeAllConnections();
    side.close();
  });

  /** Sends a request from a loopback address other than 127.0.0.1. */
  const askFrom = (localAddress: string, path: string, agent: Agent): Promise<Answer> =>
    new Promise((resolve, reject) => {
      get(gateway.url + path, { localAddress, agent }, (res) => {
        let body = '';
        res.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }));
      }).once('error', reject);
    });

  test('refuses only the client that sends too many requests', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const answers = await Promise.all(Array.from({ length: 600 }, () => askFrom('127.0.0.2', '/parking/lots', agent)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(100);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(200);
    expect(JSON.parse(refused[0]!.body)).toMatchObject({ type: '/problems/too-many-requests', status: 429 });
    expect(refused[0]!.headers).toMatchObject({
      'retry-after': '1',
      'content-type': 'application/problem+json',
      ratelimit: '"client";r=0;t=1',
    });
    const other = new Agent({ keepAlive: true });
    expect((await askFrom('127.0.0.3', '/parking/lots', other)).status).toBe(200);
    agent.destroy();
    other.destroy();
  });

  test('hides the metrics', async () => {
    const agent = new Agent();
    for (const path of METRICS) {
      const answer = await askFrom('127.0.0.4', path, agent);
      expect(answer.status, path).toBe(404);
      expect(JSON.parse(answer.body).type).toBe('/problems/not-found');
    }
    agent.destroy();
  });
});

describe('the Node.js gateway', () => {
  let gateway: Program;
  let behindProxy: Program;
  let side: Server;
  let seen: IncomingMessage[] = [];

  beforeAll(async () => {
    side = createServer((req, res) => {
      seen.push(req);
      if (req.headers['min-event-position'] !== undefined) return;
      req.resume().once('end', () => {
        res.writeHead(200, { Connection: 'X-Side, close', 'X-Side': 'a', 'Keep-Alive': 'timeout=1', 'X-End': 'b' });
        res.end('{}');
      });
    });
    await new Promise<void>((resolve) => side.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(side.address() as AddressInfo).port}`;
    const env = { WRITE_SIDE_URL: url, READ_API_URL: url, PROJECTIONS_URL: url };
    [gateway, behindProxy] = await Promise.all([
      startProgram('gateway', env),
      startProgram('gateway', { ...env, TRUSTED_PROXIES: '1' }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([gateway.end(), behindProxy.end()]);
    side.closeAllConnections();
    side.close();
  });

  const send = (
    url: string,
    headers: Record<string, string>,
    { method = 'GET', body }: { method?: string; body?: string } = {},
  ) =>
    new Promise<{ answer: IncomingMessage; asked: IncomingMessage | undefined }>((resolve, reject) => {
      seen = [];
      const { hostname, port } = new URL(url);
      const sent = request({ hostname, port, path: '/parking/lots', method, headers }, (answer) =>
        answer.resume().once('end', () => resolve({ answer, asked: seen[0] })),
      );
      sent.once('error', reject);
      sent.end(body);
    });

  const FALSE = {
    Host: 'localhost:1',
    'X-Forwarded-For': '6.6.6.6, 7.7.7.7',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'evil.example',
    'X-Forwarded-Prefix': '/evil',
    Forwarded: 'for=6.6.6.6',
    'X-Real-IP': '6.6.6.6',
    'Plaza-Delivery': 'of-somebody-else',
  };

  test('tells the sides the client’s address, whatever the client says', async () => {
    const { asked } = await send(gateway.url, FALSE);
    expect(asked?.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'localhost:1',
      via: '1.1 plaza',
    });
    for (const name of ['forwarded', 'x-real-ip', 'plaza-delivery', 'x-forwarded-prefix'])
      expect(asked?.headers, name).not.toHaveProperty(name);
  });

  test('trusts the configured number of proxies', async () => {
    const { asked } = await send(behindProxy.url, FALSE);
    expect(asked?.headers).toMatchObject({
      'x-forwarded-for': '7.7.7.7, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
    });
  });

  test('forwards no hop-by-hop header, in either direction', async () => {
    const own = { TE: 'trailers', 'Keep-Alive': 'timeout=9', 'Proxy-Authorization': 'Basic a', Upgrade: 'h2c' };
    const named = { Connection: 'keep-alive, X-Secret, TE', 'X-Secret': 'a', 'X-Kept': 'b' };
    for (const expecting of [{}, { Expect: '100-continue' }]) {
      const { answer, asked } = await send(gateway.url, { ...own, ...named, ...expecting });
      for (const name of ['te', 'keep-alive', 'proxy-authorization', 'upgrade', 'x-secret'])
        expect(asked?.headers, name).not.toHaveProperty(name);
      expect(asked?.headers['x-kept']).toBe('b');
      expect(answer.headers).toMatchObject({ connection: 'keep-alive', 'x-end': 'b' });
      expect(answer.headers).not.toHaveProperty('x-side');
    }
    expect((await send(gateway.url, { Connection: 'close' })).answer.headers.connection).toBe('close');
  });

  test.each(['POST', 'DELETE'])('forwards the body of a %s, chunked or not', async (method) => {
    const chunked = await send(gateway.url, { 'Transfer-Encoding': 'chunked' }, { method, body: '{"a":1}' });
    expect(chunked.asked?.headers['transfer-encoding']).toBe('chunked');
    const whole = await send(gateway.url, { 'Content-Length': '7' }, { method, body: '{"a":1}' });
    expect(whole.asked?.headers['content-length']).toBe('7');
  });

  test('answers other requests while 300 wait for a view', async () => {
    seen = [];
    const leaving = new AbortController();
    const headers = { 'Min-Event-Position': '9', Prefer: 'wait=30' };
    const waiting = Array.from({ length: 300 }, () =>
      fetch(`${gateway.url}/parking/lots`, { headers, signal: leaving.signal }).catch((error: Error) => error.name),
    );
    await expect.poll(() => seen.length).toBe(300);
    expect((await send(gateway.url, {})).answer.statusCode).toBe(200);
    leaving.abort();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['AbortError']));
  });

  test.each(METRICS)('hides the metrics at %s', async (path) => {
    seen = [];
    const answer = await fetch(gateway.url + path);
    expect([answer.status, ((await answer.json()) as { type: string }).type]).toEqual([404, '/problems/not-found']);
    expect(seen).toEqual([]);
  });
});

test('a side answers /metrics at this path only', async () => {
  const app = createApp([metricsRoutes(new Registry())], [], () => {});
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const statuses = await Promise.all(
    ['/metrics', '/metrics/', '//metrics', '/Metrics', '/%6detrics'].map(
      async (path) => (await fetch(url + path)).status,
    ),
  );
  expect(statuses).toEqual([200, 404, 404, 404, 404]);
  server.close();
});
