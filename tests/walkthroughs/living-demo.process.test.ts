import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';

/** A slow machine needs as long for a day of history. */
const SLOW = 240_000;

const data = temporaryData();
let plaza: Plaza;

beforeAll(async () => {
  plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'bike-rental' });
});
afterAll(async () => {
  await plaza.close();
  data.remove();
});

type Demo = { state: string; until?: string };
const demo = (method = 'GET') => call<Demo>(plaza.url, method, '/operations/demo');
const countOf = async (path: string) =>
  (await call<{ count: number }>(plaza.url, 'GET', `${path}${path.includes('?') ? '&' : '?'}count=true&limit=1`)).body
    .count;

test(
  'an empty Plaza is filled with a day of history, and stops when asked',
  async () => {
    expect((await demo()).body).toEqual({ state: 'empty' });
    const began = Date.now();
    const program = join(import.meta.dirname, '../../programs/run.js');
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'demo', '--live', plaza.url]);
    expect(stdout).toContain('lives for ten minutes');
    const { body } = await demo();
    expect(body.state).toBe('running');
    expect(Date.parse(body.until!)).toBeGreaterThan(began);

    for (const [path, least] of [
      ['/bike-rental/bikes', 30],
      ['/bike-rental/bikes?status=in-use', 5],
      ['/bike-rental/deposits', 10],
    ] as const)
      await eventually(
        () => countOf(path),
        (count) => count >= least,
        SLOW,
      );
    const first = await call<{ items: { time: string; actor: string }[] }>(
      plaza.url,
      'GET',
      '/bike-rental/bikes/demo-bike-01/history?sort=position&limit=1',
    );
    const [registered] = first.body.items;
    expect(registered!.actor).toBe('plaza:demo');
    expect(began - Date.parse(registered!.time)).toBeGreaterThan(23 * 3_600_000);

    expect((await demo('DELETE')).status).toBe(202);
    await eventually(demo, ({ body: { state } }) => state === 'stopped');
    expect((await demo('POST')).body.state).toBe('running'); // A Plaza with its own data is not filled again.
    await demo('DELETE');
  },
  SLOW * 2,
);

test('a Plaza with other data is never filled', async () => {
  const own = temporaryData();
  const other = await openPlaza({ PLAZA_DATA: own.folder, PLAZA_CONTEXTS: 'parking' });
  await call(other.url, 'POST', '/parking/lots', { lotId: 'real', name: '정자역', spots: 5 });
  expect((await call(other.url, 'GET', '/operations/demo')).body).toEqual({ state: 'unavailable' });
  expect(await call(other.url, 'POST', '/operations/demo')).toMatchObject({
    status: 409,
    body: { type: '/problems/demo-unavailable' },
  });
  await other.close();
  own.remove();
});
