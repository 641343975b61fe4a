import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, eventually, openPlaza, type Plaza, temporaryData, viewsAreBuilt } from '../support/plaza.ts';

const data = temporaryData();
let plaza: Plaza;

beforeAll(async () => {
  plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking' });
  await viewsAreBuilt(plaza.url);
});
afterAll(async () => {
  await plaza.close();
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

  const named = await call(plaza.url, 'POST', '/parking/lots/1/reservations', { ...reservation, lotName: '무료' });
  expect(named.status).toBe(400);
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

test('a held spot is reserved, and a cancelled one is offered in the order of the waiting list', async () => {
  const lot = '/parking/lots/held';
  const { url } = plaza;
  await call(url, 'POST', '/parking/lots', { lotId: 'held', name: '미금역 주차장', spots: 1, holdFor: 600 });
  const before = Date.now();
  const held = await call<{ expiresAt: string }>(url, 'POST', `${lot}/holds`, { customerId: 'CUST1', places: 1 });
  expect(held).toMatchObject({ status: 201, body: { lotId: 'held', customerId: 'CUST1', places: 1, status: 'held' } });
  expect(Date.parse(held.body.expiresAt) - before).toBeGreaterThanOrEqual(600_000);
  const holdId = held.headers.get('Location')?.split('/').at(-1) ?? '';
  const reservation = (n: number, from: object = {}) => ({
    reservationId: `r${n}`,
    customerId: `CUST${n}`,
    carNumber: `10더000${n}`,
    amount: 5000,
    ...from,
  });
  const reserve = (n: number, from?: object) => call(url, 'POST', `${lot}/reservations`, reservation(n, from));
  expect((await reserve(2)).body.type).toBe('/problems/lot-full');
  expect(await reserve(2, { holdId })).toMatchObject({ status: 404, body: { type: '/problems/hold-not-found' } });
  expect(await reserve(1, { holdId })).toMatchObject({ status: 201, body: { holdId, status: 'reserved' } });

  const wait = (n: number, places = 1) =>
    call(url, 'POST', `${lot}/waiting-list`, { entryId: `e${n}`, customerId: `CUST${n}`, places });
  for (const places of [0, 11]) expect((await wait(2, places)).status).toBe(422);
  expect(await wait(2)).toMatchObject({ status: 201, body: { entryId: 'e2', status: 'waiting' } });
  const third = await wait(3);

  type Entry = { entryId: string; position?: number };
  const shown = after(third.headers.get('Event-Position'));
  const list = await call<{ items: Entry[] }>(url, 'GET', `${lot}/waiting-list?sort=-order`, undefined, shown);
  expect(list.body.items.map(({ entryId, position }) => [entryId, position])).toEqual([
    ['e3', 2],
    ['e2', 1],
  ]);
  const own = await call<{ items: Entry[] }>(url, 'GET', '/parking/waiting-list?customerId=CUST3', undefined, shown);
  expect(own.body.items).toMatchObject([{ entryId: 'e3', position: 2, status: 'waiting' }]);

  const freed = await call(url, 'DELETE', `${lot}/reservations/r1`);
  const offered = after(freed.headers.get('Event-Position'));
  const first = await call<Entry>(url, 'GET', `${lot}/waiting-list/e2`, undefined, offered);
  expect(first.body).toMatchObject({ status: 'offered' });
  expect(first.body.position).toBeUndefined();
  const next = await call(url, 'GET', `${lot}/waiting-list/e3`, undefined, offered);
  expect(next.body).toMatchObject({ status: 'waiting', position: 1 });
  const full = await call(url, 'GET', lot, undefined, offered);
  expect(full.body).toMatchObject({ reserved: 0, onHold: 1, waiting: 1, free: 0 });

  expect((await reserve(3, { entryId: 'e3' })).body.type).toBe('/problems/not-offered');
  expect(await call(url, 'DELETE', `${lot}/waiting-list/e2`)).toMatchObject({
    status: 200,
    body: { status: 'declined' },
  });
  expect(await reserve(3, { entryId: 'e3' })).toMatchObject({ status: 201 });
  expect((await reserve(4, { entryId: 'e3' })).body.type).toBe('/problems/entry-not-found');
});

test('a lot determines the price, and a departure what staying longer costs', async () => {
  const lot = '/parking/lots/priced';
  const { url } = plaza;
  await call(url, 'POST', '/parking/lots', { lotId: 'priced', name: '수내역 주차장', spots: 1 });
  const changed = await call(url, 'PATCH', lot, { price: 6000, arriveWithin: 30, paidHours: 2, overtimePrice: 1000 });
  expect(changed).toMatchObject({ status: 200, body: { lotId: 'priced', price: 6000 } });
  const spots = await call(url, 'PATCH', lot, { spots: 2 });
  expect(spots).toMatchObject({ status: 200, body: { lotId: 'priced', spots: 2 } });

  const reservation = { reservationId: 'r1', customerId: 'CUST1', carNumber: '10더8612' };
  const refused = await call(url, 'POST', `${lot}/reservations`, { ...reservation, amount: 5000 });
  expect(refused).toMatchObject({
    status: 409,
    body: { type: '/problems/price-changed', detail: 'the price is 6000', price: 6000 },
  });
  expect((await call(url, 'POST', `${lot}/reservations`, { ...reservation, amount: 6000 })).status).toBe(201);
  const step = (name: string) => call(url, 'POST', `${lot}/reservations/r1/${name}`);
  expect((await step('departure')).body.type).toBe('/problems/not-arrived');
  expect(await step('arrival')).toMatchObject({ status: 200, body: { reservationId: 'r1', status: 'arrived' } });
  expect((await call(url, 'DELETE', `${lot}/reservations/r1`)).body.type).toBe('/problems/already-arrived');
  const departed = await step('departure');
  expect(departed).toMatchObject({ status: 200, body: { reservationId: 'r1', status: 'completed', due: 0 } });
  const shown = after(departed.headers.get('Event-Position'));
  const completed = await call(url, 'GET', `${lot}/reservations/r1`, undefined, shown);
  expect(completed.body).toMatchObject({ status: 'completed', amount: 6000, paidHours: 2, due: 0 });
  const free = await call(url, 'GET', lot, undefined, shown);
  expect(free.body).toMatchObject({ spots: 2, reserved: 0, free: 2, price: 6000 });
  for (const bad of [{ price: -1 }, { price: 1_000_000_001 }, { arriveWithin: 0 }])
    expect((await call(url, 'PATCH', lot, bad)).status).toBe(422);
  expect((await call(url, 'PATCH', lot, { name: '   ' })).status).toBe(400);

  const unset = await call(url, 'PATCH', lot, { price: null, arriveWithin: null, holdFor: 60 });
  expect(unset.body).toEqual({ lotId: 'priced', holdFor: 60 });
  const settings = await call(url, 'GET', lot, undefined, after(unset.headers.get('Event-Position')));
  expect(settings.body).toMatchObject({ paidHours: 2, overtimePrice: 1000, holdFor: 60 });
  expect(settings.body).not.toHaveProperty('price');
});

test('a hold expires by itself, also without another command', async () => {
  const lot = '/parking/lots/expiring';
  await call(plaza.url, 'POST', '/parking/lots', { lotId: 'expiring', name: '오리역 주차장', spots: 1, holdFor: 10 });
  await call(plaza.url, 'POST', `${lot}/holds`, { holdId: 'h1', customerId: 'CUST1', places: 1 });
  await call(plaza.url, 'POST', `${lot}/waiting-list`, { entryId: 'e1', customerId: 'CUST2', places: 1 });
  const hold = () => call(plaza.url, 'GET', `${lot}/holds/h1`);
  await eventually(hold, ({ body }) => body.status === 'expired');
  const entry = () => call(plaza.url, 'GET', `${lot}/waiting-list/e1`);
  await eventually(entry, ({ body }) => body.status === 'offered');
  const late = await call(plaza.url, 'DELETE', `${lot}/holds/h1`);
  expect(late).toMatchObject({ status: 409, body: { type: '/problems/hold-expired' } });
});

test('a coupon lowers the amount of another reservation, once, and comes back with its cancellation', async () => {
  const { url } = plaza;
  const lot = '/parking/lots/coupons';
  const settings = { couponValue: 700, couponDays: 10 };
  await call(url, 'POST', '/parking/lots', { lotId: 'coupons', name: '이매역 주차장', spots: 5, ...settings });
  const reserve = (n: number, given: object = {}) => {
    const reservation = { reservationId: `r${n}`, customerId: 'CUST9', carNumber: `10더999${n}`, amount: 5000 };
    return call(url, 'POST', `${lot}/reservations`, { ...reservation, ...given });
  };
  type Coupon = { status: string; value: number; expiresAt: string; redeemedOn?: object };
  const coupon = (status: string) =>
    eventually(
      () => call<Coupon>(url, 'GET', '/parking/coupons/coupons.r1'),
      ({ body }) => body.status === status,
    );
  const couponId = 'coupons.r1';

  expect((await reserve(1)).status).toBe(201);
  const issued = await coupon('issued');
  expect(issued.body.value).toBe(700);
  expect(Date.parse(issued.body.expiresAt)).toBeGreaterThan(Date.now());

  const used = await reserve(2, { couponId });
  expect(used).toMatchObject({ status: 201, body: { amount: 4300, discount: 700, couponId, status: 'reserved' } });
  const redeemed = await coupon('redeemed');
  expect(redeemed.body.redeemedOn).toEqual({ lotId: 'coupons', reservationId: 'r2' });
  const refused = await reserve(3, { couponId });
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/coupon-already-redeemed' } });
  expect((await reserve(3, { couponId: 'coupons.r9' })).body.type).toBe('/problems/coupon-not-found');

  const apply = (reservationId: string) =>
    call(url, 'POST', `${lot}/reservations/${reservationId}/coupon`, { couponId });
  expect((await apply('r2')).body.type).toBe('/problems/coupon-already-applied');
  expect((await call(url, 'DELETE', `${lot}/reservations/r2`)).status).toBe(200);
  await coupon('issued');
  expect((await apply('r1')).body.type).toBe('/problems/coupon-of-reservation');
  expect((await reserve(3)).status).toBe(201);
  const applied = await apply('r3');
  expect(applied).toMatchObject({ status: 200, body: { couponId, amount: 4300, discount: 700 } });
  const shown = await call(
    url,
    'GET',
    `${lot}/reservations/r3`,
    undefined,
    after(applied.headers.get('Event-Position')),
  );
  expect(shown.body).toMatchObject({ amount: 4300, discount: 700, couponId, status: 'reserved' });

  const forged = await call(url, 'DELETE', `${lot}/reservations/r1`, { reason: ' no-show ' });
  expect(forged).toMatchObject({ status: 400, body: { errors: [{ pointer: '/reason' }] } });
  expect((await call(url, 'DELETE', `${lot}/reservations/r1`)).status).toBe(200);
  await coupon('owed');
  expect((await call(url, 'DELETE', `${lot}/reservations/r3`)).status).toBe(200);
  await coupon('revoked');
});
