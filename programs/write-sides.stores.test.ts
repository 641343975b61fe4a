import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../embedded/testing.ts';
import { call, eventually, openProgram, type Plaza, temporaryData } from '../tests/support/plaza.ts';

/** The food court with a write side and policies of its own, behind one gateway. */
const data = temporaryData();
let stores: OpenedStores;
let parking: Plaza;
let foodCourt: Plaza;
let gateway: Plaza;
let policies: Plaza[] = [];

const envOf = (context: string) => ({
  EVENTSTORE_URL: stores.eventStoreUrl,
  MONGODB_URL: stores.mongoUrl,
  PLAZA_CONTEXTS: context,
});

beforeAll(async () => {
  stores = await openTestStores({ dataFolder: data.folder });
  [parking, foodCourt, ...policies] = await Promise.all([
    openProgram('write-side', envOf('parking')),
    openProgram('write-side', envOf('food-court')),
    openProgram('policies', envOf('parking')),
    openProgram('policies', envOf('food-court')),
  ]);
  gateway = await openProgram('gateway', {
    WRITE_SIDE_URL: parking.url,
    WRITE_SIDE_URLS: `food-court=${foodCourt.url}`,
  });
});

afterAll(async () => {
  await Promise.all([parking, foodCourt, gateway, ...policies].map((program) => program.close()));
  await stores.stop();
  data.remove();
});

const registerLot = (lotId: string, spots = 10) =>
  call(gateway.url, 'POST', '/parking/lots', { lotId, name: '정자역', spots });
const registerShop = (shopId: string) => call(gateway.url, 'POST', '/food-court/shops', { shopId, name: '분식' });

test('the gateway sends the commands of a context to its own write side', async () => {
  expect((await registerLot('l1')).status).toBe(201);
  expect((await registerShop('s1')).status).toBe(201);
  expect((await fetch(`${foodCourt.url}/food-court/nothing`, { method: 'POST' })).status).toBe(404);
  expect((await fetch(`${foodCourt.url}/nothing`, { method: 'POST' })).status).toBe(404);
});

test('a context that no write side of the gateway serves answers 503 with the reason', async () => {
  const refused = await call(gateway.url, 'POST', '/cinema/movies', { movieId: 'm1' });
  expect(refused).toMatchObject({
    status: 503,
    body: {
      type: '/problems/context-not-served',
      detail: 'It serves parking (PLAZA_CONTEXTS): a gateway must send the commands of cinema to another one',
    },
  });
  expect(refused.headers.get('Retry-After')).toBe('5');
});

test('with the write side of the food court stopped, parking continues and the food court answers 503', async () => {
  await foodCourt.close();
  const refused = await registerShop('s3');
  expect(refused).toMatchObject({ status: 503, body: { type: '/problems/write-side-unavailable' } });
  expect(refused.headers.get('Retry-After')).toBe('1');
  expect((await registerLot('l2')).status).toBe(201);
  expect((await registerLot('l2', 20)).status).toBe(409);

  const { port } = new URL(foodCourt.url);
  foodCourt = await openProgram('write-side', { ...envOf('food-court'), WRITE_SIDE_PORT: port });
  expect((await registerShop('s3')).status).toBe(201);
});

test('the policies of each context run in the process that has the context', async () => {
  const reservation = { reservationId: 'r1', customerId: 'c', carNumber: '10더8612', amount: 1 };
  expect((await call(gateway.url, 'POST', '/parking/lots/l1/reservations', reservation)).status).toBe(201);
  // A coupon that exists can be redeemed.
  await eventually(
    () => call(gateway.url, 'POST', '/parking/coupons/l1.r1/redemption', {}),
    ({ status }) => status === 200,
  );
});
