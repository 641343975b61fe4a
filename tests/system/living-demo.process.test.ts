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
  plaza = await openPlaza({ PLAZA_DATA: data.folder });
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
  'an empty Plaza is filled with a day of history in every context, and stops when asked',
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
      ['/parking/lots', 30],
      ['/parking/reservations', 200],
      ['/parking/reservations?status=completed', 50],
      ['/screening/slots', 200],
      ['/screening/bookings', 200],
      ['/food-court/shops', 28],
      ['/cinema/reservations?status=confirmed', 60],
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
      '/parking/lots/demo-lot-1/history?sort=position&limit=1',
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
