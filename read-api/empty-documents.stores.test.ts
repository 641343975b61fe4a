import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../platform/identity/caller.ts';
import { readSide as bikeRental } from './bike-rental.ts';
import { readSide as customers } from './customers.ts';
import { reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

const identify = async (id: string | undefined): Promise<Caller | undefined> =>
  id === undefined ? undefined : { sub: id, id, roles: ['customer'], expiresAt: Number.MAX_SAFE_INTEGER };

const contact = { customerId: 'kim', name: '김하나', language: 'ko', changedAt: '2026-01-31T09:00:00.000Z' };

let database: Awaited<ReturnType<typeof startDatabase>>;
let api: Awaited<ReturnType<typeof serveReadApi>>;

beforeAll(async () => {
  database = await startDatabase();
  const { db } = database;
  await viewOf(db, 'customers.contacts').insertMany([
    { _id: 'erased', _position: '10', _deleted: true },
    { _id: 'kim', _position: '9', ...contact },
  ]);
  for (const view of ['customers.contacts', 'bike-rental.deposits']) await reach(db, view, 10n);
  api = await serveReadApi(db, [customers, bikeRental], { identify });
});
afterAll(async () => {
  await api.stop();
  await database.stop();
});

it('a customer who never paid has an empty deposit, which others do not see', async () => {
  const path = '/bike-rental/users/new/deposit';
  const empty = { userId: 'new', balance: 0, outstanding: 0 };
  expect(await api.get(path, { authorization: 'new' })).toMatchObject({ status: 200, body: empty });
  expect((await api.get(path, { authorization: 'other' })).status).toBe(404);
});

it.each([
  ['who stored none', 'new', []],
  ['who was erased', 'erased', []],
  ['who stored one', 'kim', [contact]],
])('a customer %s reads their contacts without an error, and nobody else’s', async (_, customerId, items) => {
  const path = `/customers/contacts?customerId=${customerId}`;
  expect(await api.get(path, { authorization: customerId })).toMatchObject({ status: 200, body: { items } });
  expect((await api.get('/customers/contacts', { authorization: customerId })).body.items).toEqual(items);
  expect((await api.get(path, { authorization: 'other' })).status).toBe(403);
});
