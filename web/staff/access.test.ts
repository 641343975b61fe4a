import '../testing.ts';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import * as access from '../../schemas/access.ts';
import { readOperations } from '../common/openapi.ts';
import { session } from '../common/session.ts';
import { localRoles, may } from './access.ts';

const command = (name: string, access: object) => ({ operationId: name, parameters: [], 'x-access': access });
const openapi = {
  paths: {
    '/food-court/shops/{shopId}/pause': {
      post: command('food-court.PauseShop', { shop: { own: 'shopId' }, staff: 'all' }),
    },
    '/food-court/orders/{orderId}': {
      delete: command('food-court.CancelOrder', { shop: { own: 'shopId' }, customer: { own: 'customerId' } }),
    },
  },
  components: { schemas: {} },
};

beforeAll(async () => {
  vi.stubGlobal('fetch', async () => Response.json(openapi));
  await readOperations();
});
afterEach(() => session.set({ state: 'off' }));

const signIn = (rights: { roles: ('shop' | 'customer')[]; scope?: string[] }) =>
  session.set({ state: 'in', provider: null, name: 'kim', caller: { sub: 'kim', id: 'kim', ...rights } });

test.each([
  ['the shop of its own id', undefined, ['kim']],
  ['the shops that its token names', ['food-court:shop:a', 'food-court:shop:b:c', 'cinema:movie:d'], ['a', 'b:c']],
  ['every shop, where its token names the food court', ['food-court'], ['a', 'b:c', 'd', 'kim']],
])('a shop is offered the commands of %s', (_, scope, expected) => {
  signIn({ roles: ['shop'], ...(scope ? { scope } : {}) });
  const shops = ['a', 'b:c', 'd', 'kim'];
  expect(shops.filter((shopId) => may('food-court.PauseShop', { shopId }))).toEqual(expected);
});

test('a customer is offered nothing of another one, whatever the token names', () => {
  signIn({ roles: ['customer'], scope: ['food-court'] });
  expect(may('food-court.CancelOrder', { shopId: 'a', customerId: 'lee' })).toBe(false);
  expect(may('food-court.CancelOrder', { shopId: 'a', customerId: 'kim' })).toBe(true);
});

test('the roles of single contexts are those of the access rules', () => {
  expect(localRoles).toEqual(access.localRoles);
});
