import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, eventually, openPlaza, type Plaza, temporaryData } from './plaza.ts';

/** A slow machine needs as long for a day of history. */
const SLOW = 240_000;

type Demo = { state: string; until?: string };

/**
 * Tests that the living demo fills an empty Plaza.
 * @param env settings besides PLAZA_DATA
 * @param counts the lists that it fills, each with the least number of items
 * @param oldest the path of the first thing that it makes
 */
export const testLivingDemo = (
  env: Record<string, string>,
  counts: Readonly<Record<string, number>>,
  oldest: string,
): void => {
  const data = temporaryData();
  let plaza: Plaza;
  beforeAll(async () => {
    plaza = await openPlaza({ PLAZA_DATA: data.folder, ...env });
  });
  afterAll(async () => {
    await plaza.close();
    data.remove();
  });

  const get = <Body>(path: string) => call<Body>(plaza.url, 'GET', path);
  const demo = (method = 'GET') => call<Demo>(plaza.url, method, '/operations/demo');
  const countOf = async (path: string) =>
    (await get<{ count: number }>(`${path}${path.includes('?') ? '&' : '?'}count=true&limit=1`)).body.count;

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

      for (const [path, least] of Object.entries(counts))
        await eventually(
          () => countOf(path),
          (count) => count >= least,
          SLOW,
        );
      const first = await get<{ items: { time: string; actor: string }[] }>(`${oldest}/history?sort=position&limit=1`);
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
};
