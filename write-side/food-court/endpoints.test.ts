import { describe, expect, test } from 'vitest';
import { apiSpecification, callerOf, endpointContract, inStream } from '../testing.ts';
import { writeSide } from './index.ts';

type Event = { type: string; data: object };
const shop = (...events: Event[]) => inStream('shop-1', ...events);

/** The time of the specifications' requests. */
const NOW = '2026-01-31T09:00:00.000Z';
const figures = { maxOpenOrders: 200, acceptWithin: 10, collectWithin: 60 };
const registered = { type: 'ShopRegistered', data: { shopId: '1', name: '김밥나라', ...figures } };
const shopNow = (type: string, more: object = {}) => ({ type, data: { shopId: '1', ...more } });
const closed = shopNow('ShopClosed', { remaining: 0 });
const gimbap = { shopId: '1', menuId: 'gimbap', name: '김밥', price: 4000, available: true };
const item = { type: 'MenuItemPut', data: gimbap };
const removed = shopNow('MenuItemRemoved', { menuId: 'gimbap' });

const named = { shopId: '1', orderId: 'o1' };
const order = { ...named, customerId: 'CUST1', callNumber: '1', shopName: '김밥나라' };
const bill = {
  day: '2026-01-31',
  lines: [{ menuId: 'gimbap', name: '김밥', price: 4000, qty: 2 }],
  total: 8000,
  acceptBy: '2026-01-31T09:10:00.000Z',
};
const of = (type: string, more: object = {}) => ({ type, data: { ...order, ...more } });
const placed = of('OrderPlaced', bill);
const accepted = of('OrderAccepted');
const cooking = of('CookingStarted');
const cooked = of('OrderCooked', { cookedAt: NOW, collectBy: '2026-01-31T10:00:00.000Z' });
const pickedUp = of('OrderPickedUp');
const canceled = of('OrderCanceled', { total: 8000 });

const SHOP = '/food-court/shops/{shopId}';
const ORDER = `${SHOP}/orders/{orderId}`;

endpointContract(writeSide, {
  'POST /food-court/shops': {
    data: { shopId: '1', name: '김밥나라' },
    answer: registered.data,
    stored: shop(registered),
    refused: { 'shop-already-registered': shop({ ...registered, data: { ...registered.data, name: '분식' } }) },
  },
  [`PATCH ${SHOP}`]: {
    given: shop(registered),
    data: { shopId: '1', name: '분식', acceptWithin: 5 },
    answer: { shopId: '1', name: '분식', acceptWithin: 5 },
    stored: shop(shopNow('ShopChanged', { name: '분식', ...figures, acceptWithin: 5 })),
  },
  [`POST ${SHOP}/pause`]: {
    given: shop(registered),
    data: { shopId: '1' },
    answer: { shopId: '1', status: 'paused' },
    stored: shop(shopNow('ShopPaused')),
    refused: { 'shop-closed': shop(closed) },
  },
  [`POST ${SHOP}/opening`]: {
    given: shop(registered, closed),
    data: { shopId: '1' },
    answer: { shopId: '1', status: 'open' },
    stored: shop(shopNow('ShopReopened')),
  },
  [`DELETE ${SHOP}`]: {
    given: shop(registered),
    data: { shopId: '1' },
    answer: { shopId: '1', status: 'closed' },
    stored: shop(closed),
    refused: { 'shop-closed': shop(closed) },
  },
  [`PUT ${SHOP}/menu/{menuId}`]: {
    given: shop(registered),
    data: gimbap,
    answer: gimbap,
    stored: shop(item),
  },
  [`DELETE ${SHOP}/menu/{menuId}`]: {
    given: shop(registered, item),
    data: { shopId: '1', menuId: 'gimbap' },
    answer: { shopId: '1', menuId: 'gimbap' },
    stored: shop(removed),
    refused: { 'menu-item-not-found': shop(removed) },
  },
  [`POST ${SHOP}/orders`]: {
    given: shop(registered, item),
    data: { ...named, customerId: 'CUST1', lines: [{ menuId: 'gimbap', qty: 2 }], total: 8000 },
    answer: { ...order, ...bill, status: 'placed' },
    stored: shop(placed),
    refused: {
      'shop-paused': shop(shopNow('ShopPaused')),
      'shop-closed': shop(closed),
      'menu-item-unknown': shop(removed),
      'menu-item-unavailable': shop({ type: 'MenuItemPut', data: { ...gimbap, available: false } }),
      'price-changed': shop({ type: 'MenuItemPut', data: { ...gimbap, price: 4500 } }),
      'shop-overloaded': shop(
        shopNow('ShopChanged', { name: '김밥나라', ...figures, maxOpenOrders: 1 }),
        of('OrderPlaced', { ...bill, orderId: 'o0' }),
      ),
    },
  },
  [`DELETE ${ORDER}`]: {
    given: shop(registered, item, placed),
    data: named,
    answer: { ...named, status: 'canceled' },
    stored: shop(canceled),
    refused: { 'already-canceled': shop(canceled), 'order-already-accepted': shop(accepted) },
  },
  [`POST ${ORDER}/acceptance`]: {
    given: shop(registered, item, placed),
    data: named,
    answer: { ...named, status: 'accepted' },
    stored: shop(accepted),
    refused: { 'order-out-of-sequence': shop(accepted) },
  },
  [`POST ${ORDER}/cooking`]: {
    given: shop(registered, item, placed, accepted),
    data: named,
    answer: { ...named, status: 'cooking' },
    stored: shop(cooking),
    refused: { 'order-out-of-sequence': shop(cooking) },
  },
  [`POST ${ORDER}/completion`]: {
    given: shop(registered, item, placed, accepted, cooking),
    data: named,
    answer: { ...named, status: 'cooked' },
    stored: shop(cooked),
    refused: { 'order-out-of-sequence': shop(cooked) },
  },
  [`POST ${ORDER}/rejection`]: {
    given: shop(registered, item, placed),
    data: { ...named, reason: '재료 소진' },
    answer: { ...named, status: 'rejected' },
    stored: shop(of('OrderRejected', { reason: '재료 소진', total: 8000 })),
    refused: { 'order-out-of-sequence': shop(accepted, cooking) },
  },
  [`POST ${ORDER}/pickup`]: {
    given: shop(registered, item, placed, accepted, cooking, cooked),
    data: named,
    answer: { ...named, status: 'picked-up' },
    stored: shop(pickedUp),
    refused: { 'order-out-of-sequence': shop(pickedUp) },
  },
});

const { given } = apiSpecification(writeSide);

describe(`POST ${SHOP}/orders`, () => {
  const lines = [{ menuId: 'gimbap', qty: 2 }];
  const open = shop(registered, item);
  const ORDERS = '/food-court/shops/1/orders';

  test.each([
    ['no lines', []],
    ['a hundred of one item', [{ menuId: 'gimbap', qty: 100 }]],
  ])('refuses %s', async (_, wrong) => {
    await given(...open)
      .when('POST', ORDERS, { customerId: 'CUST1', lines: wrong })
      .thenRefused(422, 'out-of-range');
  });

  test('refuses another total than the menu’s, and names that one', () =>
    given(...open)
      .when('POST', ORDERS, { customerId: 'CUST1', lines, total: 9000 })
      .thenRefused(409, 'price-changed', { detail: 'the total is 8000', price: 8000 }));

  test.each([
    ['shop-paused', 60, [shopNow('ShopPaused')]],
    ['shop-overloaded', 30, [shopNow('ShopChanged', { name: '김밥나라', ...figures, maxOpenOrders: 1 }), placed]],
  ])('asks with %s to come back in %i seconds', async (problem, seconds, more) => {
    const { headers } = await given(...open, ...shop(...more))
      .when('POST', ORDERS, { customerId: 'CUST1', lines })
      .thenRefused(503, problem, { retryAfter: seconds });
    expect(headers.get('Retry-After')).toBe(`${seconds}`);
  });

  describe('without a customer', () => {
    const order = (caller: ReturnType<typeof callerOf>) =>
      apiSpecification(writeSide, { callers: { caller } })
        .given(...open)
        .when('POST', ORDERS, { orderId: 'o1', lines }, { Authorization: 'caller' });
    const { customerId: _, ...nobodys } = placed.data as Record<string, unknown>;

    test.each([
      ['any shop', callerOf('KIOSK', 'kiosk')],
      ['this shop', callerOf('KIOSK', 'kiosk', 'food-court:shop:1')],
    ])('is taken from a kiosk of %s', async (_name, kiosk) => {
      await order(kiosk).thenAnswered(201, { callNumber: '1' }, ...shop({ type: 'OrderPlaced', data: nobodys }));
    });

    test.each(['customer', 'staff', 'admin'] as const)('is refused from the role %s', async (role) => {
      await order(callerOf('SOMEBODY', role)).thenRefused(400, 'invalid-request', {
        errors: [{ pointer: '/customerId' }],
      });
    });
  });
});

describe(`PUT ${SHOP}/menu/{menuId}`, () => {
  const put = (more: object) => {
    const { shopId: _shop, menuId: _menu, ...dish } = gimbap;
    return given(...shop(registered)).when('PUT', '/food-court/shops/1/menu/gimbap', { ...dish, ...more });
  };

  test.each([
    ['100 Hangul syllables', '가'.repeat(100), '가'.repeat(100)],
    ['100 Hangul syllables in parts (NFD)', '각'.repeat(100).normalize('NFD'), '각'.repeat(100)],
    ['emoji', '🍙👩‍🍳', '🍙👩‍🍳'],
    ['spaces around it', '  김밥  ', '김밥'],
  ])('takes a name of %s', async (_, name, shown) => {
    const named = { ...gimbap, name: shown };
    await put({ name }).thenAnswered(200, named, ...shop({ type: 'MenuItemPut', data: named }));
  });

  test.each<[string, Record<string, unknown>, number, string]>([
    ['a name of 101 characters', { name: '가'.repeat(101) }, 422, 'out-of-range'],
    ['a blank name', { name: '   ' }, 400, 'invalid-request'],
    ['a name with a control character', { name: '김\u0007밥' }, 400, 'invalid-request'],
    ['a negative price', { price: -1 }, 422, 'out-of-range'],
    ['half a won', { price: 0.5 }, 400, 'invalid-request'],
  ])('refuses %s', async (_, wrong, status, problem) => {
    const [field] = Object.keys(wrong);
    await put(wrong).thenRefused(status, problem, { errors: [{ pointer: `/${field}` }] });
  });
});

test.each([{ acceptWithin: 0 }, { acceptWithin: 1_441 }, { collectWithin: 1.5 }, { maxOpenOrders: 0 }, { name: '' }])(
  'a shop cannot be changed to %j',
  async (wrong) => {
    const { answer, added } = await given(...shop(registered))
      .when('PATCH', '/food-court/shops/1', wrong)
      .answered();
    expect([400, 422]).toContain(answer.status);
    expect(answer.body).toMatchObject({ errors: [{ pointer: `/${Object.keys(wrong)[0]}` }] });
    expect(added).toEqual([]);
  },
);

test('an order is not rejected for a blank reason', () =>
  given(...shop(registered, item, placed))
    .when('POST', '/food-court/shops/1/orders/o1/rejection', { reason: '   ' })
    .thenRefused(400, 'invalid-request', { errors: [{ pointer: '/reason' }] }));
