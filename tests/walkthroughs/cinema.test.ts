import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../write-side/cinema/payment-provider/sandbox.ts';
import { call, eventually as eventuallyWithin, type Program, startProgram, temporaryData } from '../support/plaza.ts';

/** Milliseconds: long enough for a busy machine, so that only real failures fail. */
const PATIENCE = 30_000;
vi.setConfig({ testTimeout: 3 * PATIENCE });
const eventually = <T>(ask: () => Promise<T>, expected: (answer: T) => boolean) =>
  eventuallyWithin(ask, expected, PATIENCE);

const data = temporaryData();
let plaza: Program;
let sandbox: Sandbox;
let mail: SMTPServer;
const mails: string[] = [];

const mailServer = () =>
  new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    async onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      mails.push(Buffer.concat(chunks).toString());
      done();
    },
  });

beforeAll(async () => {
  sandbox = await startSandbox();
  mail = mailServer();
  await new Promise<void>((resolve) => mail.listen(0, '127.0.0.1', resolve));
  const { port } = mail.server.address() as { port: number };
  plaza = await startProgram('all-in-one', {
    PLAZA_DATA: data.folder,
    PLAZA_CONTEXTS: 'cinema',
    COMMAND_TIMEOUT_MS: `${PATIENCE}`,
    QUERY_TIMEOUT_MS: `${PATIENCE}`,
    PAYMENT_URL: sandbox.url,
    PAYMENT_TIMEOUT_MS: '400',
    PAYMENT_ANSWER_MS: '10000',
    HOLD_SECONDS: '20',
    MAX_PAYMENTS: '3',
    MESSAGE_SMTP_URL: `smtp://127.0.0.1:${port}`,
  });
});
afterAll(async () => {
  await plaza?.end();
  await new Promise<void>((resolve) => mail.close(resolve));
  await sandbox.stop();
  data.remove();
});

type Movie = {
  showings: { showingId: string; sold: number; left: number; status: string }[];
  reservations: { held: number; confirmed: number; refused: number; canceled: number };
  reviewCount: number;
  averageRating: number;
};
type Reservation = { reservationId: string; status: string; payment: string };
type Message = { kind: string; status: string; messageId: string };

const command = (method: string, path: string, body?: unknown) => call(plaza.url, method, `/cinema${path}`, body);
const post = (path: string, body: unknown) => command('POST', path, body);
const get = <Body = Record<string, unknown>>(path: string, position?: string | null) =>
  call<Body>(
    plaza.url,
    'GET',
    `/cinema${path}`,
    undefined,
    position ? { 'Min-Event-Position': position, Prefer: 'wait=30' } : {},
  );
const positionOf = ({ headers }: { headers: Headers }) => headers.get('Event-Position');

const reserve = (showingId: string, reservationId: string, token: string, seat?: number) =>
  post(`/showings/${showingId}/reservations`, {
    reservationId,
    customerId: 'CUST1',
    ...(seat === undefined ? {} : { seat }),
    payment: { method: 'card', token },
  });

const movie = async (position?: string | null) =>
  (await get<{ items: Movie[] }>('/movies', position)).body.items.find(({ showings }) =>
    showings.some(({ showingId }) => showingId === 's1'),
  )!;

test('a movie and a showing of two seats', async () => {
  const film = { movieId: 'm1', title: '살인의 추억', description: '1986년', runningTime: 132 };
  expect((await post('/movies', film)).status).toBe(201);
  expect((await command('PUT', '/movies/m1', { ...film, movieId: undefined, description: '화성' })).status).toBe(200);
  const showing = { showingId: 's1', startsAt: '2027-01-31T19:00:00.000Z', seats: 2, price: 12_000 };
  const scheduled = await post('/movies/m1/showings', showing);
  expect(scheduled).toMatchObject({ status: 201, body: { ...showing, title: '살인의 추억', status: 'open' } });
  expect(scheduled.headers.get('Location')).toBe('/cinema/showings/s1');
  const [shown] = (await movie(positionOf(scheduled))).showings;
  expect(shown).toMatchObject({ showingId: 's1', sold: 0, left: 2 });
});

test('showings are sorted by time, with any offset from the client', async () => {
  const film = { movieId: 'm0', title: '기생충', description: '반지하', runningTime: 132 };
  await post('/movies', film);
  const schedule = (showingId: string, startsAt: string) =>
    post('/movies/m0/showings', { showingId, startsAt, seats: 2, price: 12_000 });
  await schedule('second', '2027-01-31T19:00:00+09:00');
  await schedule('third', '2027-01-31T10:00:00.500Z');
  const last = await schedule('first', '2027-01-31T11:59:00+02:00');
  expect(last.body.startsAt).toBe('2027-01-31T09:59:00.000Z');
  const sorted = await get<{ items: { showingId: string }[] }>('/movies/m0/showings?sort=startsAt', positionOf(last));
  expect(sorted.body.items.map(({ showingId }) => showingId)).toEqual(['first', 'second', 'third']);
  for (const nonsense of ['2027-02-30T19:00:00Z', '2016-12-31T23:59:60Z', '2027-01-31', '2027-01-31T19:00:00'])
    expect(await schedule('never', nonsense), nonsense).toMatchObject({ status: 400 });
});

test('a declined payment leaves the seat free, an approved one takes it', async () => {
  const declined = await reserve('s1', 'r1', 'decline', 1);
  expect(declined).toMatchObject({ status: 402, body: { type: '/problems/payment-declined' } });

  const confirmed = await reserve('s1', 'r2', 'approve', 1);
  expect(confirmed).toMatchObject({ status: 201, body: { reservationId: 'r2', seat: 1, status: 'confirmed' } });
  expect(confirmed.headers.get('Location')).toBe('/cinema/showings/s1/reservations/r2');
  const again = await reserve('s1', 'r2', 'approve', 1);
  expect(again).toMatchObject({ status: 201, body: { reservationId: 'r2', status: 'confirmed' } });

  const shown = await movie(positionOf(confirmed));
  expect(shown.showings[0]).toMatchObject({ sold: 1, left: 1 });
  expect(shown.reservations).toEqual({ held: 0, confirmed: 1, refused: 1, canceled: 0 });
  const mine = await get<{ items: Reservation[] }>('/customers/CUST1/reservations?sort=heldAt', positionOf(confirmed));
  expect(mine.body.items.map(({ status }) => status)).toEqual(['refused', 'confirmed']);
  expect(sandbox.totals()).toMatchObject({ charges: 1, refunds: 0 });

  expect(await reserve('s1', 'r3', 'approve', 1)).toMatchObject({
    status: 409,
    body: { type: '/problems/seat-taken' },
  });
  expect(await reserve('s1', 'r3', 'approve', 3)).toMatchObject({
    status: 422,
    body: { type: '/problems/no-such-seat' },
  });
});

test('the customer gets one message', async () => {
  const messages = await eventually(
    async () => (await get<{ items: Message[] }>('/customers/CUST1/messages')).body.items,
    ([first]) => first?.status === 'sent',
  );
  expect(messages).toMatchObject([{ kind: 'confirmed', messageId: 'confirmed.s1.r2.3' }]);
  expect(mails).toHaveLength(1);
  expect(mails[0]).toContain('<confirmed.s1.r2.3@localhost>');
});

test('only a guest writes a review, only one, and it counts until it is deleted', async () => {
  const review = { customerId: 'CUST1', showingId: 's1', reservationId: 'r2', rating: 4, text: '다시 보고 싶다' };
  const stranger = await post('/movies/m1/reviews', { ...review, customerId: 'CUST2' });
  expect(stranger).toMatchObject({ status: 409, body: { type: '/problems/not-a-guest' } });
  const refused = await post('/movies/m1/reviews', { ...review, reservationId: 'r1' });
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/not-a-guest' } });

  const written = await post('/movies/m1/reviews', review);
  expect(written.status).toBe(201);
  expect(await movie(positionOf(written))).toMatchObject({ reviewCount: 1, averageRating: 4 });
  const second = await post('/movies/m1/reviews', { ...review, rating: 5 });
  expect(second).toMatchObject({ status: 409, body: { type: '/problems/review-already-exists' } });
  expect((await get<{ items: object[] }>('/movies/m1/reviews')).body.items).toHaveLength(1);

  const deleted = await command('DELETE', '/movies/m1/reviews/CUST1');
  expect(deleted.status).toBe(200);
  expect(await movie(positionOf(deleted))).toMatchObject({ reviewCount: 0, averageRating: 0 });
});

test('a cancelled reservation frees the seat at once, is refunded, and the customer gets a message', async () => {
  const canceled = await command('DELETE', '/showings/s1/reservations/r2');
  expect(canceled).toMatchObject({ status: 200, body: { status: 'canceled' } });
  const shown = await get('/showings/s1', positionOf(canceled));
  expect(shown.body).toMatchObject({ sold: 0, left: 2 });
  expect(await command('DELETE', '/showings/s1/reservations/r2')).toMatchObject({
    status: 409,
    body: { type: '/problems/already-canceled' },
  });

  await eventually(
    async () => (await get<Reservation>('/showings/s1/reservations/r2')).body,
    ({ payment }) => payment === 'refunded',
  );
  expect(sandbox.totals()).toEqual({ charges: 1, refunds: 1, charged: 12_000, refunded: 12_000 });
  const messages = await eventually(
    async () => (await get<{ items: Message[] }>('/customers/CUST1/messages?sort=at')).body.items,
    (items) => items.length === 3 && items.every(({ status }) => status === 'sent'),
  );
  expect(messages.map(({ kind }) => kind)).toEqual(['confirmed', 'canceled', 'refunded']);
  expect(mails).toHaveLength(3);
});

test('with any behaviour of the provider a reserved seat has one payment', async () => {
  expect(await reserve('s1', 'fails-once', 'fail-then-approve')).toMatchObject({ status: 201 });
  expect(await reserve('s1', 'drops', 'charge-then-drop')).toMatchObject({ status: 201 });
  expect(await reserve('s1', 'full', 'approve')).toMatchObject({
    status: 409,
    body: { type: '/problems/showing-full' },
  });
  expect(sandbox.totals()).toMatchObject({ charges: 3, refunds: 1 });
  await command('DELETE', '/showings/s1/reservations/drops');

  const hung = await reserve('s1', 'hangs', 'hang');
  expect(hung).toMatchObject({ status: 402, body: { type: '/problems/payment-declined' } });
  const settled = await eventually(
    async () => (await get<Reservation>('/showings/s1/reservations/hangs')).body,
    ({ payment }) => payment === 'voided',
  );
  expect(settled.status).toBe('refused');
  await eventually(
    async () => (await get<{ items: object[] }>('/reservations?status=canceled&payment=approved')).body.items,
    (items) => items.length === 0,
  );
  expect(sandbox.totals()).toMatchObject({ charges: 3, refunds: 2 });
});

test('payments beyond the limit get 503 with Retry-After', async () => {
  const showing = { showingId: 's2', startsAt: '2027-01-31T21:00:00.000Z', seats: 100, price: 10_000 };
  await post('/movies/m1/showings', showing);
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, index) => reserve('s2', `b${index}`, 'fail-then-approve')),
  );
  const shed = answers.filter(({ status }) => status === 503);
  expect(shed.length).toBeGreaterThan(0);
  for (const { headers, body } of shed) {
    expect(body.type).toBe('/problems/too-many-payments');
    expect(headers.get('Retry-After')).toBe('1');
  }
  expect(answers.filter(({ status }) => status === 201).length).toBe(24 - shed.length);
  expect(await reserve('s2', 'later', 'approve')).toMatchObject({ status: 201 });
});

test('a deleted movie cancels its showings and refunds every reservation', async () => {
  const deleted = await command('DELETE', '/movies/m1');
  expect(deleted).toMatchObject({ status: 200, body: { status: 'deleted' } });
  const shown = await eventually(
    () => movie(positionOf(deleted)),
    ({ reservations }) => reservations.confirmed === 0,
  );
  expect(shown.showings.map(({ status }) => status)).toEqual(['canceled', 'canceled']);
  expect(await reserve('s2', 'too-late', 'approve')).toMatchObject({
    status: 409,
    body: { type: '/problems/showing-canceled' },
  });
  await eventually(
    async () => sandbox.totals(),
    ({ charged, refunded }) => charged === refunded,
  );
});

test('messages wait while the channel is down, and reservations continue', async () => {
  await post('/movies', { movieId: 'm2', title: '마더', description: '혜자', runningTime: 128 });
  const showing = { showingId: 's3', startsAt: '2027-02-01T19:00:00.000Z', seats: 5, price: 9_000 };
  await post('/movies/m2/showings', showing);
  const { port } = mail.server.address() as { port: number };
  await new Promise<void>((resolve) => mail.close(resolve));
  const confirmed = await post('/showings/s3/reservations', {
    reservationId: 'r1',
    customerId: 'CUST9',
    payment: { method: 'card', token: 'approve' },
  });
  expect(confirmed.status).toBe(201);
  const messages = async (position?: string | null) =>
    (await get<{ items: Message[] }>('/customers/CUST9/messages', position)).body.items;
  expect(await messages(positionOf(confirmed))).toMatchObject([{ kind: 'confirmed', status: 'kept' }]);

  mail = mailServer();
  await new Promise<void>((resolve) => mail.listen(port, '127.0.0.1', resolve));
  await eventually(messages, ([message]) => message?.status === 'sent');
  expect(mails.filter((text) => text.includes('<confirmed.s3.r1.1@localhost>'))).toHaveLength(1);
});

test('health and metrics report the circuit to the provider', async () => {
  const { body } = await call<{ checks: Record<string, object> }>(plaza.url, 'GET', '/readyz?verbose');
  expect(body.checks.payments).toEqual({ ok: true, detail: 'circuit closed' });
  const metrics = await (await fetch(`${plaza.url}/metrics`)).text();
  expect(metrics).toContain('plaza_payment_circuit{state="closed"} 1');
});
