import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../embedded/testing.ts';
import { call, eventually, openProgram, type Plaza, temporaryData } from '../tests/support/plaza.ts';

/** Every side as a separate process behind the gateway, on separate stores. */
const data = temporaryData();
let stores: OpenedStores;
let env: Record<string, string>;
let writeSide: Plaza;
let readApi: Plaza;
let gateway: Plaza;
let projections: Plaza;
let policies: Plaza;

beforeAll(async () => {
  stores = await openTestStores({ dataFolder: data.folder });
  env = { EVENTSTORE_URL: stores.eventStoreUrl, MONGODB_URL: stores.mongoUrl, PLAZA_CONTEXTS: 'parking' };
  [writeSide, readApi, projections, policies] = await Promise.all([
    openProgram('write-side', env),
    openProgram('read-api', env),
    openProgram('projections', env),
    openProgram('policies', env),
  ]);
  gateway = await openProgram('gateway', { WRITE_SIDE_URL: writeSide.url, READ_API_URL: readApi.url });
});

afterAll(async () => {
  await Promise.all([writeSide, readApi, gateway, projections, policies].map((program) => program.close()));
  await stores.stop();
  data.remove();
});

const reserve = (reservationId: string) =>
  call(gateway.url, 'POST', '/parking/lots/l/reservations', {
    reservationId,
    customerId: 'c',
    carNumber: `car-${reservationId}`,
    amount: 1,
  });

const shows = (path: string, field: string, value: unknown) =>
  eventually(
    () => call(gateway.url, 'GET', path),
    ({ body }) => body[field] === value,
  );

test('the gateway sends commands to the write side and queries to the read API', async () => {
  await call(gateway.url, 'POST', '/parking/lots', { lotId: 'l', name: '정자역', spots: 10 });
  expect((await reserve('r1')).status).toBe(201);
  await shows('/parking/coupons/l.r1', 'status', 'issued');
  await shows('/parking/lots/l', 'free', 9);
});

test('the gateway ends in order although clients follow the events', async () => {
  const other = await openProgram('gateway', { WRITE_SIDE_URL: writeSide.url, READ_API_URL: readApi.url });
  const stream = await fetch(`${other.url}/control-center/events`);
  expect(stream.headers.get('Content-Type')).toContain('text/event-stream');
  const followed = stream.text().catch(() => 'cut');
  await other.close();
  await followed;
});

test('with projections and policies stopped commands are accepted, and each missed event is handled once later', async () => {
  await Promise.all([projections.close(), policies.close()]);
  expect((await reserve('r2')).status).toBe(201);
  expect((await reserve('r3')).status).toBe(201);
  expect((await call(gateway.url, 'GET', '/parking/lots/l')).body.free).toBe(9);

  [projections, policies] = await Promise.all([openProgram('projections', env), openProgram('policies', env)]);
  await shows('/parking/lots/l', 'free', 7);
  await shows('/parking/coupons/l.r3', 'status', 'issued');
  const history = await call<{ items: { type: string }[] }>(gateway.url, 'GET', '/parking/coupons/l.r2/history');
  expect(history.body.items.map(({ type }) => type)).toEqual(['CouponIssued']);
});

test('with the write side stopped every query still answers', async () => {
  await writeSide.close();
  const paths = [
    '/parking/lots',
    '/parking/lots/l',
    '/parking/lots/l/reservations',
    '/parking/lots/l/reservations/r1',
    '/parking/reservations?customerId=c',
    '/parking/coupons?status=issued',
    '/control-center',
  ];
  const answers = await Promise.all(paths.map((path) => call(gateway.url, 'GET', path)));
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  const refused = await reserve('r4');
  expect(refused).toMatchObject({ status: 503, body: { type: '/problems/write-side-unavailable' } });
  expect(refused.headers.get('Retry-After')).toBe('1');

  const { port } = new URL(writeSide.url);
  writeSide = await openProgram('write-side', { ...env, WRITE_SIDE_PORT: port });
  expect((await reserve('r4')).status).toBe(201);
});
