import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request, Response } from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { shedding } from './shedding.ts';

it('refuses requests while a command would wait for too long, and admits them afterwards', async () => {
  let wait = 451;
  const guard = shedding({ expectedWait: () => wait }, 450);
  const server = createServer((req, res) => guard(req as Request, res as Response, () => res.end('{}')));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const send = () => fetch(url, { method: 'POST', body: 'x'.repeat(100_000) });

  const refused = await send();
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({ type: '/problems/overloaded' });

  wait = 450;
  expect((await send()).status).toBe(200);
});
