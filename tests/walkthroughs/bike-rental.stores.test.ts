import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';

const data = temporaryData();
const payments = { PAYMENT_TIMEOUT_MS: '500', PAYMENT_ANSWER_MS: '10000', HOLD_SECONDS: '2' };
let plaza: Plaza;

beforeAll(async () => {
  plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'bike-rental', ...payments });
});
afterAll(async () => {
  await plaza.close();
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
  // The second report came within the hour of the first.
  const earned = await eventually(points, (now) => now >= 1_000);
  expect(earned).toBe(1_000);
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

  const tooMany = await post('/managers/manager-1/conversions', { points: 1, userId: 'user-2' });
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
  const refused = await post('/bikes/bike-2/rentals', { rentalId: 'r2', userId: 'user-3' });
  expect(refused).toMatchObject({
    status: 409,
    body: { type: '/problems/outstanding', detail: `${short.outstanding} must be paid first` },
  });
  const repeated = await post('/bikes/bike-2/rentals', { rentalId: 'r1', userId: 'user-3' });
  expect(repeated).toMatchObject({ status: 409, body: { type: '/problems/already-returned' } });

  const charged = await post('/users/user-3/deposits', { amount: 10_000 });
  expect(charged.body).toMatchObject({ balance: 10_000 - short.outstanding, outstanding: 0 });
  const [line] = await eventually(
    () => history('user-3'),
    ([one]) => one?.bill?.paid !== undefined && one.bill.paid > 100,
  );
  expect(line?.bill).toMatchObject({ fee: short.outstanding + 100, paid: short.outstanding + 100 });
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

test('a charge is paid through the payment provider', async () => {
  const charge = (chargeId: string, token: string) =>
    post('/users/payer/deposits', { chargeId, amount: 5_000, payment: { method: 'card', token } });
  const paid = await charge('c1', 'approve');
  expect(paid).toMatchObject({
    status: 201,
    body: { userId: 'payer', chargeId: 'c1', amount: 5_000, status: 'charged', balance: 5_000, outstanding: 0 },
  });
  expect(paid.headers.get('Location')).toBe('/bike-rental/users/payer/deposits/c1');
  expect((await charge('c1', 'approve')).body).toEqual(paid.body);
  expect(await charge('c2', 'decline')).toMatchObject({ status: 402, body: { type: '/problems/payment-declined' } });
  expect(await charge('c3', 'charge-then-drop')).toMatchObject({ status: 201, body: { balance: 10_000 } });
  const cash = await post('/users/payer/deposits', { chargeId: 'c4', amount: 1 });
  expect(cash).toMatchObject({ status: 201, body: { status: 'charged', balance: 10_001 } });
  expect((await charge('c5', 'a token with spaces')).status).toBe(400);

  type Movement = { chargeId: string; status: string; balance: number; method: string };
  const shown = await get<{ items: Movement[] }>('/users/payer/movements?sort=at', positionOf(cash));
  expect(shown.body.items).toMatchObject([
    { chargeId: 'c1', status: 'charged', balance: 5_000, method: 'card' },
    { chargeId: 'c2', status: 'declined', balance: 5_000, reason: 'declined' },
    { chargeId: 'c3', status: 'charged', balance: 10_000, method: 'card' },
    { chargeId: 'c4', status: 'charged', balance: 10_001, method: 'cash' },
  ]);
  expect(JSON.stringify(shown.body)).not.toContain('approve');
});

test('a payment without an outcome is answered with 202, and ends later', async () => {
  const pending = await post('/users/waiter/deposits', {
    chargeId: 'slow',
    amount: 5_000,
    payment: { method: 'card', token: 'hang' },
  });
  expect(pending).toMatchObject({ status: 202, body: { status: 'pending', balance: 0 } });
  const path = pending.headers.get('Location')!;
  expect(path).toBe('/bike-rental/users/waiter/deposits/slow');
  const ended = await eventually(
    async () => (await call<{ status: string }>(plaza.url, 'GET', path)).body,
    ({ status }) => status === 'voided',
  );
  expect(ended).toMatchObject({ kind: 'charge', balance: 0, reason: 'timed-out' });
});

test('a tariff holds for the rentals that begin after it was set', async () => {
  const put = (path: string, body: object) => call(plaza.url, 'PUT', `/bike-rental${path}`, body);
  expect((await get('/tariff')).body).toEqual({ base: 1_000, perMinute: 100 });
  const before = await post('/bikes/bike-1/rentals', { rentalId: 't1', userId: 'user-1' });
  expect(before.body).toMatchObject({ tariff: { baseFee: 1_000, perMinute: 100 } });

  const tariff = { base: 700, perMinute: 0, dailyMax: 5_000 };
  const changed = await put('/tariff', tariff);
  expect(changed).toMatchObject({ status: 200, body: tariff });
  expect((await get('/tariff', positionOf(changed))).body).toEqual(tariff);
  expect((await put('/tariff', tariff)).status).toBe(200);
  expect((await put('/tariff', { base: -1, perMinute: 0 })).status).toBe(422);
  expect((await put('/tariff', { base: 0.5, perMinute: 0 })).status).toBe(400);

  await post('/bikes/bike-1/rentals/t1/return', { location: '분당_정자역_1구역' });
  const after = await post('/bikes/bike-1/rentals', { rentalId: 't2', userId: 'user-1' });
  expect(after.body).toMatchObject({ tariff: { baseFee: 700, perMinute: 0, dailyMax: 5_000 } });
  await post('/bikes/bike-1/rentals/t2/return', { location: '분당_정자역_1구역' });
  const billOf = async (rentalId: string) =>
    (
      await eventually(
        async () => (await get<Line>(`/bikes/bike-1/rentals/${rentalId}`)).body,
        ({ bill }) => bill?.fee !== undefined,
      )
    ).bill!;
  const [first, second] = [await billOf('t1'), await billOf('t2')];
  expect(first).toMatchObject({ tariff: { baseFee: 1_000 }, fee: 1_000 + 100 * first.minutes! });
  expect(second).toMatchObject({ tariff: { baseFee: 700, dailyMax: 5_000 }, fee: 700 });
});

test('the points for a report are shown, and set', async () => {
  expect((await get('/points')).body).toEqual({ perReport: 1_000 });
  const changed = await call(plaza.url, 'PUT', '/bike-rental/points', { perReport: 300 });
  expect(changed).toMatchObject({ status: 200, body: { perReport: 300 } });
  expect((await get('/points', positionOf(changed))).body).toEqual({ perReport: 300 });
  expect((await call(plaza.url, 'PUT', '/bike-rental/points', { perReport: -1 })).status).toBe(422);
});

test('bikes are moved, found by their place, and retired', async () => {
  const patch = (body: object) => call(plaza.url, 'PATCH', '/bike-rental/bikes/bike-3', body);
  const retire = () => call(plaza.url, 'DELETE', '/bike-rental/bikes/bike-3');
  await post('/bikes', { bikeId: 'bike-3', location: '서현역' });
  await post('/bikes/bike-3/rentals', { rentalId: 'r1', userId: 'user-1' });
  const inUse = { status: 409, body: { type: '/problems/bike-not-available' } };
  expect(await patch({ to: '판교역' })).toMatchObject(inUse);
  expect(await retire()).toMatchObject(inUse);
  await post('/bikes/bike-3/rentals/r1/return', { location: '서현역' });
  expect((await patch({ to: ' ' })).status).toBe(400);
  const moved = await patch({ to: '판교역' });
  expect(moved).toMatchObject({ status: 200, body: { bikeId: 'bike-3', location: '판교역' } });
  const found = await get<{ items: object[] }>(`/bikes?location=${encodeURIComponent('판교역')}`, positionOf(moved));
  expect(found.body.items).toMatchObject([{ bikeId: 'bike-3', status: 'available' }]);

  const retired = await retire();
  expect(retired).toMatchObject({ status: 200, body: { status: 'retired' } });
  expect((await get('/bikes/bike-3', positionOf(retired))).body).toMatchObject({ status: 'retired' });
  const refused = await post('/bikes/bike-3/rentals', { userId: 'user-1' });
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/bike-retired' } });
});

test('staff list deposits, managers and reports', async () => {
  const deposits = await get<{ items: Deposit[] }>('/deposits?sort=-balance');
  expect(deposits.body.items[0]).toMatchObject({ userId: 'user-2', balance: 201_000 });
  expect((await get('/managers?sort=-points')).body).toMatchObject({ items: [{ managerId: 'manager-1', points: 0 }] });
  const reports = await get<{ items: { reportedAt: string }[] }>('/condition-reports?bikeId=bike-2&sort=reportedAt');
  expect(reports.body.items).toMatchObject([
    { managerId: 'manager-1', usable: false, points: 1_000 },
    { managerId: 'manager-1', usable: true, points: 0 },
  ]);
  const second = reports.body.items[1]!.reportedAt;
  const between = async (range: string) =>
    (await get<{ items: object[] }>(`/condition-reports?bikeId=bike-2&${range}`)).body.items;
  expect(await between(`from=${second}`)).toMatchObject([{ usable: true }]);
  expect(await between(`to=${second}`)).toMatchObject([{ usable: false }]);
});
