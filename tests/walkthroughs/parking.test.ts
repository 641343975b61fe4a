import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, eventually, type Program, startProgram, temporaryData, viewsAreBuilt } from '../support/plaza.ts';

const data = temporaryData();
let plaza: Program;

beforeAll(async () => {
  plaza = await startProgram('all-in-one', { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking' });
  await viewsAreBuilt(plaza.url);
}, 60_000);
afterAll(async () => {
  await plaza.end();
  data.remove();
});

type Lot = { spots: number; reserved: number; free: number };
type Event = { type: string; position: string; causationId: string; correlationId: string; id?: string };

const after = (position: string | null) => ({ 'Min-Event-Position': position ?? '', Prefer: 'wait=10' });

test('a reservation takes a spot and earns a coupon; its cancellation returns both', async () => {
  await call(plaza.url, 'POST', '/parking/lots', { lotId: '1', name: '정자역 주차장', spots: 5 });
  const second = await call(plaza.url, 'POST', '/parking/lots', { lotId: '2', name: '서현역 주차장', spots: 0 });
  const reservation = { reservationId: 'r1', customerId: 'CUST1', carNumber: '10더8612', amount: 5000 };

  const refused = await call(plaza.url, 'POST', '/parking/lots/2/reservations', reservation);
  expect(refused.status).toBe(409);
  expect(refused.body.type).toBe('/problems/lot-full');

  const reserved = await call(plaza.url, 'POST', '/parking/lots/1/reservations', reservation);
  expect(reserved.status).toBe(201);
  expect(reserved.body).toMatchObject({ ...reservation, lotId: '1', status: 'reserved' });
  expect(reserved.headers.get('Location')).toBe('/parking/lots/1/reservations/r1');
  expect(reserved.headers.get('ETag')).toBe('"1"');

  const position = reserved.headers.get('Event-Position');
  const lot = await call<Lot>(plaza.url, 'GET', '/parking/lots/1', undefined, after(position));
  expect(lot.body).toMatchObject({ spots: 5, reserved: 1, free: 4 });
  const coupon = () => call(plaza.url, 'GET', '/parking/coupons/1.r1');
  await eventually(coupon, ({ body }) => body.status === 'issued');

  const canceled = await call(plaza.url, 'DELETE', '/parking/lots/1/reservations/r1');
  expect(canceled.status).toBe(200);
  const again = await call(plaza.url, 'DELETE', '/parking/lots/1/reservations/r1');
  expect(again).toMatchObject({ status: 409, body: { type: '/problems/already-canceled' } });

  const freed = after(canceled.headers.get('Event-Position'));
  const lotAfter = await call<Lot>(plaza.url, 'GET', '/parking/lots/1', undefined, freed);
  expect(lotAfter.body).toMatchObject({ spots: 5, reserved: 0, free: 5 });
  await eventually(coupon, ({ body }) => body.status === 'revoked');

  // The second lot's stream has only its registration.
  const lot2 = await call<{ items: Event[] }>(plaza.url, 'GET', '/parking/lots/2/history', undefined, freed);
  expect(lot2.body.items.map(({ position: at }) => at)).toEqual([second.headers.get('Event-Position')]);
});

test('the control centre shows the four events in causal order', async () => {
  const shown = await eventually(
    () => call<{ events: Event[] }>(plaza.url, 'GET', '/control-center'),
    ({ body }) => body.events.some(({ type }) => type === 'CouponRevoked'),
  );
  const inOrder = shown.body.events.toSorted((a, b) => Number(BigInt(a.position) - BigInt(b.position)));
  expect(inOrder.map(({ type }) => type).filter((type) => type !== 'LotRegistered')).toEqual([
    'ParkingReserved',
    'CouponIssued',
    'ReservationCanceled',
    'CouponRevoked',
  ]);
  const correlations = new Set(inOrder.slice(-4).map(({ correlationId }) => correlationId));
  expect(correlations.size).toBe(2);
});
