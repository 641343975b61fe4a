import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, localToken, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';
import { signInByCodeFlow } from './code-flow.ts';
import { startOidcProvider } from './oidc-provider.ts';

type Headers = Record<string, string>;
const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });
const slot = { slotId: 's', hospitalName: '정자병원', date: '2030-01-31', capacity: 3 };

describe('with an OpenID provider', () => {
  const REDIRECT = 'http://127.0.0.1/signed-in';
  const data = temporaryData();
  let provider: Awaited<ReturnType<typeof startOidcProvider>>;
  let plaza: Plaza;

  beforeAll(async () => {
    provider = await startOidcProvider(REDIRECT);
    plaza = await openPlaza({
      PLAZA_DATA: data.folder,
      PLAZA_CONTEXTS: 'screening',
      AUTH: 'on',
      AUTH_ISSUER: provider.issuer,
    });
  });
  afterAll(async () => {
    await plaza.close();
    provider.stop();
    data.remove();
  });

  test('users sign in with the code flow and PKCE, with the access of their roles', async () => {
    const staff = bearer(await signInByCodeFlow(plaza.url, REDIRECT, 'staff-1'));
    const customer = bearer(await signInByCodeFlow(plaza.url, REDIRECT, 'CUST1'));
    expect((await call(plaza.url, 'POST', '/screening/slots', slot)).status).toBe(401);
    expect((await call(plaza.url, 'POST', '/screening/slots', slot, customer)).status).toBe(403);
    expect((await call(plaza.url, 'POST', '/screening/slots', slot, staff)).status).toBe(201);

    const bookings = '/screening/slots/s/bookings';
    const book = (bookingId: string, customerId: string, who: Record<string, string>) =>
      call(plaza.url, 'POST', bookings, { bookingId, customerId }, who);
    expect((await book('b1', 'CUST1', customer)).status).toBe(201);
    expect((await book('b2', 'CUST2', customer)).status).toBe(403);
    expect((await book('b2', 'CUST2', staff)).status).toBe(201);
    expect((await call(plaza.url, 'DELETE', `${bookings}/b2`, undefined, customer)).status).toBe(404);
    expect((await call(plaza.url, 'DELETE', `${bookings}/b1`, undefined, customer)).status).toBe(200);
  });

  test('the same key from another caller is another command', async () => {
    const one = bearer(await signInByCodeFlow(plaza.url, REDIRECT, 'KEY1'));
    const two = bearer(await signInByCodeFlow(plaza.url, REDIRECT, 'KEY2'));
    const book = (customerId: string, who: Record<string, string>) =>
      call(plaza.url, 'POST', '/screening/slots/s/bookings', { customerId }, { ...who, 'Idempotency-Key': 'same' });
    const first = await book('KEY1', one);
    expect(first.status).toBe(201);
    expect((await book('KEY1', one)).body).toEqual(first.body);
    const second = await book('KEY2', two);
    expect(second.status).toBe(201);
    expect(second.body.bookingId).not.toBe(first.body.bookingId);
  });
});

describe('without an identity provider', () => {
  const data = temporaryData();
  let plaza: Plaza;
  const tokenOf = (...args: string[]): Promise<string> => localToken(data.folder, ...args);

  beforeAll(async () => {
    const env = { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking,screening', AUTH: 'on' };
    plaza = await openPlaza(env);
  });
  afterAll(async () => {
    await plaza.close();
    data.remove();
  });

  test('only tokens of the local key are trusted', async () => {
    const staff = bearer(await tokenOf('--role', 'staff', '--sub', 'CUST1'));
    expect((await call(plaza.url, 'POST', '/screening/slots', slot)).status).toBe(401);
    expect((await call(plaza.url, 'POST', '/screening/slots', slot, staff)).status).toBe(201);
    expect((await call(plaza.url, 'DELETE', '/screening/slots/s', undefined, staff)).status).toBe(403);
    expect((await call(plaza.url, 'GET', '/sign-in')).body).toMatchObject({ signIn: 'on', issuer: null });
    expect(plaza.ready).toMatch(/^ *sign-in +on$/m);
  });

  test('a customer cannot tell another’s reservation from a missing one', async () => {
    const as = async (role: string, sub: string) => bearer(await tokenOf('--role', role, '--sub', sub));
    const [admin, customer, stranger] = [
      await as('admin', 'boss'),
      await as('customer', 'CUST1'),
      await as('customer', 'CUST2'),
    ];
    await call(plaza.url, 'POST', '/parking/lots', { lotId: 'lot', name: '정자역', spots: 5 }, admin);
    const reservations = '/parking/lots/lot/reservations';
    for (const [reservationId, carNumber] of Object.entries({ open: 'A', ended: 'B' })) {
      const data = { reservationId, customerId: 'CUST1', carNumber, amount: 1 };
      expect((await call(plaza.url, 'POST', reservations, data, customer)).status).toBe(201);
    }
    const cancel = (reservationId: string, who: Headers) =>
      call(plaza.url, 'DELETE', `${reservations}/${reservationId}`, undefined, who);
    expect((await cancel('ended', customer)).status).toBe(200);

    const missing = await cancel('missing', stranger);
    expect(missing).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
    const stale = { ...stranger, 'If-Match': '"77"' };
    const others = [
      cancel('open', stranger),
      cancel('ended', stranger),
      cancel('open', stale),
      cancel('missing', stale),
    ];
    for (const { status, body } of await Promise.all(others)) expect([status, body]).toEqual([404, missing.body]);

    const step = (name: string, who: Headers) =>
      call(plaza.url, 'POST', `${reservations}/open/${name}`, undefined, who);
    expect((await step('arrival', stranger)).body).toEqual(missing.body);
    expect((await step('arrival', customer)).status).toBe(200);
    expect((await step('departure', customer)).status).toBe(403);

    expect(await cancel('ended', customer)).toMatchObject({
      status: 409,
      body: { type: '/problems/already-canceled' },
    });
    const another = { reservationId: 'another', customerId: 'CUST1', carNumber: 'C', amount: 1 };
    expect((await call(plaza.url, 'POST', reservations, another, customer)).status).toBe(201);
    expect((await cancel('another', { ...customer, 'If-Match': '"77"' })).status).toBe(412);
    expect((await cancel('another', customer)).status).toBe(200);
  });

  test('npm run token names what is missing', async () => {
    await expect(tokenOf('--sub', 'x')).rejects.toThrow('--role must be one or more of');
    await expect(tokenOf('--role', 'wizard', '--sub', 'x')).rejects.toThrow('--role must be one or more of');
    await expect(tokenOf('--role', 'staff')).rejects.toThrow('--sub must say whose token it is');
    await expect(tokenOf('--role', 'staff', '--sub', 'policy:x')).rejects.toThrow('--sub must say whose token it is');
  });

  test('npm run token makes no token that the running Plaza would refuse', async () => {
    const other = temporaryData();
    await expect(localToken(other.folder, '--role', 'staff', '--sub', 'x')).rejects.toThrow(
      'There is no signing key in',
    );
    other.remove();
  });

  test('a subject that is not an id owns things under the id from /sign-in', async () => {
    const who = bearer(await tokenOf('--role', 'customer', '--sub', 'auth0|5f7c8ec7c33c6c004bbafe82'));
    const { caller } = (await call(plaza.url, 'GET', '/sign-in', undefined, who)).body as { caller: { id: string } };
    expect(caller.id).toBe('sub-QapIeIfjxFwZskSLLwNlUvALLHjiOUbTkKfoRvatWOE');
    const staff = bearer(await tokenOf('--role', 'staff', '--sub', 'x'));
    await call(plaza.url, 'POST', '/screening/slots', { ...slot, slotId: 'auth0' }, staff);
    const book = (customerId: string) =>
      call(plaza.url, 'POST', '/screening/slots/auth0/bookings', { bookingId: 'b', customerId }, who);
    expect((await book('somebody')).status).toBe(403);
    const booked = await book(caller.id);
    expect(booked.status).toBe(201);
    const mine = await call(plaza.url, 'GET', `/screening/customers/${caller.id}/bookings`, undefined, {
      ...who,
      'Min-Event-Position': booked.headers.get('Event-Position') ?? '',
      Prefer: 'wait=30',
    });
    expect(mine.body.items).toMatchObject([{ bookingId: 'b' }]);
    const cancel = () => call(plaza.url, 'DELETE', '/screening/slots/auth0/bookings/b', undefined, who);
    expect((await cancel()).status).toBe(200);
  });
});

describe('with sign-in off', () => {
  test('one line reports it', async () => {
    const data = temporaryData();
    const plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking' });
    expect((await call(plaza.url, 'GET', '/sign-in')).body).toEqual({ signIn: 'off' });
    await plaza.close();
    expect(plaza.ready.match(/^ *sign-in +OFF: whoever reaches .+ can read and change everything/gm)).toHaveLength(1);
    data.remove();
  });

  test('only this machine has access, unless AUTH=off is set', async () => {
    const data = temporaryData();
    const env = { PLAZA_DATA: data.folder, HOST: '0.0.0.0' };
    await expect(openPlaza(env)).rejects.toThrow(/^HOST=0\.0\.0\.0 can be reached by others/);
    data.remove();
  });
});
