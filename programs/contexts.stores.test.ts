import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../embedded/testing.ts';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../platform/event-store/client.ts';
import { streams } from '../platform/event-store/streams.ts';
import { newEvent } from '../platform/event-store/testing.ts';
import { call, callUnchecked, eventually, openPlaza, type Plaza, temporaryData } from '../tests/support/plaza.ts';

type Center = {
  contexts: Record<string, object | null>;
  projections: { name: string; state: string; parked: number }[];
};

const reaching = (position: string | null) => ({ 'Min-Event-Position': position ?? '', Prefer: 'wait=30' });
const openSlot = (url: string, slotId: string) =>
  call(url, 'POST', '/screening/slots', { slotId, hospitalName: '병원', date: '2030-01-31', capacity: 1 });
const openShop = (url: string, shopId: string) => call(url, 'POST', '/food-court/shops', { shopId, name: '김밥나라' });

describe('with some contexts switched on', () => {
  const data = temporaryData();
  let plaza: Plaza;

  beforeAll(async () => {
    plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'screening' });
  });
  afterAll(async () => {
    await plaza.close();
    data.remove();
  });

  test('serves these contexts and no others', async () => {
    const { url } = plaza;
    const opened = await openSlot(url, 's1');
    expect(opened.status).toBe(201);
    const headers = reaching(opened.headers.get('Event-Position'));
    expect((await call(url, 'GET', '/screening/slots/s1', undefined, headers)).status).toBe(200);
    const shop = { shopId: '1', name: '김밥나라' };
    expect(await callUnchecked(url, 'POST', '/food-court/shops', shop)).toMatchObject({
      status: 404,
      body: { type: '/problems/not-found' },
    });
    expect((await callUnchecked(url, 'GET', '/food-court/shops')).status).toBe(404);
    const { body } = await callUnchecked<Center>(url, 'GET', '/control-center');
    expect(Object.keys(body.contexts)).toEqual(['screening']);
    expect(body.projections.filter(({ name }) => !/(^|:)screening\./.test(name))).toEqual([]);
  });
});

describe('with an event that one view cannot handle', () => {
  const data = temporaryData();
  const programs: Plaza[] = [];
  let stores: OpenedStores;
  let client: EventStoreClient;

  beforeAll(async () => {
    stores = await openTestStores({ dataFolder: data.folder });
    client = connectEventStore(stores.eventStoreUrl);
  });
  afterAll(async () => {
    for (const program of programs) await program.close();
    await disconnectEventStore(client);
    await stores.stop();
    data.remove();
  });

  const start = async (database: string) => {
    const { eventStoreUrl: EVENTSTORE_URL, mongoUrl: MONGODB_URL } = stores;
    const plaza = await openPlaza({
      EVENTSTORE_URL,
      MONGODB_URL,
      MONGODB_DATABASE: database,
      PLAZA_CONTEXTS: 'parking,screening,food-court',
    });
    programs.push(plaza);
    return plaza;
  };
  const place = (url: string, orderId: string) =>
    call(url, 'POST', '/food-court/shops/1/orders', {
      orderId,
      customerId: 'c1',
      lines: [{ menuId: 'm1', qty: 1 }],
    });
  const poison = () => {
    const data = { shopId: 'elsewhere', orderId: 'never-placed', customerId: 'c1' };
    return streams(client).append('shop-elsewhere', [newEvent({ type: 'OrderAccepted', data })], 'no-stream');
  };
  const seen = (url: string, path: string, position: string | null) =>
    call(url, 'GET', path, undefined, reaching(position));

  test('parks the event, and all views are live', async () => {
    const { url } = await start('live');
    await openShop(url, '1');
    await call(url, 'PUT', '/food-court/shops/1/menu/m1', { name: '김밥', price: 4000, available: true });
    const before = (await place(url, 'o1')).headers.get('Event-Position');
    expect((await seen(url, '/food-court/shops/1/orders/o1', before)).status).toBe(200);

    await poison();
    await openSlot(url, 's1');
    const after = (await place(url, 'o2')).headers.get('Event-Position');
    expect(await seen(url, '/food-court/shops/1/orders/o2', after)).toMatchObject({
      status: 200,
      body: { status: 'placed' },
    });
    expect(await seen(url, '/screening/slots/s1', after)).toMatchObject({ status: 200, body: { left: 1 } });
    const { body } = await eventually(
      () => call<Center>(url, 'GET', '/control-center'),
      (answer) => answer.body.projections.some(({ parked, state }) => parked > 0 && state === 'live'),
    );
    expect(body.projections.filter(({ parked }) => parked > 0)).toMatchObject([
      { name: 'food-court.orders', state: 'live', parked: 1 },
    ]);
    expect(Object.values(body.contexts)).not.toContain(null);
  });

  test('builds all other views from history, and the context answers with the built ones', async () => {
    const { url } = await start('built');
    const now = (await openSlot(url, 's2')).headers.get('Event-Position');
    const built = (path: string) =>
      eventually(
        () => seen(url, path, now),
        ({ status }) => status !== 503,
      );
    expect(await built('/screening/slots/s1')).toMatchObject({ status: 200, body: { left: 1 } });
    expect(await built('/food-court/shops/1')).toMatchObject({ status: 200, body: { openOrders: 2 } });
    const unbuilt = { 'Min-Event-Position': '0' };
    expect(await call(url, 'GET', '/food-court/shops/1/orders/o1', undefined, unbuilt)).toMatchObject({
      status: 503,
      body: { type: '/problems/views-unavailable' },
    });
  });
});
