import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, call, eventually, type Program, startProgram, temporaryData } from '../support/plaza.ts';

const data = temporaryData();
let plaza: Program;

beforeAll(async () => {
  plaza = await startProgram('all-in-one', { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'food-court' });
});
afterAll(async () => {
  await plaza.end();
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
    lines,
    total: 13_000,
    status: 'placed',
  });
  const dearer = await command('PUT', '/shops/1/menu/m1', { name: kimbap, price: 9000, available: true });
  const order = await read<Order>('/food-court/shops/1/orders/o1', dearer);
  expect(order.body).toMatchObject({ lines, total: 13_000, status: 'placed' });
  const item = await read<{ price: number }>('/food-court/shops/1/menu/m1', dearer);
  expect(item.body.price).toBe(9000);
});

test('unknown and unavailable items cannot be ordered', async () => {
  expect(refusal(await place('1', 'x1', ['m1', 1], ['m9', 1]))).toEqual([409, '/problems/menu-item-unknown']);
  expect(refusal(await place('1', 'x2', ['m3', 1]))).toEqual([409, '/problems/menu-item-unavailable']);
  expect(refusal(await place('9', 'x3', ['m1', 1]))).toEqual([404, '/problems/shop-not-found']);
  expect(refusal(await place('1', 'x4', ['m1', 100]))).toEqual([422, '/problems/out-of-range']);
  expect(refusal(await place('1', 'x5'))).toEqual([422, '/problems/out-of-range']);
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
  expect(body.items).toMatchObject([{ shopId: '1', orderId: 'o1', customerId: 'customer-of-o1' }]);
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
