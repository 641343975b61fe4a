import { randomBytes } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestStores } from '../../embedded/testing.ts';
import { command, foundIn } from '../support/operator.ts';
import { call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';

const CAR = '10더8612';
const MAIL = 'gildong@example.com';
const PERSONAL = [CAR, '홍길동', MAIL, '+821012345678', 'a reason of mine', 'the kitchen knows Gildong'];
const contact = { name: '홍길동', email: MAIL, phone: '+821012345678', language: 'ko' };

const data = temporaryData();
/** A backup from before the last erasure. */
const old = temporaryData();
const env: Record<string, string> = {
  PLAZA_DATA: data.folder,
  LOG_LEVEL: 'info',
  PERSONAL_KEY: randomBytes(32).toString('base64'),
  MESSAGE_WEBHOOK_URL: '',
};
let plaza: Plaza;

beforeAll(async () => {
  plaza = await openPlaza(env);
  await send('POST', '/parking/lots', { lotId: '1', name: 'Jeongja', spots: 50 });
  await send('POST', '/screening/slots', { slotId: 's', hospitalName: 'H', date: '2099-01-01', capacity: 5 });
  await send('POST', '/food-court/shops', { shopId: '1', name: 'Noodles', maxOpenOrders: 10 });
  await send('PUT', '/food-court/shops/1/menu/1', { name: 'Soup', price: 5000, available: true });
  await send('POST', '/bike-rental/bikes', { bikeId: 'b', location: 'Jeongja' });
});
afterAll(async () => {
  await plaza?.close();
  data.remove();
  old.remove();
});

let newest = '0';
/** Asks for the moment at which kim's first reservation was made. */
let whileStored: Record<string, string>;

/** Gives a command and remembers the position of its event. */
const give = async (method: string, path: string, body?: object) => {
  const answer = await call(plaza.url, method, path, body);
  const position = answer.headers.get('Event-Position') ?? '0';
  // Answers to requests at the same time come in any order.
  if (BigInt(position) > BigInt(newest)) newest = position;
  return answer;
};

const send = async (method: string, path: string, body?: object) => {
  const answer = await give(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
};

/** Reads what every view shows of the events so far. */
const get = (path: string) =>
  call(plaza.url, 'GET', path, undefined, { 'Min-Event-Position': newest, Prefer: 'wait=30' });

const reserve = (reservationId: string, customerId: string, carNumber = CAR) =>
  give('POST', '/parking/lots/1/reservations', { reservationId, customerId, carNumber, amount: 5000 });

/** Erases a customer. While the views are behind the answer is 503. */
const erase = (customerId: string, query = '') =>
  eventually(
    () => give('DELETE', `/customers/${customerId}${query}`),
    ({ status }) => status !== 503,
  );

test('a customer about whom nothing is stored is not erased', async () => {
  const answer = await erase('nobody');
  expect(answer).toMatchObject({ status: 404, body: { type: '/problems/customer-not-found' } });
  expect(await call(plaza.url, 'DELETE', '/customers/nobody?cancel=perhaps')).toMatchObject({ status: 400 });
  expect(await call(plaza.url, 'DELETE', '/customers/nobody', { cancel: true })).toMatchObject({ status: 400 });
});

test('open reservations prevent the erasure, or are cancelled first', async () => {
  await send('PUT', '/customers/kim/contact', contact);
  const reserved = await reserve('r1', 'kim');
  expect(reserved.status).toBe(201);
  whileStored = { 'As-Of': reserved.headers.get('Event-Position')! };
  expect((await reserve('r2', 'kim', '11가1111')).status).toBe(201);
  await send('DELETE', '/parking/lots/1/reservations/r2', { reason: 'a reason of mine' });
  await send('POST', '/screening/slots/s/bookings', { bookingId: 'b1', customerId: 'kim' });
  const lines = [{ menuId: '1', qty: 1 }];
  for (const orderId of ['o1', 'o2'])
    await send('POST', '/food-court/shops/1/orders', { orderId, customerId: 'kim', lines });
  await send('POST', '/food-court/shops/1/orders/o2/rejection', { reason: 'the kitchen knows Gildong' });
  await send('POST', '/parking/lots/1/holds', { holdId: 'h1', customerId: 'kim', places: 1 });

  const refused = await erase('kim');
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/customer-has-open-reservations' } });
  expect(refused.body.detail).toContain('4 are open');
  expect((await get('/customers/kim/contact')).body).toMatchObject(contact);

  const rented = await give('POST', '/bike-rental/bikes/b/rentals', { rentalId: 'x', userId: 'kim' });
  expect(rented.status).toBe(201);
  expect((await erase('kim', '?cancel=true')).body).toMatchObject({
    type: '/problems/customer-has-open-reservations',
    detail: expect.stringContaining('bike-rental.rentals'),
  });
  expect((await get('/parking/lots/1/reservations/r1')).body.status).toBe('reserved');
  await send('POST', '/bike-rental/bikes/b/rentals/x/return', { location: 'Jeongja' });

  const erased = await erase('kim', '?cancel=true');
  expect(erased).toMatchObject({ status: 200, body: { customerId: 'kim', status: 'erased' } });
  expect((await get('/customers/kim/contact')).status).toBe(404);
  expect((await get('/parking/lots/1/reservations/r1')).body).toMatchObject({
    carNumber: '(erased)',
    status: 'canceled',
  });
  expect((await get('/parking/lots/1/reservations/r2')).body).not.toHaveProperty('reason');
  expect((await get('/parking/lots/1/holds/h1')).body.status).toBe('released');
  expect((await get('/screening/slots/s/bookings/b1')).body.status).toBe('canceled');
  expect((await get('/food-court/shops/1/orders/o1')).body.status).toBe('canceled');
  expect((await get('/food-court/shops/1/orders/o2')).body).toMatchObject({ status: 'rejected', reason: '(erased)' });
  expect((await get('/customers/kim/messages')).body.items).toEqual([]);
  for (const path of ['/parking/lots/1/history', '/customers/kim/contact/history', '/control-center'])
    for (const value of PERSONAL) expect(JSON.stringify((await get(path)).body), path).not.toContain(value);
});

test('as of a moment before the erasure, nothing personal is shown either', async () => {
  const asOf = (path: string) => call(plaza.url, 'GET', path, undefined, whileStored);
  const before = await asOf('/parking/lots/1/reservations/r1');
  expect(before).toMatchObject({ status: 200, body: { carNumber: '(erased)', status: 'reserved' } });
  const built = await eventually(
    () => asOf('/parking/reservations'),
    ({ status }) => status !== 202,
  );
  expect(built.body.items).toMatchObject([{ carNumber: '(erased)', status: 'reserved' }]);
  const { body } = await get('/customers/kim/contact/history');
  const paths = [
    '/customers/kim/contact',
    '/customers/kim/contact/history',
    '/customers/kim/messages',
    '/control-center',
  ];
  for (const path of [...paths, '/parking/lots/1/history', '/control-center/search?q=10%EB%8D%948612']) {
    const answer = await eventually(
      () => asOf(path),
      ({ status }) => status !== 202,
    );
    expect(answer.status, path).not.toBe(503);
    for (const value of PERSONAL) expect(JSON.stringify(answer.body), path).not.toContain(value);
  }
  expect(JSON.stringify(body)).toContain('ContactChanged');
});

test('a reservation in flight during the erasure is refused, canceled, or left without its personal fields', async () => {
  const inFlight = ['f1', 'f2', 'f3', 'f4'].map((id, at) => reserve(id, 'choi', `12나345${at}`));
  const [first, ...answers] = await Promise.all([erase('choi', '?cancel=true'), ...inFlight]);
  expect([200, 404, 409]).toContain(first.status);
  for (const { status } of answers) expect(status).toBe(201);
  const { body } = await get('/parking/reservations?customerId=choi');
  const shown = body.items as { carNumber: string; status: string }[];
  expect(shown).toHaveLength(4);
  // Those that came after the erasure have the customer's next key, and their own values.
  for (const { carNumber, status } of shown)
    if (status === 'canceled') expect(carNumber).toBe('(erased)');
    else expect(carNumber).toMatch(/^12나345\d$|^\(erased\)$/);
  expect((await erase('choi', '?cancel=true')).status).toBe(200);
  const after = (await get('/parking/reservations?customerId=choi')).body.items;
  expect(after).toMatchObject(Array.from({ length: 4 }, () => ({ carNumber: '(erased)' })));
});

test('erasing again changes nothing', async () => {
  const { body: before } = await get('/customers/kim/contact/history');
  expect(await erase('kim')).toMatchObject({ status: 200, body: { status: 'erased' } });
  expect((await get('/customers/kim/contact/history')).body).toEqual(before);
});

test('the car of an erased customer can be reserved by another one', async () => {
  expect((await reserve('r3', 'lee')).status).toBe(201);
  expect((await reserve('r4', 'park')).body.type).toBe('/problems/car-already-reserved');
  await send('DELETE', '/parking/lots/1/reservations/r3');
  expect((await erase('lee')).status).toBe(200);
});

test('a customer may return, and is erased again', async () => {
  await send('PUT', '/customers/kim/contact', contact);
  expect((await reserve('r5', 'kim')).status).toBe(201);
  expect((await get('/parking/lots/1/reservations/r5')).body.carNumber).toBe(CAR);
  expect((await get('/parking/lots/1/reservations/r1')).body.carNumber).toBe('(erased)');
  expect((await get('/customers/kim/contact')).body).toMatchObject(contact);
  expect((await get('/customers/kim/messages')).body.items).not.toEqual([]);
  await plaza.close();
  const stores = await openTestStores({ dataFolder: data.folder });
  expect(await command(env, 'verify')).toMatchObject({ status: 0 });
  expect(await command(env, 'backup', old.folder)).toMatchObject({ status: 0 });
  await stores.stop();
  plaza = await openPlaza(env);
  expect((await erase('kim', '?cancel=true')).status).toBe(200);
});

test('nothing of erased customers is left in any file, and every view equals its replay', async () => {
  expect((await get('/customers/kim/contact')).status).toBe(404);
  const log = plaza.output();
  await plaza.close();
  const stores = await openTestStores({ dataFolder: data.folder });
  expect(await command(env, 'verify')).toMatchObject({ status: 0 });
  expect(await command(env, 'backup', join(data.folder, 'copy'))).toMatchObject({ status: 0 });
  expect(await command(env, 'export', join(data.folder, 'exported'))).toMatchObject({ status: 0 });
  expect((await command(env, 'keys', 'plain')).output).toContain('every personal field is encrypted');
  await stores.stop();
  expect(foundIn(data.folder, PERSONAL)).toEqual([]);
  for (const value of PERSONAL) expect(log).not.toContain(value);
});

test('the keys and views of a backup from before an erasure are erased again, once the event is read', async () => {
  expect(foundIn(old.folder, PERSONAL)).not.toEqual([]);
  copyFileSync(join(data.folder, 'events.sqlite'), join(old.folder, 'events.sqlite'));
  plaza = await openPlaza({ ...env, PLAZA_DATA: old.folder });
  expect((await get('/parking/lots/1/reservations/r5')).body.carNumber).toBe('(erased)');
  expect((await get('/customers/kim/contact')).status).toBe(404);
  await plaza.close();
  expect(foundIn(old.folder, PERSONAL)).toEqual([]);
});
