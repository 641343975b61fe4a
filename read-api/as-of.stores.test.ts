import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
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

it('is built for readers of the control centre: anonymous callers sign in first, customers may not', async () => {
  const { db } = database;
  const roles = { customer: ['customer'], staff: ['staff'] } as const;
  const signedIn = await serveReadApi(db, [parking, theater], {
    past: { fold: () => undefined, historyVersions: new Map([['parking', 1]]) },
    identify: async (who) =>
      who === undefined ? undefined : { sub: who, id: who, roles: roles[who as 'staff'], expiresAt: 8_640_000_000_000 },
  });
  onTestFinished(signedIn.stop);
  const lots = (headers: Record<string, string>) =>
    signedIn.get('/parking/lots', { 'As-Of': '70', ...headers }).then(({ status }) => status);
  expect(await lots({})).toBe(401);
  expect(await lots({ Authorization: 'customer' })).toBe(403);
  expect(await lots({ Authorization: 'staff' })).toBe(202);
  // It is under way: everybody who may read the list sees its progress.
  expect(await lots({})).toBe(202);
});
