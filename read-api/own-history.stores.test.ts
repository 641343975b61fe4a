import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../platform/identity/caller.ts';
import { readSide as parking } from './parking.ts';
import { eventIdAt, insertHistory, reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

const identify = async (id: string | undefined): Promise<Caller | undefined> =>
  id === undefined ? undefined : { sub: id, id, roles: ['customer'], expiresAt: Number.MAX_SAFE_INTEGER };

let database: Awaited<ReturnType<typeof startDatabase>>;
let api: Awaited<ReturnType<typeof serveReadApi>>;

const events = [
  { position: 10n, type: 'ParkingReserved', data: { customerId: 'first', carNumber: '10더8612' } },
  { position: 11n, type: 'ReservationCanceled', data: { customerId: 'first', reason: 'a private matter' } },
  { position: 20n, type: 'ParkingReserved', data: { customerId: 'second', carNumber: '20가1234' } },
  { position: 21n, type: 'CouponUnused', data: { couponId: 'lot-1.r-9' } },
];

beforeAll(async () => {
  database = await startDatabase();
  const { db } = database;
  const resources = ['/parking/lots/lot-1/reservations/r-1'];
  await insertHistory(
    db,
    'parking',
    events.map((event) => ({ ...event, resources })),
  );
  const reservation = { lotId: 'lot-1', reservationId: 'r-1', customerId: 'second' };
  await viewOf(db, 'parking.reservations').insertOne({ _id: 'lot-1.r-1', _position: '20', ...reservation });
  await reach(db, 'parking.reservations', 20n);
  await reach(db, 'parking.history', 30n);
  api = await serveReadApi(db, [parking], { identify });
});
afterAll(async () => {
  await api.stop();
  await database.stop();
});

const HISTORY = '/parking/lots/lot-1/reservations/r-1/history';

it('of an id that was used again shows no event of the earlier owner', async () => {
  const { body } = await api.get(HISTORY, { authorization: 'second' });
  expect(body.items.map(({ eventId }: { eventId: string }) => eventId)).toEqual([eventIdAt(20n), eventIdAt(21n)]);
  expect((await api.get(HISTORY, { authorization: 'first' })).status).toBe(404);
});

it('waits for the view that tells whose it is', async () => {
  const behind = await api.get(HISTORY, { authorization: 'second', 'min-event-position': '30' });
  expect(behind).toMatchObject({ status: 503, body: { type: '/problems/view-behind' } });
});
