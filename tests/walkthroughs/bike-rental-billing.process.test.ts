import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { call, eventually, openProgram, type Plaza, temporaryData } from '../support/plaza.ts';
import { startProgram } from '../support/processes.ts';

const data = temporaryData();
let stores: OpenedStores;
let env: Record<string, string>;
let programs: Plaza[];
let writeSide: Plaza;
let readApi: Plaza;

beforeAll(async () => {
  stores = await openTestStores({ dataFolder: data.folder });
  env = { EVENTSTORE_URL: stores.eventStoreUrl, MONGODB_URL: stores.mongoUrl, PLAZA_CONTEXTS: 'bike-rental' };
  programs = await Promise.all(
    (['write-side', 'read-api', 'projections'] as const).map((name) => openProgram(name, env)),
  );
  [writeSide, readApi] = programs as [Plaza, Plaza];
});
afterAll(async () => {
  await Promise.all(programs.map((program) => program.close()));
  await stores.stop();
  data.remove();
});

const RENTALS = 20;
const rentals = Array.from({ length: RENTALS }, (_, index) => `r${index}`);
const post = (path: string, body: object) => call(writeSide.url, 'POST', `/bike-rental${path}`, body);
const get = <Body>(path: string, headers = {}) =>
  call<Body>(readApi.url, 'GET', `/bike-rental${path}`, undefined, headers);

test('with billing stopped bikes are rented and returned', async () => {
  await post('/bikes', { bikeId: 'b', location: '분당_정자역_1구역' });
  await post('/users/u/deposits', { amount: 1_000_000 });
  let position = '';
  for (const rentalId of rentals) {
    expect((await post('/bikes/b/rentals', { rentalId, userId: 'u' })).status).toBe(201);
    const returned = await post(`/bikes/b/rentals/${rentalId}/return`, { location: '분당_정자역_3구역' });
    expect(returned.status).toBe(200);
    position = returned.headers.get('Event-Position')!;
  }
  const upToDate = { 'Min-Event-Position': position, Prefer: 'wait=30' };
  const history = await get<{ items: { status: string; bill?: object }[] }>('/users/u/rentals', upToDate);
  expect(history.body.items).toHaveLength(RENTALS);
  expect(history.body.items.every(({ status, bill }) => status === 'returned' && !bill)).toBe(true);
  expect((await get<{ items: object[] }>('/bills', upToDate)).body.items).toEqual([]);
});

test('with billing restarted and killed once more every bill is opened and closed once', async () => {
  const killed = await startProgram('policies', env);
  const history = () => get<{ items: { bill?: { paid?: number } }[] }>('/users/u/rentals');
  const feesIn = ({ body }: Awaited<ReturnType<typeof history>>) => body.items.flatMap(({ bill }) => bill?.paid ?? []);
  await eventually(history, (answer) => feesIn(answer).length > 0);
  await killed.end('SIGKILL');

  programs.push(await openProgram('policies', env));
  const paid = await eventually(history, (answer) => feesIn(answer).length === RENTALS);
  const sum = feesIn(paid).reduce((total, fee) => total + fee, 0);
  const upToDate = { 'Min-Event-Position': paid.headers.get('View-Position')!, Prefer: 'wait=30' };
  const deposit = await get<{ balance: number; outstanding: number }>('/users/u/deposit', upToDate);
  expect(deposit.body).toMatchObject({ balance: 1_000_000 - sum, outstanding: 0 });
  for (const rentalId of rentals) {
    const { body } = await get<{ items: { type: string }[] }>(`/bikes/b/rentals/${rentalId}/history`, upToDate);
    expect(body.items.map(({ type }) => type)).toEqual([
      'BikeRented',
      'BikeReturned',
      'BillOpened',
      'BillClosed',
      'FeeDeducted',
    ]);
  }
});
