import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { eventually, openProgram, type Plaza, temporaryData } from '../support/plaza.ts';

/** Requests in a minute. */
const LIMIT = 100;
const MINUTE = 60_000;

const data = temporaryData();
let stores: OpenedStores;
let side: Server;
let gateways: Plaza[];
beforeAll(async () => {
  stores = await openTestStores({ dataFolder: data.folder });
  side = createServer((_req, res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}'));
  await new Promise<void>((resolve) => side.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(side.address() as AddressInfo).port}`;
  const open = () =>
    openProgram('gateway', {
      MONGODB_URL: stores.mongoUrl,
      READ_API_URL: url,
      WRITE_SIDE_URL: url,
      RATE_LIMIT_PER_MINUTE: String(LIMIT),
      TRUSTED_PROXIES: '1',
    });
  gateways = await Promise.all([open(), open()]);
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  side.closeAllConnections();
  side.close();
  await stores.stop();
  data.remove();
});

const ask = async ({ url }: Plaza, client: string, method = 'GET') => {
  const { status, headers } = await fetch(`${url}/parking/lots`, { method, headers: { 'X-Forwarded-For': client } });
  return { status, left: Number(/r=(\d+)/.exec(headers.get('RateLimit') ?? '')?.[1]) };
};

const askOften = async (gateway: Plaza, client: string, times: number) => {
  const statuses = await Promise.all(
    Array.from({ length: times }, () => ask(gateway, client).then(({ status }) => status)),
  );
  return { taken: statuses.filter((status) => status === 200).length, statuses: new Set(statuses) };
};

/** Counts restart every minute: the following requests must be within one. */
const withinMinute = async (seconds: number) => {
  const left = MINUTE - (Date.now() % MINUTE);
  if (left < seconds * 1000) await pause(left);
};

test('two gateways together give a client one share', async () => {
  await withinMinute(15);
  const [first, second] = gateways as [Plaza, Plaza];
  expect((await askOften(first, '192.0.2.1', 60)).taken).toBe(60);
  // Each of these requests counts too. The 60 of the first gateway may arrive in several exchanges.
  let asked = 0;
  const { left } = await eventually(
    () => {
      asked += 1;
      return ask(second, '192.0.2.1');
    },
    (answer) => answer.left === LIMIT - 60 - asked,
  );
  const { taken } = await askOften(second, '192.0.2.1', 60);
  expect(taken).toBe(left);
  await eventually(
    () => ask(first, '192.0.2.1', 'POST'),
    ({ status }) => status === 429,
  );
  expect((await ask(first, '192.0.2.2')).status).toBe(200);
});

test('while MongoDB is down each gateway counts alone, and no request waits', async () => {
  await stores.stop();
  await withinMinute(15);
  for (const gateway of gateways) {
    const began = performance.now();
    expect(await askOften(gateway, '192.0.2.3', LIMIT + 20)).toEqual({ taken: LIMIT, statuses: new Set([200, 429]) });
    expect(performance.now() - began).toBeLessThan(5_000);
    await eventually(
      async () => gateway.output(),
      (output) => output.includes('counted by this process alone'),
    );
  }
});
