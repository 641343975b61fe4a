import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { type Sandbox, startSandbox } from '../../write-side/payments/sandbox.ts';
import { eventsOf } from '../faults/load.ts';
import { checkEffects } from '../simulation/checkers/log.ts';
import { moneyDue } from '../simulation/checkers/money.ts';
import { checkPlaces } from '../simulation/checkers/places.ts';
import { call, eventually, temporaryData } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';

const data = temporaryData();
let sandbox: Sandbox;
let plaza: Program;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandbox();
  env = {
    PLAZA_DATA: data.folder,
    PLAZA_CONTEXTS: 'cinema',
    PAYMENT_URL: sandbox.url,
    PAYMENT_TIMEOUT_MS: '300',
    PAYMENT_ANSWER_MS: '100',
    HOLD_SECONDS: '2',
  };
  plaza = await startProgram('all-in-one', env);
});
afterAll(async () => {
  await plaza?.end();
  await sandbox.stop();
  data.remove();
});

const PRICE = 10_000;
const TOKENS = ['approve', 'decline', 'charge-then-drop', 'approve', 'fail-then-approve', 'hang', 'approve', 'decline'];

type Reservation = { reservationId: string; status: string; payment: string };
type Showing = { sold: number; held: number; left: number };

const post = (path: string, body: object) => call(plaza.url, 'POST', `/cinema${path}`, body);
const list = async (query: string, position: string) => {
  const headers = { 'Min-Event-Position': position, Prefer: 'wait=30' };
  const path = `/cinema/reservations?limit=200&${query}`;
  return (await call<{ items: Reservation[] }>(plaza.url, 'GET', path, undefined, headers)).body.items;
};

const reserve = (reservationId: string, token: string) =>
  post('/showings/s/reservations', { reservationId, customerId: 'c', payment: { method: 'card', token } });

test('a slow payment is answered with 202 and Location', async () => {
  await post('/movies', { movieId: 'm', title: '괴물', description: '한강', runningTime: 119 });
  await post('/movies/m/showings', { showingId: 's', startsAt: '2027-01-31T19:00:00.000Z', seats: 100, price: PRICE });
  const accepted = await reserve('slow', 'hang');
  expect(accepted).toMatchObject({ status: 202, body: { reservationId: 'slow', status: 'held' } });
  const path = accepted.headers.get('Location')!;
  expect(path).toBe('/cinema/showings/s/reservations/slow');
  const ended = await eventually(
    async () => (await call<Reservation>(plaza.url, 'GET', path)).body,
    ({ payment }) => payment === 'voided',
  );
  expect(ended.status).toBe('refused');
});

test('after kills during payments every reserved seat has one payment, and no other seat has any', async () => {
  for (const [round, killAfter] of [1, 4, 9].entries()) {
    let answered = 0;
    let reached = () => {};
    const enough = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const reservations = Array.from({ length: 16 }, async (_, index) => {
      await reserve(`${round}-${index}`, TOKENS[index % TOKENS.length]!).catch(() => {});
      answered += 1;
      if (answered === killAfter) reached();
    });
    await enough;
    await plaza.end('SIGKILL');
    await Promise.all(reservations);
    plaza = await startProgram('all-in-one', env);
  }

  // On a busy machine most calls to the provider are late: no payment is possible for five seconds then.
  const last = await eventually(
    () => reserve('last', 'approve'),
    ({ status }) => status !== 503,
  );
  expect([201, 202]).toContain(last.status);
  const position = last.headers.get('Event-Position')!;
  const states = ['status=held', 'payment=unknown', 'status=canceled&payment=approved'];
  const open = async () => (await Promise.all(states.map((state) => list(state, position)))).flat();
  await eventually(open, (items) => items.length === 0);
  const all = await list('', position);
  const confirmed = all.filter(({ status }) => status === 'confirmed');
  expect(confirmed.length).toBeGreaterThan(0);
  expect(all.filter(({ status }) => status !== 'confirmed' && status !== 'refused')).toEqual([]);
  expect(confirmed.every(({ payment }) => payment === 'approved')).toBe(true);

  const showing = (await call<Showing>(plaza.url, 'GET', '/cinema/showings/s')).body;
  expect(showing).toMatchObject({ sold: confirmed.length, held: 0, left: 100 - confirmed.length });

  await plaza.end();
  const stores = await startEmbeddedStores({ dataFolder: data.folder });
  const events = await eventsOf(stores.eventStoreUrl, ['showing-s']);
  await stores.stop();
  expect([...checkEffects(events), ...checkPlaces(events, Date.now())]).toEqual([]);
  const { standing, due } = moneyDue(events);
  expect(standing.size).toBe(confirmed.length);
  const { charged, refunded } = sandbox.totals();
  expect(charged - refunded).toBe(due);
});
