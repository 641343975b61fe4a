import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createApp } from './app.ts';
import { clientLimit, clientOf } from './limits.ts';

let server: Server | undefined;
afterEach(() => server?.close());

const listen = async (perMinute: number, trustedProxies = 0): Promise<string> => {
  server = createServer(createApp([clientLimit({ perMinute, trustedProxies })], [], () => {}));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('a client', () => {
  test('that sends too many requests gets 429 with Retry-After', async () => {
    const url = await listen(3);
    const answers = [];
    for (let count = 0; count < 5; count++) answers.push(await fetch(`${url}/x`));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 429, 429]);
    expect(answers[0]?.headers.get('RateLimit-Policy')).toMatch(/^"client"; q=3; w=60/);
    expect(answers[0]?.headers.get('RateLimit')).toMatch(/^"client"; r=2; t=\d+$/);
    const last = answers[4]!;
    expect(await last.json()).toMatchObject({ type: '/problems/too-many-requests', status: 429 });
    expect(Number(last.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(last.headers.get('RateLimit')).toMatch(/r=0/);
  });

  test('that requests monitoring paths is not limited', async () => {
    const url = await listen(1);
    for (let count = 0; count < 5; count++) expect((await fetch(`${url}/livez?x`)).status).toBe(404);
  });

  test('cannot claim to be another one', async () => {
    const url = await listen(1);
    const ask = (client: string) => fetch(`${url}/x`, { headers: { 'X-Forwarded-For': client } });
    expect((await ask('192.0.2.1')).status).toBe(404);
    expect((await ask('192.0.2.2')).status).toBe(429);
  });

  test('behind a trusted proxy is the address that the proxy forwards', async () => {
    const url = await listen(1, 1);
    const ask = (client: string) => fetch(`${url}/x`, { headers: { 'X-Forwarded-For': client } });
    expect((await ask('192.0.2.1')).status).toBe(404);
    expect((await ask('192.0.2.2')).status).toBe(404);
    expect((await ask('203.0.113.9, 192.0.2.2')).status).toBe(429);
  });

  test('with IPv6 is identified by its network', () => {
    const from = (remoteAddress: string) => clientOf({ headers: {}, socket: { remoteAddress } } as IncomingMessage, 0);
    expect(from('2001:db8:0:1::1')).toBe(from('2001:db8:0:1:ffff::2'));
    expect(from('2001:db8:0:1::1')).not.toBe(from('2001:db8:1::1'));
  });
});
