import { Agent, createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findNginx, type Gateway, startGateway } from '../deploy/nginx.ts';

type Answer = { status: number; headers: Record<string, unknown>; body: string };

const nginx = findNginx();

describe.skipIf(!nginx)('the limits of the gateway (needs nginx)', () => {
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
    for (const path of ['/metrics', '/metrics/', '/metrics//', '/metrics?x=1', '/metrics/?x=1']) {
      const answer = await askFrom('127.0.0.4', path, agent);
      expect(answer.status, path).toBe(404);
      expect(JSON.parse(answer.body).type).toBe('/problems/not-found');
    }
    agent.destroy();
  });
});
