import { afterAll, beforeAll, expect, it } from 'vitest';
import { contextSchemas, readSidesOf } from '../programs/contexts.ts';
import { overviewDb } from './kernel/scope.ts';
import { startDatabase, viewOf } from './testing.ts';

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

it('the overview of the cinema counts the seats left of showings to come, and the seats sold of all', async () => {
  const now = '2026-01-31T09:00:00.000Z';
  const showing = { status: 'open', seats: 10, held: 1, sold: 4, left: 5 };
  await viewOf(database.db, 'cinema.showings').insertMany([
    { _id: 'begun', ...showing, startsAt: now },
    { _id: 'coming', ...showing, startsAt: '2026-01-31T09:00:00.001Z' },
  ]);
  const [readSide] = await readSidesOf(['cinema']);
  const overview = await readSide!.overview?.(overviewDb(database.db, {}, 5_000), { now, timeZone: 'Asia/Seoul' });
  expect(overview).toMatchObject({ totals: { showings: 1, left: 5, seats: 20, held: 2, sold: 8 } });
});
