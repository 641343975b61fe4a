import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENDED_PER_COMMAND, MAX_COOKED_ORDERS, MAX_MENU_ITEMS, REASONS } from '../../schemas/food-court.ts';
import { plus } from '../../schemas/kernel/calendar.ts';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { shop } from './shop.ts';

const { given } = specification(shop);

type Command = Parameters<typeof shop.decide>[0];
type Event = Parameters<typeof shop.evolve>[1];

const shopId = 'shop-1';
const customerId = 'customer-1';
const shopName = '김밥나라';

/** Before the deadlines of what happened at 09:00, at the first one, and at the second one. */
const NOW = '2026-01-31T09:00:00.000Z';
const ACCEPT_BY = '2026-01-31T09:10:00.000Z';
const COLLECT_BY = '2026-01-31T10:00:00.000Z';
const afterDeadline = specification(shop, ACCEPT_BY).given;
const afterHour = specification(shop, COLLECT_BY).given;

const register = (maxOpenOrders?: number): Command => ({
  type: 'RegisterShop',
  data: { shopId, name: shopName, ...(maxOpenOrders === undefined ? {} : { maxOpenOrders }) },
});
const change = (figures: Omit<Extract<Command, { type: 'ChangeShop' }>['data'], 'shopId'>): Command => ({
  type: 'ChangeShop',
  data: { shopId, ...figures },
});
const ofShop = (type: 'PauseShop' | 'ReopenShop' | 'CloseShop' | 'RejectRemainingOrders'): Command => ({
  type,
  data: { shopId },
});
const remove = (menuId: string): Command => ({ type: 'RemoveMenuItem', data: { shopId, menuId } });
const reject = (orderId: string, reason = '재료 소진'): Command => ({
  type: 'RejectOrder',
  data: { shopId, orderId, reason },
});
const put = (menuId: string, price: number, available = true): Command => ({
  type: 'PutMenuItem',
  data: { shopId, menuId, name: menuId, price, available },
});
const place = (orderId: string, ...lines: [menuId: string, qty: number][]): Command => ({
  type: 'PlaceOrder',
  data: { shopId, orderId, customerId, lines: lines.map(([menuId, qty]) => ({ menuId, qty })) },
});
const showing = (total: number, command: Command): Command =>
  ({ ...command, data: { ...command.data, total } }) as Command;
const on = (type: 'AcceptOrder' | 'StartCooking' | 'FinishCooking' | 'PickUpOrder' | 'CancelOrder' | 'EndDueOrder') => {
  return (orderId: string): Command => ({ type, data: { shopId, orderId } });
};
const accept = on('AcceptOrder');
const cook = on('StartCooking');
const finish = on('FinishCooking');
const pickUp = on('PickUpOrder');
const cancel = on('CancelOrder');
const endDue = on('EndDueOrder');

const figures = { name: shopName, maxOpenOrders: 200, acceptWithin: 10, collectWithin: 60 };
const registered = (maxOpenOrders = 200): Event => ({
  type: 'ShopRegistered',
  data: { shopId, ...figures, maxOpenOrders },
});
const changed = (to: Partial<typeof figures>): Event => ({ type: 'ShopChanged', data: { shopId, ...figures, ...to } });
const became = (type: 'ShopPaused' | 'ShopReopened'): Event => ({ type, data: { shopId } });
const closed = (remaining = 0): Event => ({ type: 'ShopClosed', data: { shopId, remaining } });
const itemPut = (menuId: string, price: number, available = true): Event => ({
  type: 'MenuItemPut',
  data: { shopId, menuId, name: menuId, price, available },
});
type Line = [menuId: string, price: number, qty: number];
/** An order placed at {@link NOW}, 18:00 in Seoul. Its call number is the number in its id. */
const placed = (orderId: string, total: number, ...lines: Line[]): Event => ({
  type: 'OrderPlaced',
  data: {
    ...named(orderId),
    day: '2026-01-31',
    lines: lines.map(([menuId, price, qty]) => ({ menuId, name: menuId, price, qty })),
    total,
    acceptBy: ACCEPT_BY,
  },
});
const named = (orderId: string) => ({ shopId, orderId, customerId, callNumber: orderId.slice(1), shopName });
type OrderEvent = 'OrderAccepted' | 'CookingStarted' | 'OrderCooked' | 'OrderPickedUp' | 'OrderCanceled';
const happened = (type: OrderEvent, orderId = 'o1'): Event => {
  if (type === 'OrderCooked') return { type, data: { ...named(orderId), cookedAt: NOW, collectBy: COLLECT_BY } };
  return type === 'OrderCanceled' ? { type, data: { ...named(orderId), total: 4000 } } : { type, data: named(orderId) };
};
const rejected = (reason: string, orderId = 'o1'): Event => ({
  type: 'OrderRejected',
  data: { ...named(orderId), total: 4000, reason },
});
const uncollected = (orderId = 'o1'): Event => ({ type: 'OrderUncollected', data: named(orderId) });

const menu = [registered(), itemPut('김밥', 4000), itemPut('라면', 5000)];
const order = placed('o1', 4000, ['김밥', 4000, 1]);
const until = (...types: OrderEvent[]) => [...menu, order, ...types.map((type) => happened(type))];
const cooked = ['OrderAccepted', 'CookingStarted', 'OrderCooked'] as const;

describe('RegisterShop', () => {
  it('opens a shop', () => given().when(register(3)).thenEvents(registered(3)));
  it('takes 200 open orders by default', () => given().when(register()).thenEvents(registered(200)));
  it('takes an unused id only', () => given(registered()).when(register()).thenRefused('shop-already-registered'));
});

describe('ChangeShop', () => {
  it('changes the name, the limit and the deadlines', () =>
    given(registered())
      .when(change({ name: '우동집', maxOpenOrders: 3, acceptWithin: 5, collectWithin: 30 }))
      .thenEvents(changed({ name: '우동집', maxOpenOrders: 3, acceptWithin: 5, collectWithin: 30 })));
  it('keeps what the request leaves out', () =>
    given(registered(), changed({ maxOpenOrders: 3 }))
      .when(change({ name: '우동집' }))
      .thenEvents(changed({ name: '우동집', maxOpenOrders: 3 })));
  it('sets a figure to its default when the request unsets it', () => {
    given(registered(3))
      .when(change({ maxOpenOrders: null, acceptWithin: 5 }))
      .thenEvents(changed({ acceptWithin: 5 }));
    given(registered())
      .when(change({ maxOpenOrders: null }))
      .thenNothing();
  });
  it('changes nothing when everything is the same', () =>
    given(registered())
      .when(change({ name: shopName, maxOpenOrders: 200 }))
      .thenNothing());
  it('needs a shop', () => given().when(change({})).thenRefused('shop-not-found'));
  it('sets a limit below the open orders, and takes none until there is room', () => {
    given(...until(), placed('o2', 4000, ['김밥', 4000, 1]))
      .when(change({ maxOpenOrders: 1 }))
      .thenEvents(changed({ maxOpenOrders: 1 }));
    given(...until(), placed('o2', 4000, ['김밥', 4000, 1]), changed({ maxOpenOrders: 1 }), happened('OrderCanceled'))
      .when(place('o3', ['김밥', 1]))
      .thenRefused('shop-overloaded');
  });
});

describe('a shop', () => {
  it('pauses', () => given(registered()).when(ofShop('PauseShop')).thenEvents(became('ShopPaused')));
  it('pauses once', () => given(registered(), became('ShopPaused')).when(ofShop('PauseShop')).thenNothing());
  it('takes no orders while it is paused', () =>
    given(...menu, became('ShopPaused'))
      .when(place('o1', ['김밥', 1]))
      .thenRefused('shop-paused'));
  it('works on its orders while it is paused', () =>
    given(...until(), became('ShopPaused'))
      .when(accept('o1'))
      .thenEvents(happened('OrderAccepted')));
  it('reopens after a pause and after a closing', () => {
    given(registered(), became('ShopPaused')).when(ofShop('ReopenShop')).thenEvents(became('ShopReopened'));
    given(registered(), closed()).when(ofShop('ReopenShop')).thenEvents(became('ShopReopened'));
  });
  it('reopens once', () => given(registered()).when(ofShop('ReopenShop')).thenNothing());
  it('takes orders after it reopened', () =>
    given(...menu, became('ShopPaused'), became('ShopReopened'))
      .when(place('o1', ['김밥', 1]))
      .thenEvents(placed('o1', 4000, ['김밥', 4000, 1])));
  it('closes once', () => {
    given(registered(), became('ShopPaused')).when(ofShop('CloseShop')).thenEvents(closed());
    given(registered(), closed()).when(ofShop('CloseShop')).thenRefused('shop-closed');
  });
  it('cannot pause while it is closed', () =>
    given(registered(), closed()).when(ofShop('PauseShop')).thenRefused('shop-closed'));
  it('takes no orders while it is closed', () =>
    given(...menu, closed())
      .when(place('o1', ['김밥', 1]))
      .thenRefused('shop-closed'));
  it('rejects its placed orders when it closes, and finishes the accepted ones', () => {
    const two = [...until('OrderAccepted'), placed('o2', 4000, ['김밥', 4000, 1])];
    given(...two)
      .when(ofShop('CloseShop'))
      .thenEvents(closed(), rejected(REASONS.shopClosed, 'o2'));
    given(...two, closed(), rejected(REASONS.shopClosed, 'o2'))
      .when(cook('o1'))
      .thenEvents(happened('CookingStarted'));
  });
  it('rejects the orders that do not fit into the append of its closing afterwards', () => {
    const many = Array.from({ length: ENDED_PER_COMMAND + 2 }, (_, n) => placed(`o${n}`, 4000, ['김밥', 4000, 1]));
    const full = stateAfter(shop, [registered(1_000), ...many]);
    const { events, state } = play(shop, [ofShop('CloseShop')], full);
    expect(events[0]).toEqual(closed(2));
    expect(events).toHaveLength(1 + ENDED_PER_COMMAND);
    expect(play(shop, [ofShop('RejectRemainingOrders')], state).events).toHaveLength(2);
  });
  it('rejects nothing more once it has reopened', () =>
    given(...until(), closed(1), became('ShopReopened'))
      .when(ofShop('RejectRemainingOrders'))
      .thenNothing());
  it.each(['PauseShop', 'ReopenShop', 'CloseShop', 'RejectRemainingOrders'] as const)('%s needs a shop', (type) =>
    given().when(ofShop(type)).thenRefused('shop-not-found'),
  );
});

describe('RemoveMenuItem', () => {
  const removed: Event = { type: 'MenuItemRemoved', data: { shopId, menuId: '김밥' } };

  it('takes an item off the menu', () =>
    given(...menu)
      .when(remove('김밥'))
      .thenEvents(removed));
  it('takes it off once', () =>
    given(...menu, removed)
      .when(remove('김밥'))
      .thenRefused('menu-item-not-found'));
  it('leaves nothing to order', () =>
    given(...menu, removed)
      .when(place('o1', ['김밥', 1]))
      .thenRefused('menu-item-unknown'));
  it('keeps the orders of the item', () =>
    given(...until(), removed)
      .when(accept('o1'))
      .thenEvents(happened('OrderAccepted')));
  it('needs a shop', () => given().when(remove('김밥')).thenRefused('shop-not-found'));
});

describe('PutMenuItem', () => {
  it('puts an item on the menu', () => given(registered()).when(put('김밥', 4000)).thenEvents(itemPut('김밥', 4000)));
  it('changes its price', () =>
    given(...menu)
      .when(put('김밥', 4500))
      .thenEvents(itemPut('김밥', 4500)));
  it('changes its availability', () =>
    given(...menu)
      .when(put('김밥', 4000, false))
      .thenEvents(itemPut('김밥', 4000, false)));
  it('changes nothing when it is the same', () =>
    given(...menu)
      .when(put('김밥', 4000))
      .thenNothing());
  it('needs a shop', () => given().when(put('김밥', 4000)).thenRefused('shop-not-found'));

  const full = [registered(), ...Array.from({ length: MAX_MENU_ITEMS }, (_, n) => itemPut(`item-${n}`, 1000))];
  it('needs room for another item', () =>
    given(...full)
      .when(put('김밥', 4000))
      .thenRefused('menu-full'));
  it('changes an item of a full menu', () =>
    given(...full)
      .when(put('item-0', 2000))
      .thenEvents(itemPut('item-0', 2000)));
});

describe('PlaceOrder', () => {
  it('keeps the prices and their sum', () =>
    given(...menu)
      .when(place('o1', ['김밥', 2], ['라면', 1]))
      .thenEvents(placed('o1', 13_000, ['김밥', 4000, 2], ['라면', 5000, 1])));
  it('takes the current prices', () =>
    given(...menu, itemPut('김밥', 4500))
      .when(place('o1', ['김밥', 1]))
      .thenEvents(placed('o1', 4500, ['김밥', 4500, 1])));
  it('takes an order at the total that the customer saw', () =>
    given(...menu)
      .when(showing(4000, place('o1', ['김밥', 1])))
      .thenEvents(order));
  it.each([0, 3999, 8000])('refuses an order at a total of %i that is not the menu’s', (total) =>
    given(...menu)
      .when(showing(total, place('o1', ['김밥', 1])))
      .thenRefused('price-changed'),
  );
  it.each([0, 1_000_000_000])('takes an item at a price of %i', (price) =>
    given(registered(), itemPut('김밥', price))
      .when(place('o1', ['김밥', 99]))
      .thenEvents(placed('o1', price * 99, ['김밥', price, 99])),
  );
  it('refuses an order whose total no payment can have', () =>
    given(registered(), itemPut('김밥', 10 ** 12))
      .when(place('o1', ['김밥', 2]))
      .thenRefused('price-too-high'));
  it('refuses an unknown item', () =>
    given(...menu)
      .when(place('o1', ['김밥', 1], ['우동', 1]))
      .thenRefused('menu-item-unknown'));
  it('refuses an unavailable item', () =>
    given(...menu, itemPut('라면', 5000, false))
      .when(place('o1', ['김밥', 1], ['라면', 1]))
      .thenRefused('menu-item-unavailable'));
  it('takes an id once', () =>
    given(...until())
      .when(place('o1', ['김밥', 1]))
      .thenRefused('order-already-exists'));
  it('takes an id once, also after it was cancelled', () =>
    given(...until('OrderCanceled'))
      .when(place('o1', ['김밥', 1]))
      .thenRefused('order-already-exists'));
  it('needs a shop', () =>
    given()
      .when(place('o1', ['김밥', 1]))
      .thenRefused('shop-not-found'));

  const limited = [registered(1), itemPut('김밥', 4000)];
  const second = placed('o2', 4000, ['김밥', 4000, 1]);
  it('takes orders up to the limit of the shop', () =>
    given(...limited)
      .when(place('o1', ['김밥', 1]))
      .thenEvents(order));
  it.each<OrderEvent[][]>([[[]], [['OrderAccepted']], [['OrderAccepted', 'CookingStarted']]])(
    'takes no more after %j',
    (types) =>
      given(...limited, order, ...types.map((type) => happened(type)))
        .when(place('o2', ['김밥', 1]))
        .thenRefused('shop-overloaded'),
  );
  it.each<OrderEvent[][]>([[['OrderCanceled']], [[...cooked]], [[...cooked, 'OrderPickedUp']]])(
    'takes another after %j',
    (types) =>
      given(...limited, order, ...types.map((type) => happened(type)))
        .when(place('o2', ['김밥', 1]))
        .thenEvents(second),
  );
});

describe('a repeat without a key', () => {
  const again = place('o1', ['김밥', 1]);

  it('has the first answer while its result stands', () => {
    given(registered(), became('ShopPaused')).whenRepeated(register()).thenFirstAnswer();
    given(registered(), closed(), became('ShopReopened')).whenRepeated(register()).thenFirstAnswer();
    given(...until())
      .whenRepeated(again)
      .thenFirstAnswer();
    given(...until(...cooked))
      .whenRepeated(again)
      .thenFirstAnswer();
    given(...until('OrderAccepted'), closed())
      .whenRepeated(again)
      .thenFirstAnswer();
  });
  it('is refused when the shop is closed', () => {
    given(registered(), closed()).whenRepeated(register()).thenRefused('shop-closed');
    given(...until(), closed(1))
      .whenRepeated(again)
      .thenRefused('shop-closed');
  });
  it('is refused when the order has ended, also while no event says so', () => {
    given(...until('OrderCanceled'))
      .whenRepeated(again)
      .thenRefused('already-canceled');
    given(...until(), rejected('x'))
      .whenRepeated(again)
      .thenRefused('order-out-of-sequence');
    given(...until(...cooked, 'OrderPickedUp'))
      .whenRepeated(again)
      .thenRefused('order-out-of-sequence');
    afterDeadline(...until())
      .whenRepeated(again)
      .thenRefused('order-out-of-sequence');
    afterHour(...until(...cooked))
      .whenRepeated(again)
      .thenRefused('order-out-of-sequence');
  });
});

describe('call numbers', () => {
  const next = (now: string, ...before: Event[]) => {
    const { events } = play(shop, [place('new', ['김밥', 1])], stateAfter(shop, [...menu, ...before]), 0n, now);
    return events.map(({ data }) => 'day' in data && `${data.day} ${data.callNumber}`);
  };

  it('count the orders of a day', () => expect(next(NOW, order)).toEqual(['2026-01-31 2']));
  it('begin again at midnight in the time zone', () => {
    expect(next('2026-01-31T14:59:59.999Z', order)).toEqual(['2026-01-31 2']);
    expect(next('2026-01-31T15:00:00.000Z', order)).toEqual(['2026-02-01 1']);
  });
  it('stay in the day of the latest order when a clock goes back over midnight', () =>
    expect(next('2026-01-30T09:00:00.000Z', order)).toEqual(['2026-01-31 2']));
  it('begin at 1 after orders from before call numbers', () => {
    const old: Event = {
      type: 'OrderPlaced',
      data: { shopId, orderId: 'old', customerId, callNumber: 'old', lines: [], total: 0 },
    };
    expect(next(NOW, old)).toEqual(['2026-01-31 1']);
  });
});

describe('a shop at its limit', () => {
  const retryAfter = (now: string, ...events: Event[]) => {
    const decision = shop.decide(place('o9', ['김밥', 1]), stateAfter(shop, events), {
      now,
      timeZone: 'Asia/Seoul',
      revision: 9n,
    });
    return 'refused' in decision ? decision.retryAfter : 'taken';
  };
  const full = [registered(1), itemPut('김밥', 4000), order, happened('OrderAccepted')];
  const completed = (orderId: string, cookedAt: string): Event[] => [
    placed(orderId, 4000, ['김밥', 4000, 1]),
    happened('OrderAccepted', orderId),
    happened('CookingStarted', orderId),
    { type: 'OrderCooked', data: { ...named(orderId), cookedAt, collectBy: COLLECT_BY } },
  ];

  it('asks to come back in the usual time before its first completion', () =>
    expect(retryAfter(NOW, ...full)).toBe(undefined));
  it('asks to come back at the rate of its latest completions', () =>
    expect(
      retryAfter(
        '2026-01-31T09:03:00.000Z',
        ...full,
        ...completed('o2', '2026-01-31T09:01:00.000Z'),
        ...completed('o3', '2026-01-31T09:02:00.000Z'),
      ),
    ).toBe(60));
  it('gives the room of orders that were not accepted in time to new ones', () => {
    const overdue = [registered(1), itemPut('김밥', 4000), order];
    expect(retryAfter('2026-01-31T09:09:59.999Z', ...overdue)).toBe(undefined);
    const { events } = play(shop, [place('o2', ['김밥', 1])], stateAfter(shop, overdue), 3n, ACCEPT_BY);
    expect(events).toMatchObject([rejected(REASONS.notAccepted), { type: 'OrderPlaced', data: { callNumber: '2' } }]);
    expect(shop.answer(place('o2', ['김밥', 1]), events)).toMatchObject({ orderId: 'o2', status: 'placed' });
  });
  it('leaves an overdue order behind one with time left to the timer', () => {
    const later = { ...placed('o2', 4000, ['김밥', 4000, 1]) } as Extract<Event, { type: 'OrderPlaced' }>;
    const overdue: Event = { ...later, data: { ...later.data, acceptBy: '2026-01-31T09:01:00.000Z' } };
    const events = [registered(2), itemPut('김밥', 4000), order, overdue];
    expect(retryAfter('2026-01-31T09:05:00.000Z', ...events)).toBe(undefined);
    const { events: ended } = play(shop, [endDue('o2')], stateAfter(shop, events), 4n, '2026-01-31T09:05:00.000Z');
    expect(ended).toEqual([rejected(REASONS.notAccepted, 'o2')]);
  });
  it('ends no order as long as it has room', () => {
    const { events } = play(shop, [place('o2', ['김밥', 1])], stateAfter(shop, until()), 3n, ACCEPT_BY);
    expect(events).toMatchObject([{ type: 'OrderPlaced' }]);
  });
});

describe('the steps of an order', () => {
  it('is accepted', () =>
    given(...until())
      .when(accept('o1'))
      .thenEvents(happened('OrderAccepted')));
  it('is cooked after that', () =>
    given(...until('OrderAccepted'))
      .when(cook('o1'))
      .thenEvents(happened('CookingStarted')));
  it('is finished after that', () =>
    given(...until('OrderAccepted', 'CookingStarted'))
      .when(finish('o1'))
      .thenEvents(happened('OrderCooked')));
  it('is picked up after that', () =>
    given(...until(...cooked))
      .when(pickUp('o1'))
      .thenEvents(happened('OrderPickedUp')));

  const begins = { AcceptOrder: 0, StartCooking: 1, FinishCooking: 2, PickUpOrder: 3 } as const;
  const path = [...cooked, 'OrderPickedUp'] as const;
  for (const [step, begin] of [
    ['AcceptOrder', 0],
    ['PickUpOrder', 3],
  ] as const)
    it(`${step} is not for an order after its deadline`, () =>
      afterHour(...until(...path.slice(0, begin)))
        .when(on(step)('o1'))
        .thenRefused('order-out-of-sequence'));
  for (const [step, begin] of Object.entries(begins) as [keyof typeof begins, number][]) {
    const others = [0, 1, 2, 3, 4].filter((at) => at !== begin);
    it.each(others)(`${step} is not for an order with %i steps done`, (done) =>
      given(...until(...path.slice(0, done)))
        .when(on(step)('o1'))
        .thenRefused('order-out-of-sequence'),
    );
    it(`${step} is not for a cancelled order`, () =>
      given(...until('OrderCanceled'))
        .when(on(step)('o1'))
        .thenRefused('order-out-of-sequence'));
    it(`${step} needs an order`, () =>
      given(...menu)
        .when(on(step)('o1'))
        .thenRefused('order-not-found'));
    it(`${step} needs a shop`, () => given().when(on(step)('o1')).thenRefused('shop-not-found'));
  }

  it('is not finished while the counter is full', () => {
    const ids = Array.from({ length: MAX_COOKED_ORDERS }, (_, n) => `o${n}`);
    const full = stateAfter(shop, [
      ...menu,
      ...ids.flatMap((orderId) => [
        placed(orderId, 4000, ['김밥', 4000, 1]),
        ...cooked.map((type) => happened(type, orderId)),
      ]),
    ]);
    const another = [place('another', ['김밥', 1]), accept('another'), cook('another')];
    const { refusals } = play(shop, [...another, finish('another'), pickUp('o0'), finish('another')], full);
    expect(refusals.slice(3)).toEqual(['counter-full', undefined, undefined]);
    const cooking = play(shop, another, full).state;
    const { events } = play(shop, [finish('another')], cooking, 9n, COLLECT_BY);
    expect(events.map(({ type }) => type)).toEqual(['OrderUncollected', 'OrderCooked']);
  });
});

describe('RejectOrder', () => {
  it.each([0, 1])('rejects an order with %i steps done, with a reason', (done) =>
    given(...until(...cooked.slice(0, done)))
      .when(reject('o1'))
      .thenEvents(rejected('재료 소진')),
  );
  it.each([2, 3, 4])('comes too late with %i steps done', (done) =>
    given(...until(...[...cooked, 'OrderPickedUp' as const].slice(0, done)))
      .when(reject('o1'))
      .thenRefused('order-out-of-sequence'),
  );
  it('is done once', () =>
    given(...until(), rejected('재료 소진'))
      .when(reject('o1'))
      .thenRefused('order-out-of-sequence'));
  it('makes room for another order', () =>
    given(registered(1), itemPut('김밥', 4000), order, rejected('재료 소진'))
      .when(place('o2', ['김밥', 1]))
      .thenEvents(placed('o2', 4000, ['김밥', 4000, 1])));
  it('needs an order', () =>
    given(...menu)
      .when(reject('o1'))
      .thenRefused('order-not-found'));
  it('needs a shop', () => given().when(reject('o1')).thenRefused('shop-not-found'));
});

describe('EndDueOrder', () => {
  it('rejects an order that nobody accepted in time', () =>
    afterDeadline(...until())
      .when(endDue('o1'))
      .thenEvents(rejected(REASONS.notAccepted)));
  it('ends an order that nobody picked up in time', () =>
    afterHour(...until(...cooked))
      .when(endDue('o1'))
      .thenEvents(uncollected()));
  it('comes too early before the deadline', () => {
    given(...until())
      .when(endDue('o1'))
      .thenRefused('not-due');
    afterDeadline(...until(...cooked))
      .when(endDue('o1'))
      .thenRefused('not-due');
  });
  it.each([1, 2])('does nothing to an order with %i steps done', (done) =>
    afterHour(...until(...cooked.slice(0, done)))
      .when(endDue('o1'))
      .thenNothing(),
  );
  it('does nothing to an order that has ended, or never was', () => {
    afterHour(...until('OrderCanceled'))
      .when(endDue('o1'))
      .thenNothing();
    afterHour(...until(...cooked), uncollected())
      .when(endDue('o1'))
      .thenNothing();
    afterHour(...menu)
      .when(endDue('o1'))
      .thenNothing();
  });
  it('uses the deadline of the event, not one that was set later', () =>
    afterDeadline(...until(), changed({ acceptWithin: 20 }))
      .when(endDue('o1'))
      .thenEvents(rejected(REASONS.notAccepted)));
  it('does nothing to an order from before deadlines', () =>
    afterHour(...menu, {
      type: 'OrderPlaced',
      data: { shopId, orderId: 'o1', customerId, callNumber: 'o1', lines: [], total: 0 },
    })
      .when(endDue('o1'))
      .thenNothing());
});

describe('CancelOrder', () => {
  it('takes the order back', () =>
    given(...until())
      .when(cancel('o1'))
      .thenEvents(happened('OrderCanceled')));
  it.each([1, 2, 3, 4])('comes too late with %i steps done', (done) =>
    given(...until(...[...cooked, 'OrderPickedUp' as const].slice(0, done)))
      .when(cancel('o1'))
      .thenRefused('order-already-accepted'),
  );
  it('comes too late for an order that was rejected, or whose deadline has passed', () => {
    given(...until(), rejected('재료 소진'))
      .when(cancel('o1'))
      .thenRefused('order-out-of-sequence');
    afterDeadline(...until())
      .when(cancel('o1'))
      .thenRefused('order-out-of-sequence');
  });
  it('is done once', () =>
    given(...until('OrderCanceled'))
      .when(cancel('o1'))
      .thenRefused('already-canceled'));
  it('needs an order', () =>
    given(...menu)
      .when(cancel('o1'))
      .thenRefused('order-not-found'));
  it('needs a shop', () => given().when(cancel('o1')).thenRefused('shop-not-found'));
});

const dish = fc.constantFrom('김밥', '라면', '우동');
const orderId = fc.nat({ max: 7 }).map((n) => `o${n}`);
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(register(), register(2)) },
  { weight: 1, arbitrary: fc.constantFrom('PauseShop', 'CloseShop', 'RejectRemainingOrders').map(ofShop) },
  { weight: 2, arbitrary: fc.constant(ofShop('ReopenShop')) },
  {
    weight: 1,
    arbitrary: fc
      .record({ maxOpenOrders: fc.integer({ min: 1, max: 3 }), acceptWithin: fc.integer({ min: 1, max: 20 }) })
      .map(change),
  },
  { weight: 3, arbitrary: fc.tuple(dish, fc.nat({ max: 9000 }), fc.boolean()).map((item) => put(...item)) },
  { weight: 1, arbitrary: dish.map(remove) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(orderId, fc.array(fc.tuple(dish, fc.integer({ min: 1, max: 99 })), { minLength: 1, maxLength: 3 }))
      .map(([id, lines]) => place(id, ...lines)),
  },
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.constantFrom(accept, cook, finish, pickUp, cancel, reject, endDue), orderId)
      .map(([make, id]) => make(id)),
  },
);

/** The events of an order, one letter each, in every order that is allowed. */
const LETTERS: Readonly<Record<string, string>> = {
  OrderPlaced: 'p',
  OrderAccepted: 'a',
  CookingStarted: 's',
  OrderCooked: 'c',
  OrderPickedUp: 'u',
  OrderUncollected: 'n',
  OrderCanceled: 'x',
  OrderRejected: 'r',
};
const LIVES = /^p([xr]|a(r|s(c[un]?)?)?)?$/;

/** Commands with the minutes after the one before: clocks of writers differ, so they may go back. */
const timedCommands = fc.array(fc.tuple(anyCommand, fc.integer({ min: -8, max: 20 })), { maxLength: 80 });

/** Gives commands at their times. @returns the events, each with its time */
const playOver = (commands: readonly (readonly [Command, number])[]) => {
  let now = NOW;
  let { state, revision } = play(shop, []);
  return commands.flatMap(([command, minutes]) => {
    now = plus(now, { minutes });
    const played = play(shop, [command], state, revision, now);
    ({ state, revision } = played);
    return played.events.map((event) => ({ ...event, now }));
  });
};

describe('any sequence of commands', () => {
  it('keeps the rules of every decider', () => holdsForEveryDecider(shop, anyCommand));

  const anyLife = (check: (events: ReturnType<typeof playOver>) => void) =>
    fc.assert(
      fc.property(timedCommands, (commands) =>
        check(playOver([[register(2), 0], [put('김밥', 4000), 0], [put('라면', 5000), 0], ...commands])),
      ),
      { numRuns: 300 },
    );

  it('leads each order through its steps to one end', () =>
    anyLife((events) => {
      const lives = new Map<string, string>();
      for (const { type, data } of events)
        if ('orderId' in data) lives.set(data.orderId, `${lives.get(data.orderId) ?? ''}${LETTERS[type]}`);
      for (const life of lives.values()) expect(life).toMatch(LIVES);
    }));

  it('never takes an order above the limit', () =>
    anyLife((events) => {
      const open = new Set<string>();
      let limit = 0;
      for (const { type, data } of events) {
        if ('maxOpenOrders' in data) limit = data.maxOpenOrders;
        if (type === 'OrderPlaced') {
          open.add(data.orderId);
          expect(open.size).toBeLessThanOrEqual(limit);
        } else if (type === 'OrderCooked' || type === 'OrderCanceled' || type === 'OrderRejected')
          open.delete(data.orderId);
      }
    }));

  it('takes no order while the shop is paused or closed', () =>
    anyLife((events) => {
      let isOpen = false;
      for (const { type } of events) {
        if (type === 'ShopRegistered' || type === 'ShopReopened') isOpen = true;
        if (type === 'ShopPaused' || type === 'ShopClosed') isOpen = false;
        if (type === 'OrderPlaced') expect(isOpen).toBe(true);
      }
    }));

  it('gives the call numbers 1, 2, 3 … on each day, and one order the same in all its events', () =>
    anyLife((events) => {
      const latest = new Map<string, number>();
      const numbers = new Map<string, string>();
      for (const { type, data } of events) {
        if (type === 'OrderPlaced') {
          const number = (latest.get(data.day!) ?? 0) + 1;
          expect(data.callNumber).toBe(`${number}`);
          latest.set(data.day!, number);
          numbers.set(data.orderId, data.callNumber);
        } else if ('callNumber' in data) expect(data.callNumber).toBe(numbers.get(data.orderId));
      }
    }));

  it('ends orders at their deadlines: not before, and nothing else happens to them after', () =>
    anyLife((events) => {
      const deadlines = new Map<string, string>();
      for (const { type, data, now } of events) {
        if (type === 'OrderPlaced') deadlines.set(data.orderId, data.acceptBy!);
        if (!('orderId' in data)) continue;
        const isDue = now >= deadlines.get(data.orderId)!;
        const isEnd = type === 'OrderUncollected' || (type === 'OrderRejected' && data.reason === REASONS.notAccepted);
        if (isEnd) expect(isDue).toBe(true);
        else if (type === 'OrderAccepted' || type === 'OrderCanceled' || type === 'OrderPickedUp')
          expect(isDue).toBe(false);
        if (type === 'OrderCooked') deadlines.set(data.orderId, data.collectBy!);
      }
    }));

  it('never has a total that is not the sum of its lines at their prices when ordered', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        const { events } = play(shop, [register(), put('김밥', 4000), put('라면', 5000), ...commands]);
        const prices = new Map<string, number>();
        for (const { type, data } of events) {
          if (type === 'MenuItemPut') prices.set(data.menuId, data.price);
          if (type !== 'OrderPlaced') continue;
          for (const line of data.lines) expect(line.price).toBe(prices.get(line.menuId));
          expect(data.total).toBe(data.lines.reduce((sum, { price, qty }) => sum + price * qty, 0));
        }
      }),
      { numRuns: 300 },
    );
  });
});
