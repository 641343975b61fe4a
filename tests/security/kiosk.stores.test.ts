import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../schemas/food-court.ts';
import { queriesOf } from '../../schemas/kernel/history.ts';
import {
  type Answer,
  call,
  eventually,
  openPlaza,
  type Plaza,
  temporaryData,
  viewsAreBuilt,
} from '../support/plaza.ts';
import { type Issuer, startIssuer } from './provider.ts';

/** A customer whose id must not reach a kiosk or the public board. */
const SECRET = 'secret-customer';

const data = temporaryData();
let issuer: Issuer;
let plaza: Plaza;

const environment = () => ({
  PLAZA_DATA: data.folder,
  PLAZA_CONTEXTS: 'food-court',
  AUTH: 'on',
  AUTH_ISSUER: issuer.url,
});

type Who = { roles: readonly string[]; sub?: string; scope?: readonly string[] };
const KIOSK: Who = { roles: ['kiosk'], sub: 'kiosk-1' };
const STAFF: Who = { roles: ['staff'], sub: 'staff-1' };

const bearer = async ({ roles, sub = SECRET, scope }: Who) => ({
  Authorization: `Bearer ${await issuer.token({ sub, roles, ...(scope ? { claims: { plaza_scope: scope } } : {}) })}`,
});
const ask = async (who: Who | undefined, method: string, path: string, body?: object): Promise<Answer> =>
  call(plaza.url, method, path, body, who ? await bearer(who) : {});
const ORDERS = '/food-court/shops/s/orders';
const lines = [{ menuId: 'm', qty: 1 }];

beforeAll(async () => {
  issuer = await startIssuer();
  plaza = await openPlaza(environment());
  const admin: Who = { roles: ['admin'], sub: 'admin' };
  for (const shopId of ['s', 't']) {
    await ask(admin, 'POST', '/food-court/shops', { shopId, name: '김밥나라' });
    const dish = { name: '김밥', price: 4000, available: true };
    await ask(admin, 'PUT', `/food-court/shops/${shopId}/menu/m`, dish);
  }
  expect((await ask(STAFF, 'POST', ORDERS, { orderId: 'o', customerId: SECRET, lines })).status).toBe(201);
  for (const step of ['acceptance', 'cooking', 'completion'])
    expect((await ask(STAFF, 'POST', `${ORDERS}/o/${step}`)).status).toBe(200);
  await viewsAreBuilt(plaza.url, await bearer(admin));
  await eventually(
    () => ask(STAFF, 'GET', '/food-court/board'),
    ({ status, body }) => status === 200 && (body.items as unknown[]).length === 1,
  );
});
afterAll(async () => {
  await plaza.close();
  issuer.stop();
  data.remove();
});

describe('a kiosk', () => {
  const READS = ['shops', 'shop', 'menu', 'menuItem', 'board'];
  const names: Readonly<Record<string, string>> = { shopId: 's', menuId: 'm', orderId: 'o', customerId: SECRET };
  const paths = Object.entries(queriesOf(schema)).map(([name, { path }]): [string, string] => [
    name,
    path.replaceAll(/\{(\w+)\}/g, (_, parameter) => names[parameter]!),
  ]);

  test.each(paths)('sees no personal data in the query %s', async (name, path) => {
    const answer = await ask(KIOSK, 'GET', path);
    expect(answer.status).toBe(READS.includes(name) ? 200 : 403);
    expect(JSON.stringify(answer.body)).not.toContain(SECRET);
    const asStaff = await ask(STAFF, 'GET', path);
    expect(asStaff.status).toBe(200);
  });

  test('of one shop sees no other shop’s orders', async () =>
    expect((await ask({ ...KIOSK, scope: ['food-court:shop:t'] }, 'GET', '/food-court/board')).body.items).toEqual([]));

  test('reads the board without customers, and staff read it with them', async () => {
    const board = await ask(KIOSK, 'GET', '/food-court/board');
    expect(board.body.items).toMatchObject([{ orderId: 'o', callNumber: '1', shopName: '김밥나라' }]);
    expect(board.headers.get('Cache-Control')).toBe('no-store');
    expect(JSON.stringify((await ask(STAFF, 'GET', '/food-court/board')).body)).toContain(SECRET);
  });

  test.each(['/control-center', '/control-center/events', '/control-center/activity', '/operations/parked'])(
    'may not read %s',
    async (path) => expect((await ask(KIOSK, 'GET', path)).status).toBe(403),
  );
});

test('the board needs a token, unless PUBLIC_BOARD is on', async () => {
  expect((await ask(undefined, 'GET', '/food-court/board')).status).toBe(401);
  await plaza.close();
  plaza = await openPlaza({ ...environment(), PUBLIC_BOARD: 'on' });
  const board = await eventually(
    () => ask(undefined, 'GET', '/food-court/board'),
    ({ status }) => status === 200,
  );
  expect(board.body.items).toMatchObject([{ orderId: 'o', callNumber: '1' }]);
  expect(JSON.stringify(board.body)).not.toContain(SECRET);
  expect(JSON.stringify((await ask(STAFF, 'GET', '/food-court/board')).body)).toContain(SECRET);
  expect((await ask(undefined, 'GET', `${ORDERS}/o`)).status).toBe(401);
  type Document = { paths: Record<string, { get: { 'x-access': object }; post?: { 'x-optional-for'?: object } }> };
  const { paths } = (await ask(undefined, 'GET', '/openapi.json')).body as unknown as Document;
  expect(paths['/food-court/board']!.get['x-access']).toMatchObject({ anyone: 'all', kiosk: 'impersonal' });
  expect(paths['/food-court/shops/{shopId}/orders']!.post!['x-optional-for']).toEqual({ customerId: 'kiosk' });
});
