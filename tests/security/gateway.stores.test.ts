import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../platform/http/app.ts';
import { metricsRoutes } from '../../platform/telemetry/http.ts';
import { openProgram, type Plaza } from '../support/plaza.ts';

const METRICS = ['/metrics', '/metrics/', '/metrics//', '/metrics?x=1', '/metrics/?x=1'];

describe('the Node.js gateway', () => {
  let gateway: Plaza;
  let behindProxy: Plaza;
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
      openProgram('gateway', env),
      openProgram('gateway', { ...env, TRUSTED_PROXIES: '1' }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([gateway.close(), behindProxy.close()]);
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
