import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ReadContext } from './kernel/context.ts';
import { readSide as parking } from './parking.ts';
import { eventIdAt, insertHistory, reach, serveReadApi, startDatabase } from './testing.ts';

const theater = {
  schema: { name: 'theater', title: 'Theater', events: {}, commands: {}, queries: {}, problems: {} },
  overview: async () => ({}),
} satisfies ReadContext;

let database: Awaited<ReturnType<typeof startDatabase>>;
let api: Awaited<ReturnType<typeof serveReadApi>>;

beforeAll(async () => {
  database = await startDatabase();
  const past = { fold: () => undefined, historyVersions: new Map([['parking', 1]]) };
  api = await serveReadApi(database.db, [parking, theater], { past });
});
afterAll(async () => {
  await api.stop();
  await database.stop();
});

it('waits at a position for every history, because one that is behind may have an earlier event', async () => {
  const { db } = database;
  const resources = ['/parking/lots/lot-1'];
  await insertHistory(db, 'parking', [{ position: 30n, resources }]);
  await insertHistory(db, 'theater', [{ position: 40n }]);
  await reach(db, 'parking.history', 50n);
  await reach(db, 'theater.history', 100n);
  const asOf = async () => api.get('/parking/lots/lot-1/history', { 'As-Of': '80' });
  expect(await asOf()).toMatchObject({ status: 503, body: { type: '/problems/view-behind' } });

  await insertHistory(db, 'parking', [{ position: 70n, resources }]);
  await reach(db, 'parking.history', 100n);
  await expect.poll(async () => (await asOf()).status).toBe(200);
  const { body, headers } = await asOf();
  expect(headers.get('view-position')).toBe('70');
  expect(body.items.map(({ eventId }: { eventId: string }) => eventId)).toEqual([eventIdAt(30n), eventIdAt(70n)]);
});
