import { describe, expect, it } from 'vitest';
import type { FoodCourtEvent } from '../../schemas/food-court.ts';
import { documentsAfter } from '../kernel/testing.ts';
import { alarms } from './alarms.ts';
import { projections } from './index.ts';
import { menu } from './menu.ts';
import { orders } from './orders.ts';
import { shops } from './shops.ts';

const shopId = 'shop-1';
const order = (orderId = 'o1') => ({ shopId, orderId, customerId: 'c1', callNumber: '17' });
const lines = [
  { menuId: 'm1', name: '김밥', price: 4000, qty: 2 },
  { menuId: 'm2', name: '라면', price: 5000, qty: 1 },
];

const at = (minute: number) => `2026-01-31T09:${String(minute).padStart(2, '0')}:00.000Z`;
const timed = (events: readonly FoodCourtEvent[]) => events.map((event, minute) => ({ ...event, time: at(minute) }));

const registered: FoodCourtEvent = { type: 'ShopRegistered', data: { shopId, name: '김밥나라', maxOpenOrders: 2 } };
const put = (menuId: string, price: number, available = true): FoodCourtEvent => ({
  type: 'MenuItemPut',
  data: { shopId, menuId, name: '김밥', price, available },
});
const placed = (orderId = 'o1'): FoodCourtEvent => ({
  type: 'OrderPlaced',
  data: { ...order(orderId), lines, total: 13_000 },
});
const steps = ['OrderAccepted', 'CookingStarted', 'OrderCooked', 'OrderPickedUp'] as const;
const step = (
  type: (typeof steps)[number] | 'OrderCanceled' | 'OrderUncollected' | 'AlarmRaised' | 'AlarmCleared',
): FoodCourtEvent => ({ type, data: order() });
const rejected: FoodCourtEvent = { type: 'OrderRejected', data: { ...order(), reason: '재료 소진' } };

describe('shops', () => {
  const openOrders = (...events: (FoodCourtEvent & { time?: string })[]) => {
    const { busySince: _, secondsPerOrder: __, ...rest } = stored(...events);
    return rest;
  };
  const stored = (...events: (FoodCourtEvent & { time?: string })[]): { [field: string]: unknown } => ({
    ...documentsAfter(shops, registered, ...events)[shopId],
  });
  const figures = { name: '김밥나라', maxOpenOrders: 2, acceptWithin: 10, collectWithin: 60 };
  const shop = (open: number) => ({ shopId, ...figures, status: 'open', openOrders: open });

  it('shows a shop', () => expect(openOrders()).toEqual(shop(0)));
  it('counts the open orders', () => expect(openOrders(placed('o1'), placed('o2'))).toEqual(shop(2)));
  it.each([0, 1, 2])('counts an order with %i steps done', (done) =>
    expect(openOrders(placed(), ...steps.slice(0, done).map(step))).toEqual(shop(1)),
  );
  it.each([3, 4])('does not count an order with %i steps done', (done) =>
    expect(openOrders(placed(), ...steps.slice(0, done).map(step))).toEqual(shop(0)),
  );
  it('does not count a cancelled or rejected order', () => {
    expect(openOrders(placed(), step('OrderCanceled'))).toEqual(shop(0));
    expect(openOrders(placed(), rejected)).toEqual(shop(0));
  });
  describe('the time that an order takes', () => {
    const pace = (...events: (FoodCourtEvent & { time: string })[]) => stored(...events).secondsPerOrder;
    const on = (minute: number, event: FoodCourtEvent) => ({ ...event, time: at(minute) });

    it('is unknown before the first order is cooked', () =>
      expect(pace(on(0, placed()), on(1, step('OrderAccepted')))).toBeUndefined());
    it('is the time from the order to its completion in a shop that had none', () =>
      expect(pace(on(5, placed()), on(8, step('OrderCooked')))).toBe(180));
    it('is the time since the last completion while more orders are open', () =>
      expect(pace(on(0, placed()), on(0, placed('o2')), on(10, step('OrderCooked')), on(12, step('OrderCooked')))).toBe(
        600 + (120 - 600) * 0.2,
      ));
    it('leaves out the time in which the shop had no order', () =>
      expect(pace(on(0, placed()), on(2, step('OrderCooked')), on(50, placed('o2')), on(52, step('OrderCooked')))).toBe(
        120,
      ));
    it('counts at most half an hour for one order', () =>
      expect(pace(on(0, placed()), on(59, step('OrderCooked')))).toBe(1_800));
  });
  it('shows whether the shop is open, paused or closed', () => {
    const paused: FoodCourtEvent = { type: 'ShopPaused', data: { shopId } };
    const reopened: FoodCourtEvent = { type: 'ShopReopened', data: { shopId } };
    const closed: FoodCourtEvent = { type: 'ShopClosed', data: { shopId, remaining: 0 } };
    expect(openOrders(paused)).toMatchObject({ status: 'paused' });
    expect(openOrders(paused, reopened, closed)).toMatchObject({ status: 'closed' });
    expect(openOrders(closed, reopened)).toMatchObject({ status: 'open' });
  });
  it('shows its figures as they were changed last', () => {
    const changed = { ...figures, name: '우동집', acceptWithin: 5 };
    const event: FoodCourtEvent = { type: 'ShopChanged', data: { shopId, ...changed } };
    expect(openOrders(placed(), event)).toEqual({ ...shop(1), ...changed });
  });
  it('cannot show an order of a shop that was never registered', () =>
    expect(() => documentsAfter(shops, placed())).toThrow('never registered'));
});

describe('menu', () => {
  it('shows each item as it was put last', () =>
    expect(documentsAfter(menu, put('m1', 4000), put('m2', 5000), put('m1', 4500, false))).toEqual({
      'shop-1.m1': { shopId, menuId: 'm1', name: '김밥', price: 4500, available: false },
      'shop-1.m2': { shopId, menuId: 'm2', name: '김밥', price: 5000, available: true },
    }));
  it('does not show an item that was removed, until it is put again', () => {
    const removed: FoodCourtEvent = { type: 'MenuItemRemoved', data: { shopId, menuId: 'm1' } };
    expect(documentsAfter(menu, put('m1', 4000), removed)).toEqual({});
    expect(documentsAfter(menu, put('m1', 4000), removed, put('m1', 4500))).toMatchObject({
      'shop-1.m1': { price: 4500 },
    });
  });
});

describe('orders', () => {
  const shown = { ...order(), lines, total: 13_000, placedAt: at(0) };

  it('shows an order with its statuses and their times', () =>
    expect(documentsAfter(orders, ...timed([placed(), ...steps.map(step)]))['shop-1.o1']).toEqual({
      ...shown,
      status: 'picked-up',
      history: [
        { status: 'placed', time: at(0) },
        { status: 'accepted', time: at(1) },
        { status: 'cooking', time: at(2) },
        { status: 'cooked', time: at(3) },
        { status: 'picked-up', time: at(4) },
      ],
    }));
  it('shows a cancelled order', () =>
    expect(documentsAfter(orders, ...timed([placed(), step('OrderCanceled')]))['shop-1.o1']).toEqual({
      ...shown,
      status: 'canceled',
      history: [
        { status: 'placed', time: at(0) },
        { status: 'canceled', time: at(1) },
      ],
    }));
  it('shows a rejected order with the reason', () =>
    expect(documentsAfter(orders, ...timed([placed(), rejected]))['shop-1.o1']).toMatchObject({
      ...shown,
      status: 'rejected',
      reason: '재료 소진',
      history: [{ status: 'placed' }, { status: 'rejected', time: at(1) }],
    }));
  it('shows an order that was not picked up in time, with its deadline', () => {
    const cooked: FoodCourtEvent = { type: 'OrderCooked', data: { ...order(), collectBy: at(50) } };
    expect(documentsAfter(orders, placed(), cooked, step('OrderUncollected'))['shop-1.o1']).toMatchObject({
      status: 'uncollected',
      collectBy: at(50),
    });
  });
  it('shows the end of the id of an order from before call numbers as its call number', () => {
    const { callNumber: _, ...old } = order('0190-abcd');
    const event = { type: 'OrderPlaced', data: { ...old, lines, total: 13_000 }, version: 1 };
    expect(documentsAfter(orders, event)['shop-1.0190-abcd']).toMatchObject({ callNumber: 'abcd' });
  });
  it('shows an order of a kiosk, which has no customer', () => {
    const { customerId: _, ...anonymous } = order();
    const event: FoodCourtEvent = { type: 'OrderPlaced', data: { ...anonymous, lines, total: 13_000 } };
    expect(documentsAfter(orders, event)['shop-1.o1']).not.toHaveProperty('customerId');
  });
  it('keeps the prices when the menu changes', () =>
    expect(documentsAfter(orders, placed(), put('m1', 9000))['shop-1.o1']).toMatchObject({ lines, total: 13_000 }));
  it('cannot show a step of an order that was never placed', () =>
    expect(() => documentsAfter(orders, step('OrderAccepted'))).toThrow('never placed'));
});

describe('alarms', () => {
  const alarm = { ...order(), raisedAt: at(0) };

  it('shows an order that waits to be picked up', () =>
    expect(documentsAfter(alarms, ...timed([step('AlarmRaised')]))).toEqual({
      'shop-1.o1': { ...alarm, status: 'raised' },
    }));
  it('keeps it as cleared, so that an event that comes again does not raise it', () =>
    expect(documentsAfter(alarms, ...timed([step('AlarmRaised'), step('AlarmCleared')]))).toEqual({
      'shop-1.o1': { ...alarm, status: 'cleared' },
    }));
  it('cannot clear what was never raised', () =>
    expect(() => documentsAfter(alarms, step('AlarmCleared'))).toThrow('never raised'));
});

describe('the report', () => {
  const report = projections.find(({ name }) => name === 'food-court.report')!;
  const refunds = (...events: (FoodCourtEvent & { version?: number })[]) => {
    const { cells } = documentsAfter(report, placed(), ...events)['day.2026-01-31'] as {
      cells: { refunds?: number }[];
    };
    return cells.at(-1)?.refunds;
  };
  const total = 13_000;

  it('counts the total of a cancelled and of a rejected order as a refund', () => {
    expect(refunds({ type: 'OrderCanceled', data: { ...order(), total } })).toBe(total);
    expect(refunds({ type: 'OrderRejected', data: { ...order(), total, reason: '재료 소진' } })).toBe(total);
  });
  it('counts the capacity of a shop while it is open, and after a night or a pause as before', () => {
    const at = (hour: number) => `2026-01-31T${hour}:00:00.000Z`;
    const event = (hour: number, type: string, data: object = {}) => ({
      type,
      data: { shopId: 'shop-1', ...data },
      time: at(hour),
    });
    const documents = documentsAfter(
      report,
      event(10, 'ShopRegistered', { name: '김밥나라', maxOpenOrders: 20, acceptWithin: 5, collectWithin: 30 }),
      event(11, 'ShopPaused'),
      event(12, 'ShopReopened'),
      event(20, 'ShopClosed'),
      event(21, 'ShopChanged', { maxOpenOrders: 30 }),
      event(22, 'ShopReopened'),
      event(23, 'ShopClosed'),
    );
    const sizes = [20, 20, 0, 0, 30, 0].map((capacity, n) => ({ at: at([10, 12, 20, 21, 22, 23][n]!), capacity }));
    expect(documents['capacity.shop-1']).toEqual({ steps: sizes, whenOpen: 30 });
  });
  it('counts no refund for an order that nobody picks up', () =>
    expect(refunds(step('OrderAccepted'), step('OrderCooked'), step('OrderUncollected'))).toBeUndefined());
  it('counts no refund for events that were stored without a total', () => {
    expect(refunds({ ...step('OrderCanceled'), version: 1 })).toBeUndefined();
    expect(refunds(rejected)).toBeUndefined();
  });
});
