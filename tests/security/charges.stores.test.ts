import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';
import { type Issuer, startIssuer } from './provider.ts';

const data = temporaryData();
let issuer: Issuer;
let plaza: Plaza;

beforeAll(async () => {
  issuer = await startIssuer();
  plaza = await openPlaza({
    PLAZA_DATA: data.folder,
    PLAZA_CONTEXTS: 'bike-rental',
    AUTH: 'on',
    PAYMENT_URL: 'sandbox',
    AUTH_ISSUER: issuer.url,
  });
});
afterAll(async () => {
  await plaza.close();
  issuer.stop();
  data.remove();
});

test('customers charge their own deposit with a payment only; cash is for staff', async () => {
  const charge = async (sub: string, role: string, body: object) => {
    const headers = { Authorization: `Bearer ${await issuer.token({ sub, roles: [role] })}` };
    return call(plaza.url, 'POST', '/bike-rental/users/OWNER/deposits', { amount: 1_000, ...body }, headers);
  };
  const payment = { method: 'card', token: 'approve' };
  expect(await charge('OWNER', 'customer', {})).toMatchObject({
    status: 403,
    body: { type: '/problems/forbidden' },
  });
  expect((await charge('SOMEBODY', 'customer', { payment })).status).toBe(403);
  expect(await charge('OWNER', 'customer', { payment })).toMatchObject({ status: 201, body: { balance: 1_000 } });
  expect(await charge('CLERK', 'staff', {})).toMatchObject({ status: 201, body: { balance: 2_000 } });
});
