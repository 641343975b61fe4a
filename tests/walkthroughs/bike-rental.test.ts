import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { call, eventually as eventuallyWithin, type Program, startProgram, temporaryData } from '../support/plaza.ts';

/** Milliseconds: long enough for a busy machine, so that only real failures fail. */
const PATIENCE = 30_000;
vi.setConfig({ testTimeout: 3 * PATIENCE });
const eventually = <T>(ask: () => Promise<T>, expected: (answer: T) => boolean) =>
  eventuallyWithin(ask, expected, PATIENCE);

const data = temporaryData();
let plaza: Program;

beforeAll(async () => {
  plaza = await startProgram('all-in-one', { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'bike-rental' });
});
afterAll(async () => {
  await plaza.end();
  data.remove();
});

type Deposit = { balance: number; outstanding: number };
type Bill = {
  status: string;
  fee?: number;
  minutes?: number;
  paid?: number;
  tariff: { baseFee: number; perMinute: number };
};
type Line = { kind: string; rentalId?: string; status: string; to?: string; bill?: Bill; amount?: number };

const post = (path: string, body?: unknown) => call(plaza.url, 'POST', `/bike-rental${path}`, body);
const get = <Body = Record<string, unknown>>(path: string, position?: string | null) =>
  call<Body>(
    plaza.url,
    'GET',
    `/bike-rental${path}`,
    undefined,
    position ? { 'Min-Event-Position': position, Prefer: 'wait=30' } : {},
  );
const positionOf = ({ headers }: { headers: Headers }) => headers.get('Event-Position');

const deposit = async (userId: string) => (await get<Deposit>(`/users/${userId}/deposit`)).body;
const history = async (userId: string) => (await get<{ items: Line[] }>(`/users/${userId}/rentals?sort=at`)).body.items;

test('deposits are charged and bikes are at their location', async () => {
  const first = await post('/users/user-1/deposits', { amount: 100_000 });
  expect(first).toMatchObject({ status: 201, body: { userId: 'user-1', balance: 100_000, outstanding: 0 } });
  const second = await post('/users/user-2/deposits', { amount: 200_000 });
  expect((await get('/users/user-2/deposit', positionOf(second))).body).toEqual({
    userId: 'user-2',
    balance: 200_000,
    outstanding: 0,
  });

  for (const bikeId of ['bike-1', 'bike-2'])
    expect((await post('/bikes', { bikeId, location: '분당_정자역_1구역' })).status).toBe(201);
  const again = await post('/bikes', { bikeId: 'bike-1', location: '분당_정자역_2구역' });
  expect(again.status).toBe(409);
});

test('a rental opens a bill, its end closes it, and the deposit pays exactly the fee', async () => {
  const rented = await post('/bikes/bike-1/rentals', { rentalId: 'r1', userId: 'user-1' });
  expect(rented).toMatchObject({ status: 201, body: { bikeId: 'bike-1', rentalId: 'r1', status: 'in-use' } });
  expect(rented.headers.get('Location')).toBe('/bike-rental/bikes/bike-1/rentals/r1');
  expect((await get('/bikes/bike-1', positionOf(rented))).body).toMatchObject({ status: 'in-use', rentalId: 'r1' });

  const [line] = await eventually(
    () => history('user-1'),
    ([one]) => one?.bill !== undefined,
  );
  expect(line).toMatchObject({ kind: 'rental', rentalId: 'r1', status: 'in-use', bill: { status: 'open' } });
  const openBills = () => get<{ items: object[] }>('/bills?status=open');
  expect((await eventually(openBills, ({ body }) => body.items.length > 0)).body.items).toMatchObject([
    { bikeId: 'bike-1', rentalId: 'r1' },
  ]);

  const refused = await post('/bikes/bike-1/rentals', { rentalId: 'r2', userId: 'user-2' });
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/bike-not-available' } });

  const returned = await post('/bikes/bike-1/rentals/r1/return', { location: '분당_정자역_3구역' });
  expect(returned).toMatchObject({ status: 200, body: { status: 'returned' } });
  expect((await get('/bikes/bike-1', positionOf(returned))).body).toMatchObject({
    status: 'available',
    location: '분당_정자역_3구역',
  });
  const twice = await post('/bikes/bike-1/rentals/r1/return', { location: '분당_정자역_3구역' });
  expect(twice).toMatchObject({ status: 409, body: { type: '/problems/already-returned' } });

  const rental = await eventually(
    async () => (await get<Line>('/bikes/bike-1/rentals/r1')).body,
    ({ bill }) => bill?.paid !== undefined,
  );
  const bill = rental.bill!;
  const fee = bill.tariff.baseFee + bill.tariff.perMinute * bill.minutes!;
  expect(rental).toMatchObject({
    status: 'returned',
    to: '분당_정자역_3구역',
    bill: { status: 'closed', fee, paid: fee },
  });
  expect(
    await eventually(
      () => deposit('user-1'),
      ({ balance }) => balance !== 100_000,
    ),
  ).toMatchObject({
    balance: 100_000 - fee,
    outstanding: 0,
  });
});

test("a broken bike can't be rented until it is reported usable", async () => {
  const broken = await post('/bikes/bike-2/condition-reports', {
    managerId: 'manager-1',
    batteryLevel: 15,
    usable: false,
  });
  expect(broken.status).toBe(201);
  const shown = await get('/bikes/bike-2', positionOf(broken));
  expect(shown.body).toMatchObject({ status: 'out-of-service', batteryLevel: 15 });
  const listed = await get<{ items: object[] }>('/bikes?status=out-of-service');
  expect(listed.body.items).toMatchObject([{ bikeId: 'bike-2' }]);
  const refused = await post('/bikes/bike-2/rentals', { userId: 'user-2' });
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/bike-not-available' } });

  const repaired = await post('/bikes/bike-2/condition-reports', {
    managerId: 'manager-1',
    batteryLevel: 100,
    usable: true,
  });
  expect((await get('/bikes/bike-2', positionOf(repaired))).body).toMatchObject({
    status: 'available',
    batteryLevel: 100,
  });
});

test('points earned with reports become deposit, one for one', async () => {
  const points = async () => (await get<{ points: number }>('/managers/manager-1')).body.points;
  const earned = await eventually(points, (now) => now >= 2_000);
  const before = await deposit('user-2');

  const converted = await post('/managers/manager-1/conversions', { points: 1_000, userId: 'user-2' });
  expect(converted).toMatchObject({ status: 201, body: { converted: 1_000, points: earned - 1_000 } });
  expect((await get('/managers/manager-1', positionOf(converted))).body).toEqual({
    managerId: 'manager-1',
    points: earned - 1_000,
  });
  expect(
    await eventually(
      () => deposit('user-2'),
      ({ balance }) => balance !== before.balance,
    ),
  ).toMatchObject({
    balance: before.balance + 1_000,
  });
  const lines = await eventually(
    () => history('user-2'),
    (items) => items.length > 0,
  );
  expect(lines).toMatchObject([{ kind: 'conversion', status: 'credited', amount: 1_000, managerId: 'manager-1' }]);

  const tooMany = await post('/managers/manager-1/conversions', { points: earned, userId: 'user-2' });
  expect(tooMany).toMatchObject({ status: 409, body: { type: '/problems/not-enough-points' } });
});

test('a fee above the balance leaves an outstanding amount that the next charge pays first', async () => {
  await post('/users/user-3/deposits', { amount: 100 });
  await post('/bikes/bike-2/rentals', { rentalId: 'r1', userId: 'user-3' });
  await post('/bikes/bike-2/rentals/r1/return', { location: '분당_정자역_1구역' });
  const short = await eventually(
    () => deposit('user-3'),
    ({ outstanding }) => outstanding > 0,
  );
  expect(short.balance).toBe(0);

  const charged = await post('/users/user-3/deposits', { amount: 10_000 });
  expect(charged.body).toMatchObject({ balance: 10_000 - short.outstanding, outstanding: 0 });
  const [line] = await eventually(
    () => history('user-3'),
    ([one]) => one?.bill?.paid !== undefined,
  );
  expect(line?.bill).toMatchObject({ fee: short.outstanding + 100, paid: 100 });
});

test('the control centre counts the bikes', async () => {
  type Overview = { totals: Record<string, number>; rentals: object[] };
  const { body } = await eventually(
    () => call<{ contexts: Record<string, Overview> }>(plaza.url, 'GET', '/control-center'),
    ({ body: { contexts } }) => contexts['bike-rental']?.totals.openBills === 0,
  );
  const { totals, rentals } = body.contexts['bike-rental']!;
  expect(totals).toEqual({ bikes: 2, available: 2, inUse: 0, outOfService: 0, openBills: 0 });
  expect(rentals).toMatchObject([{ userId: 'user-3' }, { userId: 'user-1' }]);
});
