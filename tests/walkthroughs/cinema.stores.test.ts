import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../write-side/payments/sandbox.ts';
import { call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';

const data = temporaryData();
let plaza: Plaza;
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
  plaza = await openPlaza({
    PLAZA_DATA: data.folder,
    PLAZA_CONTEXTS: 'cinema,customers',
    COMMAND_TIMEOUT_MS: '30000',
    QUERY_TIMEOUT_MS: '30000',
    PAYMENT_URL: sandbox.url,
    PAYMENT_TIMEOUT_MS: '400',
    PAYMENT_ANSWER_MS: '10000',
    HOLD_SECONDS: '20',
    MAX_PAYMENTS: '3',
    MESSAGE_SMTP_URL: `smtp://127.0.0.1:${port}`,
    MESSAGE_TO: '{customerId}@localhost',
  });
});
afterAll(async () => {
  await plaza?.close();
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

test('the customer gets one message of each outcome', async () => {
  const messages = await eventually(
    async () => (await get<{ items: Message[] }>('/customers/CUST1/messages?sort=at')).body.items,
    (items) => items.length === 2 && items.every(({ status }) => status === 'sent'),
  );
  expect(messages).toMatchObject([
    { kind: 'rejected', messageId: 'rejected.s1.r1.1' },
    { kind: 'confirmed', messageId: 'confirmed.s1.r2.3' },
  ]);
  expect(mails).toHaveLength(2);
  for (const { messageId } of messages) expect(mails.join()).toContain(`<${messageId}@localhost>`);
});

test('no review is written before the showing, and none by a stranger', async () => {
  const review = { customerId: 'CUST1', showingId: 's1', reservationId: 'r2', rating: 4, text: '다시 보고 싶다' };
  const stranger = await post('/movies/m1/reviews', { ...review, customerId: 'CUST2' });
  expect(stranger).toMatchObject({ status: 409, body: { type: '/problems/not-a-guest' } });
  const refused = await post('/movies/m1/reviews', { ...review, reservationId: 'r1' });
  expect(refused).toMatchObject({ status: 409, body: { type: '/problems/not-a-guest' } });
  const early = await post('/movies/m1/reviews', review);
  expect(early).toMatchObject({ status: 409, body: { type: '/problems/showing-not-begun' } });
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
    (items) => items.length === 4 && items.every(({ status }) => status === 'sent'),
  );
  expect(messages.map(({ kind }) => kind)).toEqual(['rejected', 'confirmed', 'canceled', 'refunded']);
  expect(mails).toHaveLength(4);
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

test('seats are held before they are paid, and a freed one is offered to the first who waits', async () => {
  await post('/movies', { movieId: 'm17', title: '밀양', description: '비밀의 햇볕', runningTime: 142 });
  const showing = { showingId: 's17', startsAt: '2027-02-03T19:00:00.000Z', seats: 2, price: 9_000, holdFor: 3_600 };
  await post('/movies/m17/showings', showing);
  const path = '/showings/s17';
  const held = await post(`${path}/holds`, { holdId: 'h1', customerId: 'kim', places: 2 });
  expect(held).toMatchObject({ status: 201, body: { holdId: 'h1', places: 2, status: 'held' } });
  expect((await get(path, positionOf(held))).body).toMatchObject({ onHold: 2, held: 0, sold: 0, left: 0 });
  const pay = (reservationId: string, customerId: string, rest: object, token = 'approve') =>
    post(`${path}/reservations`, { reservationId, customerId, ...rest, payment: { method: 'card', token } });
  const refusal = (status: number, name: string) => ({ status, body: { type: `/problems/${name}` } });
  expect(await pay('r1', 'lee', {})).toMatchObject(refusal(409, 'showing-full'));
  expect(await pay('r1', 'lee', { holdId: 'h1' })).toMatchObject(refusal(404, 'hold-not-found'));
  const paid = await pay('r2', 'kim', { holdId: 'h1', places: 2, amount: 18_000 });
  expect(paid).toMatchObject({ status: 201, body: { seats: ['1', '2'], status: 'confirmed' } });
  expect(await pay('r3', 'kim', { holdId: 'h1' })).toMatchObject(refusal(409, 'hold-ended'));
  for (const places of [0, 9])
    expect((await post(`${path}/holds`, { customerId: 'lee', places })).body.type).toBe('/problems/out-of-range');

  for (const [entryId, customerId] of [
    ['e1', 'lee'],
    ['e2', 'choi'],
  ])
    expect(await post(`${path}/waiting-list`, { entryId, customerId, places: 2 })).toMatchObject({
      status: 201,
      body: { status: 'waiting' },
    });
  const canceled = await command('DELETE', `${path}/reservations/r2`);
  const { body } = await get(`${path}/waiting-list/e1`, positionOf(canceled));
  expect(body).toMatchObject({ status: 'offered', customerId: 'lee' });
  expect((await get(`${path}/waiting-list/e2`)).body).toMatchObject({ status: 'waiting', position: 1 });
  expect((await get(path)).body).toMatchObject({ sold: 0, onHold: 2, waiting: 1, left: 0 });
  await eventually(
    async () => (await get<{ items: Message[] }>('/customers/lee/messages')).body.items,
    (items) => items.some(({ kind }) => kind === 'offered'),
  );
  expect(await pay('r4', 'choi', { entryId: 'e2', places: 2 })).toMatchObject(refusal(409, 'not-offered'));

  const declined = await pay('r5', 'lee', { entryId: 'e1', places: 2 }, 'decline');
  expect(declined).toMatchObject(refusal(402, 'payment-declined'));
  await eventually(
    () => get<{ status: string }>(`${path}/waiting-list/e2`),
    ({ body: { status } }) => status === 'offered',
  );
  expect(await pay('r6', 'choi', { entryId: 'e2', places: 2 })).toMatchObject({ status: 201 });
});

test("a hold may name its seats, which are then nobody else's, and takes them all when it is paid", async () => {
  await post('/movies', { movieId: 'm19', title: '버닝', description: '비닐하우스', runningTime: 148 });
  const showing = { showingId: 's19', startsAt: '2027-02-05T19:00:00.000Z', hallMap: ['oo_oo', 'ox'], price: 9_000 };
  await post('/movies/m19/showings', showing);
  const path = '/showings/s19';
  const payment = { method: 'card', token: 'approve' };
  const refusal = (status: number, name: string) => ({ status, body: { type: `/problems/${name}` } });
  const seats = ['A3', 'B1'];
  const hold = { holdId: 'h1', customerId: 'kim', places: 2, seats };
  const held = await post(`${path}/holds`, hold);
  expect(held).toMatchObject({ status: 201, body: { ...hold, status: 'held' } });
  type Hall = { rows: { seats: { seat: string; status: string }[] }[] };
  const seatsWith = async (status: string, position?: string | null) =>
    (await get<Hall>(`${path}/seats`, position)).body.rows
      .flatMap((row) => row.seats)
      .filter((each) => each.status === status)
      .map(({ seat }) => seat);
  expect(await seatsWith('held', positionOf(held))).toEqual(seats);
  expect((await get(`${path}/holds/h1`)).body).toMatchObject(hold);

  const lees = { customerId: 'lee', payment };
  expect(await post(`${path}/reservations`, { ...lees, seats: ['B1'] })).toMatchObject(refusal(409, 'seat-taken'));
  const ofLee = (places: number, ...names: string[]) =>
    post(`${path}/holds`, { customerId: 'lee', places, seats: names });
  expect(await ofLee(1, 'A3')).toMatchObject(refusal(409, 'seat-taken'));
  expect(await ofLee(1, 'B2')).toMatchObject(refusal(409, 'seat-blocked'));
  expect(await ofLee(1, 'C1')).toMatchObject(refusal(422, 'no-such-seat'));
  expect(await ofLee(1, 'A1', 'A2')).toMatchObject(refusal(422, 'seats-differ'));
  expect(await ofLee(1, 'A 1')).toMatchObject({ status: 400 });
  expect(await ofLee(2, 'A1', 'A1')).toMatchObject({ status: 400 });

  const kims = { reservationId: 'r1', customerId: 'kim', holdId: 'h1', payment };
  expect(await post(`${path}/reservations`, { ...kims, seats: ['A3', 'A4'] })).toMatchObject(
    refusal(422, 'seats-differ'),
  );
  const paid = await post(`${path}/reservations`, { ...kims, amount: 18_000 });
  expect(paid).toMatchObject({ status: 201, body: { seats, status: 'confirmed' } });
  expect(await seatsWith('sold', positionOf(paid))).toEqual(seats);

  const another = await post(`${path}/holds`, { holdId: 'h2', customerId: 'lee', places: 1, seats: ['A1'] });
  expect(await seatsWith('held', positionOf(another))).toEqual(['A1']);
  const released = await command('DELETE', `${path}/holds/h2`);
  expect(await seatsWith('held', positionOf(released))).toEqual([]);
});

test('a hold that expired keeps no seat', async () => {
  await post('/movies', { movieId: 'm18', title: '시', description: '미자', runningTime: 139 });
  const showing = { showingId: 's18', startsAt: '2027-02-04T19:00:00.000Z', seats: 1, price: 9_000, holdFor: 10 };
  await post('/movies/m18/showings', showing);
  await post('/showings/s18/holds', { holdId: 'h1', customerId: 'kim', places: 1 });
  await eventually(
    async () => (await get('/showings/s18/holds/h1')).body,
    ({ status }) => status === 'expired',
  );
  const body = { reservationId: 'r1', customerId: 'kim', payment: { method: 'card', token: 'approve' } };
  expect(await post('/showings/s18/reservations', { ...body, holdId: 'h1' })).toMatchObject({
    status: 409,
    body: { type: '/problems/hold-expired' },
  });
  expect(await post('/showings/s18/reservations', body)).toMatchObject({ status: 201 });
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

test('a past showing is not scheduled, and a reservation is not cancelled shortly before the start', async () => {
  const tooLate = { status: 409, body: { type: '/problems/too-late' } };
  const showing = { showingId: 's4', seats: 2, price: 12_000 };
  const schedule = (startsAt: string, cancelUntil: number) =>
    post('/movies/m2/showings', { ...showing, startsAt, cancelUntil });
  expect(await schedule('2020-02-29T19:00:00.000+09:00', 20)).toMatchObject(tooLate);
  const startsAt = new Date(Date.now() + 60 * 60_000).toISOString();
  expect(await schedule(startsAt, 10_081)).toMatchObject({ status: 422 });
  expect(await schedule(startsAt, 61)).toMatchObject({ status: 201, body: { startsAt, cancelUntil: 61 } });
  const confirmed = await reserve('s4', 'r1', 'approve');
  expect(confirmed).toMatchObject({ status: 201 });
  expect(await command('DELETE', '/showings/s4/reservations/r1')).toMatchObject(tooLate);
  expect((await get('/showings/s4', positionOf(confirmed))).body).toMatchObject({ sold: 1, cancelUntil: 61 });
});

test('a group reserves seats of a hall map together, and everybody sees the seats', async () => {
  const startsAt = '2027-02-02T19:00:00.000Z';
  const hallMap = ['oo_oo', 'ox_oo'];
  const scheduled = await post('/movies/m2/showings', { showingId: 's5', startsAt, hallMap, price: 12_000 });
  expect(scheduled).toMatchObject({ status: 201, body: { seats: 7, hallMap } });
  const none = await post('/movies/m2/showings', { showingId: 's6', startsAt, price: 12_000 });
  expect(none).toMatchObject({ status: 422, body: { type: '/problems/no-seats' } });

  const ask = (reservationId: string, choice: object) =>
    post('/showings/s5/reservations', {
      reservationId,
      customerId: 'CUST5',
      ...choice,
      payment: { method: 'card', token: 'approve' },
    });
  const before = sandbox.totals().charged;
  const together = await ask('g1', { places: 2, amount: 24_000 });
  expect(together).toMatchObject({
    status: 201,
    body: { seats: ['A1', 'A2'], price: 24_000, status: 'confirmed' },
  });
  expect(await ask('g2', { seats: ['B1', 'A2'] })).toMatchObject({
    status: 409,
    body: { type: '/problems/seat-taken', detail: 'A2' },
  });
  expect(await ask('g2', { places: 3 })).toMatchObject({
    status: 409,
    body: { type: '/problems/seats-apart', detail: 'seats that are left: A3, A4 and B3' },
  });
  expect(await ask('g2', { places: 1, amount: 11_000 })).toMatchObject({
    status: 409,
    body: { type: '/problems/price-changed', price: 12_000 },
  });
  for (const choice of [{ places: 0 }, { places: 9 }, { seats: [] }])
    expect((await ask('g2', choice)).status, JSON.stringify(choice)).toBe(422);
  for (const choice of [{ seats: ['b1'] }, { seats: ['B1', 'B1'] }, { seat: 'B1' }])
    expect((await ask('g2', choice)).status, JSON.stringify(choice)).toBe(400);
  const last = await ask('g2', { seats: ['A3', 'A4', 'B3'] });
  expect(last).toMatchObject({ status: 201, body: { price: 36_000 } });
  expect(sandbox.totals().charged - before).toBe(60_000);

  type Rows = { rows: { row: string; seats: { seat: string; status: string }[] }[] };
  const { body } = await get<Rows>('/showings/s5/seats', positionOf(last));
  expect(body.rows.map(({ row, seats }) => [row, seats.map(({ seat, status }) => `${seat} ${status}`)])).toEqual([
    ['A', ['A1 sold', 'A2 sold', 'A3 sold', 'A4 sold']],
    ['B', ['B1 free', 'B2 blocked', 'B3 sold', 'B4 free']],
  ]);
  const mine = await get<{ items: object[] }>('/customers/CUST5/reservations?sort=heldAt', positionOf(last));
  expect(mine.body.items).toMatchObject([
    { seats: ['A1', 'A2'], price: 24_000, startsAt },
    { seats: ['A3', 'A4', 'B3'], price: 36_000, startsAt },
  ]);
  expect((await get('/showings/nowhere/seats')).status).toBe(404);
});

test('a guest reviews a showing that began, once, and the review counts until its reservation is cancelled', async () => {
  const film = { movieId: 'm3', title: '괴물', description: '한강', runningTime: 119 };
  await post('/movies', film);
  /** Milliseconds to reserve a seat on a busy machine. */
  const soon = 5_000;
  const startsAt = new Date(Date.now() + soon).toISOString();
  await post('/movies/m3/showings', { showingId: 's7', startsAt, seats: 2, price: 12_000 });
  expect(await reserve('s7', 'r1', 'approve')).toMatchObject({ status: 201 });
  const review = { customerId: 'CUST1', showingId: 's7', reservationId: 'r1', rating: 4, text: '다시 보고 싶다' };
  const written = await eventually(
    () => post('/movies/m3/reviews', review),
    ({ status }) => status === 201,
  );
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(startsAt));
  const m3 = async (position?: string | null) => (await get('/movies/m3', position)).body;
  expect(await m3(positionOf(written))).toMatchObject({ reviewCount: 1, averageRating: 4 });
  const second = await post('/movies/m3/reviews', { ...review, rating: 5 });
  expect(second).toMatchObject({ status: 409, body: { type: '/problems/review-already-exists' } });
  expect((await get<{ items: object[] }>('/movies/m3/reviews')).body.items).toHaveLength(1);

  const deleted = await command('DELETE', '/movies/m3/reviews/CUST1');
  expect(deleted.status).toBe(200);
  expect(await m3(positionOf(deleted))).toMatchObject({ reviewCount: 0, averageRating: 0 });
  expect(await post('/movies/m3/reviews', review)).toMatchObject({ status: 201 });
  expect(await reserve('s7', 'r2', 'approve')).toMatchObject({ status: 409, body: { type: '/problems/too-late' } });

  const { charged, refunded } = sandbox.totals();
  const canceled = await command('DELETE', '/showings/s7');
  expect(canceled).toMatchObject({ status: 200, body: { showingId: 's7', status: 'canceled' } });
  expect((await get('/showings/s7', positionOf(canceled))).body).toMatchObject({ sold: 0, left: 0 });
  expect(await command('DELETE', '/showings/s7')).toMatchObject({
    status: 409,
    body: { type: '/problems/showing-canceled' },
  });
  await eventually(m3, ({ reviewCount, averageRating }) => reviewCount === 0 && averageRating === 0);
  await eventually(
    async () => sandbox.totals(),
    (totals) => totals.refunded - refunded === 12_000 && totals.charged === charged,
  );
});

test('an edited title and a moved start appear at once, also in earlier reservations', async () => {
  const film = { title: 'The Host', description: '한강', runningTime: 119 };
  const startsAt = '2027-03-03T19:00:00.000Z';
  const showing = { showingId: 's8', startsAt: '2027-03-03T17:00:00.000Z', seats: 2, price: 12_000 };
  await post('/movies/m3/showings', showing);
  expect(await reserve('s8', 'r1', 'approve')).toMatchObject({ status: 201 });
  const moved = await command('PATCH', '/showings/s8', { startsAt: '2027-03-04T04:00:00+09:00' });
  expect(moved).toMatchObject({ status: 200, body: { showingId: 's8', startsAt } });
  const edited = await command('PUT', '/movies/m3', film);
  expect(edited.status).toBe(200);

  const current = { title: 'The Host', startsAt };
  const position = positionOf(edited);
  expect((await get('/showings/s8', position)).body).toMatchObject(current);
  expect((await get('/showings/s8/reservations/r1', position)).body).toMatchObject(current);
  for (const path of ['/showings/s8/reservations', '/customers/CUST1/reservations?sort=-heldAt'])
    expect((await get<{ items: object[] }>(path, position)).body.items[0], path).toMatchObject(current);
  const { body } = await call(plaza.url, 'GET', '/control-center');
  expect(JSON.stringify(body)).toContain('The Host');
  const past = await command('PATCH', '/showings/s8', { startsAt: '2020-03-04T04:00:00+09:00' });
  expect(past).toMatchObject({ status: 409, body: { type: '/problems/too-late' } });
  const told = await eventually(
    async () => (await get<{ items: (Message & { text: string })[] }>('/customers/CUST1/messages?sort=-at')).body.items,
    (items) => items.some(({ kind }) => kind === 'moved'),
  );
  const { text } = told.find(({ kind }) => kind === 'moved')!;
  for (const part of ['괴물', '4 March 2027 at 04:00', 'any free seat', 'Instead of: Thursday, 4 March 2027 at 02:00'])
    expect(text).toContain(part);
});

test('showings in one hall do not overlap, and a cancelled one frees the hall', async () => {
  const schedule = (showingId: string, startsAt: string, hallId = 'hall-1') =>
    post('/movies/m3/showings', { showingId, hallId, startsAt, seats: 2, price: 12_000, cleaning: 21 });
  const first = await schedule('in-hall', '2027-04-04T10:00:00.000Z');
  expect(first).toMatchObject({ status: 201, body: { hallId: 'hall-1', runningTime: 119, cleaning: 21 } });
  const inUse = { status: 409, body: { type: '/problems/hall-in-use' } };
  expect(await schedule('overlapping', '2027-04-04T12:19:00.000Z')).toMatchObject(inUse);
  expect(await schedule('elsewhere', '2027-04-04T12:19:00.000Z', 'hall-2')).toMatchObject({ status: 201 });
  const next = await schedule('next', '2027-04-04T12:20:00.000Z');
  expect(next.status).toBe(201);
  const inHall = '/halls/hall-1/showings?sort=startsAt';
  const shown = await get<{ items: { showingId: string }[] }>(inHall, positionOf(next));
  expect(shown.body.items.map(({ showingId }) => showingId)).toEqual(['in-hall', 'next']);
  const history = (id: string) => get<{ items: { type: string }[] }>(`/showings/${id}/history`);
  expect((await history('overlapping')).body.items, 'a refused scheduling leaves no event').toEqual([]);

  // A showing in a hall moves when the hall is free, also to a time that overlaps its own.
  const move = (startsAt: string) => command('PATCH', '/showings/next', { startsAt });
  expect(await move('2027-04-04T11:00:00.000Z')).toMatchObject(inUse);
  const moved = await move('2027-04-04T13:00:00.000Z');
  expect(moved).toMatchObject({ status: 200, body: { startsAt: '2027-04-04T13:00:00.000Z' } });
  expect((await get('/showings/next', positionOf(moved))).body).toMatchObject({ startsAt: '2027-04-04T13:00:00.000Z' });
  const between = await eventually(
    () => schedule('between', '2027-04-04T12:20:00.000Z', 'hall-1'),
    ({ status }) => status === 409,
  );
  expect(between).toMatchObject(inUse);
  expect(await move('2027-04-05T12:00:00.000Z')).toMatchObject({ status: 200 });
  const freed = await eventually(
    () => schedule('evening', '2027-04-04T13:00:00.000Z'),
    ({ status }) => status !== 409,
  );
  expect(freed).toMatchObject({ status: 201 });

  expect(await command('DELETE', '/showings/in-hall')).toMatchObject({ status: 200 });
  const again = await eventually(
    () => schedule('overlapping', '2027-04-04T09:50:00.000Z'),
    ({ status }) => status !== 409,
  );
  expect(again).toMatchObject({ status: 201, body: { hallId: 'hall-1' } });
  const inTurn = await get<{ items: object[] }>('/halls/hall-1/showings', positionOf(again));
  expect(inTurn.body.items, 'the cancelled one comes last').toMatchObject([
    { showingId: 'evening', status: 'open' },
    { showingId: 'next', status: 'open' },
    { showingId: 'overlapping', status: 'open' },
    { showingId: 'in-hall', status: 'canceled' },
  ]);
  expect(await reserve('overlapping', 'r1', 'approve')).toMatchObject({ status: 201 });
});

test('health and metrics report the circuit to the provider', async () => {
  const { body } = await call<{ checks: Record<string, object> }>(plaza.url, 'GET', '/readyz?verbose');
  expect(body.checks.payments).toEqual({ ok: true, detail: 'circuit closed' });
  const metrics = await (await fetch(`${plaza.url}/metrics`)).text();
  expect(metrics).toContain('plaza_payment_circuit{state="closed"} 1');
});
