import { afterAll, beforeAll, expect, it } from 'vitest';
import { contextSchemas, readSidesOf } from '../programs/contexts.ts';
import { overviewDb } from './kernel/scope.ts';
import { startDatabase } from './testing.ts';

let database: Awaited<ReturnType<typeof startDatabase>>;

beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.stop());

it.each(contextSchemas.map(({ name }) => name))('the overview of %s is made from its views', async (name) => {
  const [readSide] = await readSidesOf([name]);
  const seen = { now: '2026-01-31T09:00:00.000Z', timeZone: 'Asia/Seoul' };
  const overview = await readSide!.overview?.(overviewDb(database.db, {}, 5_000), seen);
  expect(Object.keys(overview!)).toContain('totals');
});
