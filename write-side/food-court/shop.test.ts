import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_COOKED_ORDERS, MAX_MENU_ITEMS } from '../../schemas/food-court.ts';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { shop } from './shop.ts';

const { given } = specification(shop);

type Command = Parameters<typeof shop.decide>[0];
type Event = Parameters<typeof shop.evolve>[1];

const shopId = 'shop-1';
const customerId = 'customer-1';

const register = (maxOpenOrders?: number): Command => ({
  type: 'RegisterShop',
  data: { shopId, name: '김밥나라', ...(maxOpenOrders === undefined ? {} : { maxOpenOrders }) },
});
const put = (menuId: string, price: number, available = true): Command => ({
  type: 'PutMenuItem',
  data: { shopId, menuId, name: menuId, price, available },
});
const place = (orderId: string, ...lines: [menuId: string, qty: number][]): Command => ({
  type: 'PlaceOrder',
  data: { shopId, orderId, customerId, lines: lines.map(([menuId, qty]) => ({ menuId, qty })) },
});
const on = (type: 'AcceptOrder' | 'StartCooking' | 'FinishCooking' | 'PickUpOrder' | 'CancelOrder') => {
  return (orderId: string): Command => ({ type, data: { shopId, orderId } });
};
const accept = on('AcceptOrder');
const cook = on('StartCooking');
const finish = on('FinishCooking');
const pickUp = on('PickUpOrder');
const cancel = on('CancelOrder');

const registered = (maxOpenOrders = 200): Event => ({
  type: 'ShopRegistered',
  data: { shopId, name: '김밥나라', maxOpenOrders },
});
const itemPut = (menuId: string, price: number, available = true): Event => ({
  type: 'MenuItemPut',
  data: { shopId, menuId, name: menuId, price, available },
});
const placed = (orderId: string, total: number, ...lines: [menuId: string, price: number, qty: number][]): Event => ({
  type: 'OrderPlaced',
  data: {
    shopId,
    orderId,
    customerId,
    lines: lines.map(([menuId, price, qty]) => ({ menuId, name: menuId, price, qty })),
    total,
  },
});
type OrderEvent = 'OrderAccepted' | 'CookingStarted' | 'OrderCooked' | 'OrderPickedUp' | 'OrderCanceled';
const happened = (type: OrderEvent, orderId = 'o1'): Event => ({ type, data: { shopId, orderId, customerId } });

const menu = [registered(), itemPut('김밥', 4000), itemPut('라면', 5000)];
const order = placed('o1', 4000, ['김밥', 4000, 1]);
const until = (...types: OrderEvent[]) => [...menu, order, ...types.map((type) => happened(type))];
const cooked = ['OrderAccepted', 'CookingStarted', 'OrderCooked'] as const;

describe('RegisterShop', () => {
  it('opens a shop', () => given().when(register(3)).thenEvents(registered(3)));
  it('takes 200 open orders by default', () => given().when(register()).thenEvents(registered(200)));
  it('takes an unused id only', () => given(registered()).when(register()).thenRefused('shop-already-registered'));
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
  });
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
  { weight: 3, arbitrary: fc.tuple(dish, fc.nat({ max: 9000 }), fc.boolean()).map((item) => put(...item)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(orderId, fc.array(fc.tuple(dish, fc.integer({ min: 1, max: 99 })), { minLength: 1, maxLength: 3 }))
      .map(([id, lines]) => place(id, ...lines)),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom(accept, cook, finish, pickUp, cancel), orderId).map(([make, id]) => make(id)),
  },
);

describe('any sequence of commands', () => {
  it('keeps the rules of every decider', () => holdsForEveryDecider(shop, anyCommand));

  it('never cancels an order that was accepted, nor takes more open orders than the limit', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 80 }), (commands) => {
        const { events } = play(shop, [register(2), put('김밥', 4000), ...commands]);
        const types = new Map<string, string[]>();
        for (const { type, data } of events) {
          if ('orderId' in data) types.set(data.orderId, [...(types.get(data.orderId) ?? []), type]);
          const isOpen = (own: string[]) => !own.includes('OrderCooked') && !own.includes('OrderCanceled');
          expect([...types.values()].filter(isOpen).length).toBeLessThanOrEqual(2);
        }
        const whole = ['OrderPlaced', 'OrderAccepted', 'CookingStarted', 'OrderCooked', 'OrderPickedUp'];
        for (const own of types.values())
          expect(own).toEqual(
            own[1] === 'OrderCanceled' ? ['OrderPlaced', 'OrderCanceled'] : whole.slice(0, own.length),
          );
      }),
      { numRuns: 300 },
    );
  });

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
