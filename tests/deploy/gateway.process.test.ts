import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findNginx, type Gateway, startGateway } from './nginx.ts';

type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: string };
type Side = { name: string; port: number; seen: Seen[]; server: Server; breaks?: (seen: Seen) => boolean };

/** A side that answers with the request's facts and records them. */
const startSide = async (name: string): Promise<Side> => {
  const side = { name, port: 0, seen: [] } as unknown as Side;
  side.server = createServer((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    req.on('end', () => {
      const seen = { method: req.method ?? '', url: req.url ?? '', headers: req.headers, body };
      side.seen.push(seen);
      if (side.breaks?.(seen)) return req.socket.destroy();
      if (req.url === '/control-center/events') {
        res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
        res.write('data: first\n\n');
        return;
      }
      res.writeHead(200, { 'Content-Type': 'application/json', 'Event-Position': '42' });
      res.end(JSON.stringify({ side: name }));
    });
  });
  await new Promise<void>((resolve) => side.server.listen(0, '127.0.0.1', resolve));
  const address = side.server.address();
  side.port = typeof address === 'object' && address ? address.port : 0;
  return side;
};

const nginx = findNginx();
if (!nginx) console.warn('The gateway is not tested: there is no nginx (apt-get install nginx).');

describe.skipIf(!nginx)('the gateway (needs nginx)', () => {
  let gateway: Gateway;
  const sides = {} as Record<'readApi' | 'projections' | 'writeSide1' | 'writeSide2', Side>;
  const all = () => Object.values(sides);
  const close = async ({ server }: Side) => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };

  beforeAll(async () => {
    sides.readApi = await startSide('read-api');
    sides.projections = await startSide('projections');
    sides.writeSide1 = await startSide('write-side 1');
    sides.writeSide2 = await startSide('write-side 2');
    gateway = await startGateway(nginx ?? '', {
      readApi: [sides.readApi.port],
      projections: [sides.projections.port],
      writeSide: [sides.writeSide1.port, sides.writeSide2.port],
    });
  });

  afterAll(async () => {
    await gateway?.stop();
    for (const { server } of all()) {
      server.closeAllConnections();
      server.close();
    }
  });

  const send = async (method: string, path: string, options: RequestInit = {}, { url } = gateway) => {
    const response = await fetch(url + path, { method, ...options });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
  };

  /** Sends a path unchanged; `fetch` would normalise it. */
  const sendRaw = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<{ status: number; type: string; body: string }>((resolve, reject) => {
      const { hostname, port } = new URL(gateway.url);
      request({ hostname, port, path, headers, method }, (res) => {
        let body = '';
        res.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, type: String(res.headers['content-type']), body }));
      })
        .on('error', reject)
        .end();
    });

  test.each(['GET', 'HEAD'])('sends %s to the read API', async (method) => {
    sides.readApi.seen.length = 0;
    const { status, headers } = await send(method, '/parking/lots?limit=2&cursor=a%2Fb');
    expect(status).toBe(200);
    expect(headers.get('Event-Position')).toBe('42');
    expect(sides.readApi.seen).toMatchObject([{ method, url: '/parking/lots?limit=2&cursor=a%2Fb' }]);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('sends %s to a write side', async (method) => {
    const { body } = await send(method, '/parking/lots/1', method === 'OPTIONS' ? {} : { body: '{"spots":3}' });
    expect(body.side).toMatch(/^write-side/);
    const seen = [...sides.writeSide1.seen, ...sides.writeSide2.seen].find((each) => each.method === method);
    expect(seen?.body).toBe(method === 'OPTIONS' ? '' : '{"spots":3}');
  });

  test.each(['GET', 'POST', 'PATCH'])('sends %s of operators to the projections', async (method) => {
    const { body } = await send(method, '/operations/replays', method === 'GET' ? {} : { body: '{}' });
    expect(body.side).toBe('projections');
  });

  test('sends every command for a resource to one write side, and spreads the resources', async () => {
    const sideOf = async (method: string, path: string) => (await send(method, path)).body.side;
    const used = new Set<string>();
    for (let lot = 0; lot < 20; lot++) {
      const side = await sideOf('PATCH', `/parking/lots/${lot}`);
      used.add(side);
      expect(await sideOf('POST', `/parking/lots/${lot}/reservations`)).toBe(side);
      expect(await sideOf('DELETE', `/parking/lots/${lot}/reservations/7`)).toBe(side);
      expect(await sideOf('POST', `/parking/lots/${lot}/reservations?a=b`)).toBe(side);
    }
    expect(used.size).toBe(2);
  });

  test('tells the sides the client’s address, whatever the client claims', async () => {
    sides.readApi.seen.length = 0;
    await send('GET', '/parking/lots', {
      headers: { 'X-Forwarded-For': '10.1.2.3', 'X-Forwarded-Proto': 'https', 'X-Correlation-Id': 'mine' },
    });
    expect(sides.readApi.seen[0]?.headers).toMatchObject({
      host: new URL(gateway.url).host,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-correlation-id': 'mine',
    });
  });

  test('forwards paths unchanged', async () => {
    for (const path of ['/parking/lots/a%2Fb', '/parking//lots', '/parking/lots/%E2%82%A9?x=%00']) {
      sides.readApi.seen.length = 0;
      expect((await sendRaw(path)).status).toBe(200);
      expect(sides.readApi.seen.map(({ url }) => url)).toEqual([path]);
    }
  });

  test('forwards an event stream without buffering', async () => {
    const stream = await fetch(`${gateway.url}/control-center/events`);
    const { value } = (await stream.body?.getReader().read()) ?? {};
    expect(new TextDecoder().decode(value)).toBe('data: first\n\n');
  });

  test('lets the sides refuse a slightly too large body, and refuses larger ones itself', async () => {
    expect((await send('POST', '/parking/lots', { body: 'x'.repeat(100_000) })).status).toBe(200);
    const { status, headers, body } = await send('POST', '/parking/lots', { body: 'x'.repeat(200_000) });
    expect(status).toBe(413);
    expect(headers.get('Content-Type')).toBe('application/problem+json');
    expect(body.type).toBe('/problems/body-too-large');
  });

  test.each([
    [400, '/a%00b', {}, 'GET'],
    [400, '/../a', {}, 'GET'],
    [400, '/a%', {}, 'GET'],
    [400, '/a', { 'X-Long': 'x'.repeat(20_000) }, 'GET'],
    [414, `/${'a'.repeat(20_000)}`, {}, 'GET'],
    [405, '/a', {}, 'TRACE'],
  ] as const)('answers %i with problem details itself (%#)', async (status, path, headers, method) => {
    const answer = await sendRaw(path, headers, method);
    expect(answer).toMatchObject({ status, type: 'application/problem+json' });
    expect(JSON.parse(answer.body).status).toBe(status);
  });

  describe('when a side drops the connection during a request', () => {
    const breakOnce = () => {
      let broken = 0;
      for (const side of all()) {
        side.seen.length = 0;
        side.breaks = () => broken++ === 0;
      }
    };
    const delivered = () => all().flatMap(({ seen }) => seen.map(({ headers }) => headers['plaza-delivery']));

    test.each(['POST', 'PATCH', 'PUT', 'DELETE'])('%s is sent again, as the same delivery', async (method) => {
      breakOnce();
      expect((await send(method, '/parking/lots/1/reservations', { body: '{"a":1}' })).status).toBe(200);
      const names = delivered();
      expect(names).toHaveLength(2);
      expect(new Set(names).size).toBe(1);
    });

    test('a client’s delivery id is overwritten', async () => {
      breakOnce();
      const headers = { 'Plaza-Delivery': 'mine' };
      for (const _ of [1, 2]) await send('POST', '/parking/lots/1/reservations', { body: '{"a":1}', headers });
      const names = delivered();
      expect(names).not.toContain('mine');
      expect(new Set(names).size).toBe(2);
    });
  });

  test('sends a request at most twice, and never excludes a side after failures', async () => {
    for (let times = 0; times < 10; times++) {
      for (const side of all()) {
        side.seen.length = 0;
        side.breaks = () => true;
      }
      const { status, headers, body } = await send('POST', '/parking/lots/1/reservations', { body: '{}' });
      expect([status, headers.get('Retry-After')]).toEqual([503, '1']);
      expect(body.type).toBe('/problems/unavailable');
      expect(all().flatMap(({ seen }) => seen)).toHaveLength(2);
    }
    for (const side of all()) side.breaks = () => false;
    expect((await send('POST', '/parking/lots/1/reservations', { body: '{}' })).status).toBe(200);
  });

  test('sends the commands of a context to its own write side, whose failure stops no other context', async () => {
    const foodCourt = await startSide('food court');
    const apart = await startGateway(nginx ?? '', {
      readApi: [sides.readApi.port],
      projections: [sides.projections.port],
      writeSide: [sides.writeSide1.port],
      foodCourt: [foodCourt.port],
    });
    try {
      const post = (path: string) => send('POST', path, {}, apart);
      expect((await post('/food-court/shops/1/orders')).body).toEqual({ side: 'food court' });
      expect((await post('/food-courts/shops')).body).toEqual({ side: 'write-side 1' });
      expect((await post('/parking/lots/food-court')).body).toEqual({ side: 'write-side 1' });
      expect((await send('GET', '/food-court/shops', {}, apart)).body).toEqual({ side: 'read-api' });
      await close(foodCourt);
      const { status, headers } = await post('/food-court/shops/1/orders');
      expect([status, headers.get('Retry-After')]).toEqual([503, '1']);
      expect((await post('/parking/lots')).status).toBe(200);
    } finally {
      await apart.stop();
    }
  });

  test('sends a command to the other write side while one is down, and answers 503 when both are', async () => {
    for (const side of all()) side.breaks = () => false;
    await close(sides.writeSide1);
    for (let lot = 0; lot < 10; lot++)
      expect((await send('POST', `/parking/lots/${lot}/reservations`)).body).toEqual({ side: 'write-side 2' });
    await close(sides.writeSide2);
    const { status, headers } = await send('POST', '/parking/lots/1/reservations');
    expect([status, headers.get('Retry-After')]).toEqual([503, '1']);
    expect((await send('GET', '/parking/lots')).status).toBe(200);
  });

  test('reports its own health, and logs a line of JSON for each request', async () => {
    expect(await send('GET', '/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const lines = gateway
      .log()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('status');
  });
});
