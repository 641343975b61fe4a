import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';

const data = temporaryData();
let plaza: Plaza;

beforeAll(async () => {
  plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'food-court' });
});
afterAll(async () => {
  await plaza.close();
  data.remove();
});

type Order = { orderId: string; status: string; total: number; history: { status: string; time: string }[] };
type Page<Item> = { items: Item[] };

const command = (method: string, path: string, body?: unknown) => call(plaza.url, method, `/food-court${path}`, body);
const read = <Body>(path: string, done?: Answer) =>
  call<Body>(
    plaza.url,
    'GET',
    path,
    undefined,
    done ? { 'Min-Event-Position': done.headers.get('Event-Position') ?? '', Prefer: 'wait=10' } : {},
  );

const place = (shopId: string, orderId: string, ...lines: [menuId: string, qty: number][]) =>
  command('POST', `/shops/${shopId}/orders`, {
    orderId,
    customerId: `customer-of-${orderId}`,
    lines: lines.map(([menuId, qty]) => ({ menuId, qty })),
  });
const step = (shopId: string, orderId: string, name: string) =>
  command('POST', `/shops/${shopId}/orders/${orderId}/${name}`);
const cancel = (shopId: string, orderId: string) => command('DELETE', `/shops/${shopId}/orders/${orderId}`);
const refusal = ({ status, body }: Answer) => [status, body.type];

const [kimbap, ramen] = ['김밥', '라면'];
const lines = [
  { menuId: 'm1', name: kimbap, price: 4000, qty: 2 },
  { menuId: 'm2', name: ramen, price: 5000, qty: 1 },
];

test('two shops open with their menus', async () => {
  const shop = await command('POST', '/shops', { shopId: '1', name: '김밥나라' });
  expect(shop).toMatchObject({ status: 201, body: { shopId: '1', name: '김밥나라', maxOpenOrders: 200 } });
  expect(shop.headers.get('Location')).toBe('/food-court/shops/1');
  expect((await command('POST', '/shops', { shopId: '2', name: '우동집', maxOpenOrders: 1 })).status).toBe(201);
  await command('PUT', '/shops/1/menu/m1', { name: kimbap, price: 4000, available: true });
  await command('PUT', '/shops/1/menu/m2', { name: ramen, price: 5000, available: true });
  await command('PUT', '/shops/1/menu/m3', { name: '떡볶이', price: 6000, available: false });
  const last = await command('PUT', '/shops/2/menu/m1', { name: '우동', price: 7000, available: true });
  expect(last.status).toBe(200);

  const menu = await read<Page<object>>('/food-court/shops/1/menu', last);
  expect(menu.body.items).toEqual([
    { shopId: '1', menuId: 'm1', name: kimbap, price: 4000, available: true },
    { shopId: '1', menuId: 'm2', name: ramen, price: 5000, available: true },
    { shopId: '1', menuId: 'm3', name: '떡볶이', price: 6000, available: false },
  ]);
  const shops = await read<Page<object>>('/food-court/shops?sort=name', last);
  expect(shops.body.items).toMatchObject([{ shopId: '1' }, { shopId: '2', openOrders: 0 }]);
});

test('an order keeps its prices when the menu changes', async () => {
  const placed = await place('1', 'o1', ['m1', 2], ['m2', 1]);
  expect(placed.status).toBe(201);
  expect(placed.body).toEqual({
    shopId: '1',
    orderId: 'o1',
    customerId: 'customer-of-o1',
    shopName: '김밥나라',
    callNumber: '1',
    day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    lines,
    total: 13_000,
    acceptBy: expect.stringMatching(/Z$/),
    status: 'placed',
  });
  const dearer = await command('PUT', '/shops/1/menu/m1', { name: kimbap, price: 9000, available: true });
  const order = await read<Order>('/food-court/shops/1/orders/o1', dearer);
  expect(order.body).toMatchObject({ lines, total: 13_000, status: 'placed' });
  const item = await read<{ price: number }>('/food-court/shops/1/menu/m1', dearer);
  expect(item.body.price).toBe(9000);
});

test('an order can be cancelled until the shop accepts it', async () => {
  await place('1', 'o2', ['m2', 1]);
  expect(await cancel('1', 'o2')).toMatchObject({ status: 200, body: { orderId: 'o2', status: 'canceled' } });
  expect(refusal(await cancel('1', 'o2'))).toEqual([409, '/problems/already-canceled']);
  expect(refusal(await step('1', 'o2', 'acceptance'))).toEqual([409, '/problems/order-out-of-sequence']);

  expect(refusal(await step('1', 'o1', 'cooking'))).toEqual([409, '/problems/order-out-of-sequence']);
  expect(await step('1', 'o1', 'acceptance')).toMatchObject({ status: 200, body: { status: 'accepted' } });
  expect(refusal(await cancel('1', 'o1'))).toEqual([409, '/problems/order-already-accepted']);
  expect(refusal(await cancel('1', 'nothing'))).toEqual([404, '/problems/order-not-found']);
});

test('a cooked order is on the board until it is picked up, and both views show each status with its time', async () => {
  expect((await step('1', 'o1', 'cooking')).body.status).toBe('cooking');
  expect(refusal(await step('1', 'o1', 'pickup'))).toEqual([409, '/problems/order-out-of-sequence']);
  expect((await step('1', 'o1', 'completion')).body.status).toBe('cooked');
  const board = () => read<Page<{ orderId: string; raisedAt: string }>>('/food-court/board');
  const { body } = await eventually(board, (answer) => answer.body.items.length > 0);
  expect(body.items).toMatchObject([{ shopId: '1', orderId: 'o1', customerId: 'customer-of-o1', callNumber: '1' }]);
  type Center = { contexts: { 'food-court': { totals: { openOrders: number; alarms: number }; board: object[] } } };
  const center = await eventually(
    () => read<Center>('/control-center'),
    ({ body: { contexts } }) =>
      contexts['food-court'].totals.alarms === 1 && contexts['food-court'].totals.openOrders === 0,
  );
  expect(center.body.contexts['food-court']).toMatchObject({ totals: { shops: 2 }, board: [{ orderId: 'o1' }] });

  const pickedUp = await step('1', 'o1', 'pickup');
  expect(pickedUp.body.status).toBe('picked-up');
  await eventually(board, (answer) => answer.body.items.length === 0);

  const shopView = await read<Page<Order>>('/food-court/shops/1/orders?status=picked-up', pickedUp);
  const customerView = await read<Page<Order>>('/food-court/customers/customer-of-o1/orders', pickedUp);
  expect(shopView.body.items.map(({ orderId }) => orderId)).toEqual(['o1']);
  expect(customerView.body.items).toEqual(shopView.body.items);
  const { history } = shopView.body.items[0] as Order;
  expect(history.map(({ status }) => status)).toEqual(['placed', 'accepted', 'cooking', 'cooked', 'picked-up']);
  const times = history.map(({ time }) => time);
  expect(times).toEqual(times.toSorted());
  expect(times.every((time) => !Number.isNaN(Date.parse(time)))).toBe(true);
});

test('the history shows the cause of an alarm', async () => {
  const { body } = await read<Page<{ type: string; actor: string }>>('/food-court/shops/1/orders/o1/history');
  expect(body.items.map(({ type }) => type)).toEqual([
    'OrderPlaced',
    'OrderAccepted',
    'CookingStarted',
    'OrderCooked',
    'AlarmRaised',
    'OrderPickedUp',
    'AlarmCleared',
  ]);
  expect(body.items.filter(({ actor }) => actor === 'policy:food-court.board')).toHaveLength(2);
});

test('a shop at its limit answers 503 with Retry-After, and accepts orders again when one is finished', async () => {
  expect((await place('2', 'o1', ['m1', 1])).status).toBe(201);
  const overloaded = await place('2', 'o2', ['m1', 1]);
  expect(refusal(overloaded)).toEqual([503, '/problems/shop-overloaded']);
  expect(Number(overloaded.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect((await place('1', 'elsewhere', ['m2', 1])).status).toBe(201);

  for (const name of ['acceptance', 'cooking', 'completion']) expect((await step('2', 'o1', name)).status).toBe(200);
  expect((await place('2', 'o2', ['m1', 1])).status).toBe(201);
});

test('the limit that is reached next asks to come back at the rate of the completions', async () => {
  const overloaded = await place('2', 'o3', ['m1', 1]);
  expect(refusal(overloaded)).toEqual([503, '/problems/shop-overloaded']);
  expect(Number(overloaded.headers.get('Retry-After'))).toBeGreaterThanOrEqual(5);
  expect(Number(overloaded.headers.get('Retry-After'))).toBeLessThan(30);
  expect(overloaded.body.retryAfter).toBe(Number(overloaded.headers.get('Retry-After')));
});

test('orders that come at the same time get different call numbers', async () => {
  await command('POST', '/shops', { shopId: '3', name: '라면가게' });
  await command('PUT', '/shops/3/menu/m1', { name: ramen, price: 0, available: true });
  const placed = await Promise.all(Array.from({ length: 20 }, (_, n) => place('3', `o${n}`, ['m1', 1])));
  const numbers = placed.map(({ body }) => Number(body.callNumber)).toSorted((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
});

test('the shop rejects an order with a reason', async () => {
  const reject = (body?: object) => command('POST', '/shops/3/orders/o0/rejection', body);
  const rejected = await reject({ reason: '재료 소진' });
  expect(rejected).toMatchObject({ status: 200, body: { orderId: 'o0', status: 'rejected' } });
  const order = await read<Order>('/food-court/shops/3/orders/o0', rejected);
  expect(order.body).toMatchObject({ status: 'rejected', reason: '재료 소진' });
});

test('a shop pauses, reopens, changes its name and limit, and closes', async () => {
  expect(await command('POST', '/shops/3/pause')).toMatchObject({ status: 200, body: { status: 'paused' } });
  const paused = await place('3', 'late', ['m1', 1]);
  expect(refusal(paused)).toEqual([503, '/problems/shop-paused']);
  expect(paused.headers.get('Retry-After')).toBe('60');
  expect(await step('3', 'o1', 'acceptance')).toMatchObject({ status: 200 });
  expect(await command('POST', '/shops/3/opening')).toMatchObject({ status: 200, body: { status: 'open' } });

  const changed = await command('PATCH', '/shops/3', { name: '분식집', maxOpenOrders: 30 });
  expect(changed).toMatchObject({ status: 200, body: { shopId: '3', name: '분식집', maxOpenOrders: 30 } });
  expect((await read<object>('/food-court/shops/3', changed)).body).toMatchObject({
    name: '분식집',
    status: 'open',
    maxOpenOrders: 30,
    acceptWithin: 10,
    openOrders: 19,
  });

  const closed = await command('DELETE', '/shops/3');
  expect(closed).toMatchObject({ status: 200, body: { shopId: '3', status: 'closed' } });
  expect(refusal(await place('3', 'late', ['m1', 1]))).toEqual([409, '/problems/shop-closed']);
  expect(await step('3', 'o1', 'cooking')).toMatchObject({ status: 200 });
  const shop = await read<object>('/food-court/shops/3', closed);
  expect(shop.body).toMatchObject({ status: 'closed', openOrders: 1 });
  const rejected = await read<Page<object>>('/food-court/shops/3/orders?status=rejected&limit=200', closed);
  expect(rejected.body.items).toHaveLength(19);
  expect(rejected.body.items.at(-1)).toMatchObject({ reason: 'shop-closed' });
});

test('shops that are closed come last, on every page', async () => {
  await command('POST', '/shops', { shopId: '0', name: '휴업' });
  const closed = await command('DELETE', '/shops/0');
  const ids = async (query: string) => {
    const { body } = await read<{ items: { shopId: string }[]; next?: string }>(`/food-court/shops?${query}`, closed);
    return { ids: body.items.map(({ shopId }) => shopId), next: body.next };
  };
  expect((await ids('')).ids).toEqual(['1', '2', '0', '3']);
  const first = await ids('limit=1');
  const second = await ids(`limit=2&cursor=${encodeURIComponent(first.next ?? '')}`);
  const third = await ids(`limit=2&cursor=${encodeURIComponent(second.next ?? '')}`);
  expect([first.ids, second.ids, third.ids]).toEqual([['1'], ['2', '0'], ['3']]);
  expect((await ids('status=closed')).ids).toEqual(['0', '3']);
  expect((await ids('sort=name')).ids.toSorted()).toEqual(['0', '1', '2', '3']);
});

test('an item can be sold out or taken off the menu at any time', async () => {
  const removed = await command('DELETE', '/shops/1/menu/m1');
  expect(removed).toMatchObject({ status: 200, body: { shopId: '1', menuId: 'm1' } });
  expect(refusal(await command('DELETE', '/shops/1/menu/m1'))).toEqual([404, '/problems/menu-item-not-found']);
  expect(refusal(await place('1', 'x6', ['m1', 1]))).toEqual([409, '/problems/menu-item-unknown']);
  expect((await read('/food-court/shops/1/menu/m1', removed)).status).toBe(404);
  await command('PUT', '/shops/1/menu/m2', { name: ramen, price: 5000, available: false });
  expect(refusal(await place('1', 'x7', ['m2', 1]))).toEqual([409, '/problems/menu-item-unavailable']);
});

test('the control centre’s event stream shows the board live', async () => {
  const { body } = await read<{ eventCursor: string }>('/control-center');
  const listening = new AbortController();
  const events = await fetch(`${plaza.url}/control-center/events?after=${encodeURIComponent(body.eventCursor)}`, {
    signal: listening.signal,
  });
  expect(events.status).toBe(200);
  for (const name of ['acceptance', 'cooking', 'completion']) await step('2', 'o2', name);

  const isAlarm = (line: string) => line.includes('"AlarmRaised"') && line.includes('"o2"');
  let alarm: string | undefined;
  let told = '';
  for await (const bytes of events.body as AsyncIterable<Uint8Array>) {
    told += Buffer.from(bytes).toString('latin1');
    alarm = told.split('\n').slice(0, -1).find(isAlarm);
    if (alarm) break;
  }
  listening.abort();
  expect(JSON.parse(alarm?.slice('data:'.length) ?? '')).toMatchObject({
    context: 'food-court',
    type: 'AlarmRaised',
    data: { shopId: '2', orderId: 'o2' },
  });
});
