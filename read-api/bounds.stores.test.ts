import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readSide as parking } from './parking.ts';
import { insertHistory, reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

let database: Awaited<ReturnType<typeof startDatabase>>;

beforeAll(async () => {
  database = await startDatabase();
  const { db } = database;
  const reservation = { lotId: 'lot-1', customerId: 'c-1', carNumber: '10더8612', amount: 5000, status: 'reserved' };
  await viewOf(db, 'parking.reservations').insertOne({ _id: 'lot-1.r-1', reservationId: 'r-1', ...reservation });
  await insertHistory(db, 'parking', [{ position: 5n, resources: ['/parking/lots/lot-1/reservations/r-1'] }]);
  for (const view of ['lots', 'reservations', 'coupons', 'history']) await reach(db, `parking.${view}`, 10n);
});
afterAll(() => database.stop());

describe('requests that wait for a view', () => {
  it('are bounded, and others are answered meanwhile', async () => {
    const api = await serveReadApi(database.db, [parking], { bounds: { waits: 3 } });
    onTestFinished(api.stop);
    const wait = { 'Min-Event-Position': '20', Prefer: 'wait=20' };
    const answers = Array.from({ length: 5 }, () => api.get('/parking/lots', wait));
    expect(await Promise.race(answers)).toMatchObject({
      status: 503,
      body: { type: '/problems/overloaded', retryAfter: 1 },
    });
    const reached = { 'Min-Event-Position': '10', Prefer: 'wait=20' };
    for (const headers of [{}, reached]) expect((await api.get('/parking/lots', headers)).status).toBe(200);
    await reach(database.db, 'parking.lots', 20n);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 200, 200, 503, 503]);
    await reach(database.db, 'parking.lots', 10n);
  });
});

describe('a resource of another customer', () => {
  it('is answered like one that does not exist', async () => {
    const identify = async () => ({
      sub: 'c-9',
      id: 'c-9',
      roles: ['customer'] as const,
      expiresAt: Date.now() + 60_000,
    });
    const api = await serveReadApi(database.db, [parking], { identify });
    onTestFinished(api.stop);
    for (const rest of ['', '/history', '/history?limit=1&sort=-position']) {
      for (const headers of [{}, { 'If-None-Match': '*' }, { 'Min-Event-Position': '10' }]) {
        const answers = await Promise.all(
          ['r-1', 'r-2'].map((id) => api.get(`/parking/lots/lot-1/reservations/${id}${rest}`, headers)),
        );
        const [foreign, missing] = answers.map((answer) => ({
          status: answer.status,
          body: answer.body,
          headers: [...answer.headers].filter(([name]) => name !== 'date'),
        }));
        expect(foreign).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
        expect(foreign).toEqual(missing);
      }
    }
  });
});
