import { type TProperties, Type } from 'typebox';
import { admin, anyone, customer, own, type Rule, staff } from './access.ts';
import {
  type CommandOf,
  type ContextSchema,
  command,
  type EventOf,
  event,
  internalCommand,
  inView,
  list,
  one,
  optionalFieldAdded,
  Strict,
} from './kernel/context.ts';
import { Id, MAX_MONEY, RevisionText, Status, Text, Time } from './kernel/values.ts';

/** The most items on one menu: a shop's state stays small. */
export const MAX_MENU_ITEMS = 1_000;
/** The most cooked orders that wait to be picked up at one shop. */
export const MAX_COOKED_ORDERS = 10_000;
/** A shop's limit when it names none. */
export const DEFAULT_MAX_OPEN_ORDERS = 200;

const MAX_LINES = 20;
const MAX_QTY = 99;

const Count = Type.Integer({ minimum: 0 });
const ShopName = Text(100, '김밥나라');
const DishName = Text(100, '김밥');
const Price = Type.Integer({ minimum: 0, maximum: MAX_MONEY, examples: [4000] });
const Qty = Type.Integer({ minimum: 1, maximum: MAX_QTY, examples: [2] });
const Total = Type.Integer({
  minimum: 0,
  maximum: MAX_MONEY * MAX_QTY * MAX_LINES,
  description: 'The sum of price × qty over the lines.',
  examples: [8000],
});
const MaxOpenOrders = Type.Integer({ minimum: 1, maximum: 10_000, default: DEFAULT_MAX_OPEN_ORDERS, examples: [200] });

const lines = <Properties extends TProperties>(properties: Properties) =>
  Type.Array(Strict(properties), { minItems: 1, maxItems: MAX_LINES });
const PricedLines = lines({ menuId: Id, name: DishName, price: Price, qty: Qty });

const shop = { shopId: Id, name: ShopName, maxOpenOrders: MaxOpenOrders };
const menuItem = Strict({ shopId: Id, menuId: Id, name: DishName, price: Price, available: Type.Boolean() });
const order = Strict({ shopId: Id, orderId: Id, customerId: Id });
const pricedOrder = { shopId: Id, orderId: Id, customerId: Id, lines: PricedLines, total: Total };
/**
 * An alarm with the revision of the shop's event that it follows: an order id may be used again, a revision is not.
 * Events of version 1 do not have it.
 */
const alarmEvent = Strict({ shopId: Id, orderId: Id, customerId: Id, shopRevision: Type.Optional(RevisionText) });
const alarmCommand = Strict({ shopId: Id, orderId: Id, customerId: Id, shopRevision: RevisionText });
const orderName = Strict({ shopId: Id, orderId: Id });

export const events = {
  ShopRegistered: event('A shop was registered', Strict(shop)),
  MenuItemPut: event('An item of the menu was added or changed', menuItem),
  OrderPlaced: event("A customer placed an order at the menu's current prices", Strict(pricedOrder)),
  OrderAccepted: event('The shop accepted the order', order),
  CookingStarted: event('The shop started to cook the order', order),
  OrderCooked: event('The order is cooked and can be picked up', order),
  OrderCanceled: event('The order was cancelled before the shop accepted it', order),
  OrderPickedUp: event('The customer picked the order up', order),
  AlarmRaised: event('The notification board calls the customer', alarmEvent, 2, optionalFieldAdded),
  AlarmCleared: event('The notification board no longer shows the order', alarmEvent, 2, optionalFieldAdded),
};

/** Declares a step of an order by its shop: a resource below the order. */
const step = (summary: string, resource: string, status: string, problems: readonly string[] = []) =>
  command(
    summary,
    orderName,
    {
      method: 'POST',
      path: `/food-court/shops/{shopId}/orders/{orderId}/${resource}`,
      status: 200,
      location: '/food-court/shops/{shopId}/orders/{orderId}',
      answer: Strict({ shopId: Id, orderId: Id, status: Status(status) }),
    },
    ['shop-not-found', 'order-not-found', 'order-out-of-sequence', ...problems],
  );

export const commands = {
  RegisterShop: command(
    'Open a shop',
    Strict({ ...shop, maxOpenOrders: Type.Optional(MaxOpenOrders) }),
    {
      method: 'POST',
      path: '/food-court/shops',
      id: 'shopId',
      status: 201,
      location: '/food-court/shops/{shopId}',
      answer: Strict(shop),
    },
    ['shop-already-registered'],
  ),
  PutMenuItem: command(
    'Put an item on the menu, or change it',
    menuItem,
    {
      method: 'PUT',
      path: '/food-court/shops/{shopId}/menu/{menuId}',
      status: 200,
      location: '/food-court/shops/{shopId}/menu/{menuId}',
      answer: menuItem,
    },
    ['shop-not-found', 'menu-full'],
  ),
  PlaceOrder: command(
    "Order from the menu, at the menu's prices of this moment",
    Strict({ shopId: Id, orderId: Id, customerId: Id, lines: lines({ menuId: Id, qty: Qty }) }),
    {
      method: 'POST',
      path: '/food-court/shops/{shopId}/orders',
      id: 'orderId',
      status: 201,
      location: '/food-court/shops/{shopId}/orders/{orderId}',
      answer: Strict({ ...pricedOrder, status: Status('placed') }),
    },
    ['shop-not-found', 'order-already-exists', 'menu-item-unknown', 'menu-item-unavailable', 'shop-overloaded'],
  ),
  AcceptOrder: step('Accept a placed order', 'acceptance', 'accepted'),
  StartCooking: step('Start cooking an accepted order', 'cooking', 'cooking'),
  FinishCooking: step('Finish cooking: the order can be picked up', 'completion', 'cooked', ['counter-full']),
  CancelOrder: command(
    'Take an order back, while it is not yet accepted',
    orderName,
    {
      method: 'DELETE',
      path: '/food-court/shops/{shopId}/orders/{orderId}',
      status: 200,
      location: '/food-court/shops/{shopId}/orders/{orderId}',
      answer: Strict({ shopId: Id, orderId: Id, status: Status('canceled') }),
    },
    ['shop-not-found', 'order-not-found', 'order-already-accepted', 'already-canceled'],
  ),
  PickUpOrder: step('Pick up a cooked order', 'pickup', 'picked-up'),
  RaiseAlarm: internalCommand('Call the customer of a cooked order on the notification board', alarmCommand),
  ClearAlarm: internalCommand('Remove a picked-up order from the notification board', alarmCommand),
};

const Shop = Strict({ ...shop, openOrders: Count });

const MenuItem = menuItem;

const orderStatus = Status('placed', 'accepted', 'cooking', 'cooked', 'picked-up', 'canceled');

const Order = Strict({
  ...pricedOrder,
  status: orderStatus,
  placedAt: Time,
  history: Type.Array(Strict({ status: orderStatus, time: Time }), { description: 'Its statuses, oldest first.' }),
});

const Alarm = Strict({ shopId: Id, orderId: Id, customerId: Id, raisedAt: Time });

const orderFilters = { filters: { status: orderStatus }, sorts: ['placedAt'] };

export const queries = {
  ...inView('food-court.shops', {
    shops: list('The shops', '/food-court/shops', Shop, { sorts: ['name', 'openOrders'] }),
    shop: one('One shop', '/food-court/shops/{shopId}', Shop),
  }),
  ...inView('food-court.menu', {
    menu: list("A shop's menu", '/food-court/shops/{shopId}/menu', MenuItem, {
      filters: { available: MenuItem.properties.available },
      sorts: ['name', 'price'],
    }),
    menuItem: one('One item of a menu', '/food-court/shops/{shopId}/menu/{menuId}', MenuItem),
  }),
  ...inView('food-court.orders', {
    shopOrders: list("A shop's orders", '/food-court/shops/{shopId}/orders', Order, orderFilters),
    order: one('One order', '/food-court/shops/{shopId}/orders/{orderId}', Order),
    customerOrders: list("A customer's orders", '/food-court/customers/{customerId}/orders', Order, orderFilters),
  }),
  ...inView('food-court.alarms', {
    board: list('The notification board of all shops: orders to be picked up', '/food-court/board', Alarm, {
      only: { status: 'raised' },
      filters: { shopId: Id },
      sorts: ['raisedAt'],
    }),
  }),
};

export const overview = Strict({
  totals: Strict({ shops: Count, openOrders: Count, alarms: Count }),
  shops: Type.Array(Shop, { maxItems: 200, description: 'The busiest first; the rest are in /food-court/shops.' }),
  board: Type.Array(Alarm, { maxItems: 200, description: 'The newest first; the rest are on /food-court/board.' }),
});

const ofShop: Rule = { shop: own('shopId'), ...staff };

export const schema = {
  name: 'food-court',
  title: 'Food court',
  scope: { kind: 'shop', field: 'shopId', roles: { shop: 'own' } },
  events,
  commands,
  queries,
  access: {
    RegisterShop: admin,
    PutMenuItem: ofShop,
    PlaceOrder: customer(),
    AcceptOrder: ofShop,
    StartCooking: ofShop,
    FinishCooking: ofShop,
    PickUpOrder: ofShop,
    CancelOrder: { ...customer(), ...ofShop },
    shops: anyone,
    shop: anyone,
    menu: anyone,
    menuItem: anyone,
    shopOrders: ofShop,
    order: { ...customer(), ...ofShop },
    customerOrders: customer(),
    board: { shop: 'all', ...staff },
  },
  problems: {
    'shop-not-found': { status: 404, title: 'There is no such shop' },
    'shop-already-registered': { status: 409, title: 'A shop with this id exists already' },
    'menu-full': { status: 409, title: 'The menu has no room for another item' },
    'menu-item-unknown': { status: 409, title: 'An item is not on the menu' },
    'menu-item-unavailable': { status: 409, title: 'An item is not available now' },
    'shop-overloaded': { status: 503, title: 'The shop has as many open orders as it can take', retryAfter: 30 },
    'order-already-exists': { status: 409, title: 'An order with this id exists already' },
    'order-not-found': { status: 404, title: 'There is no such order' },
    'order-out-of-sequence': { status: 409, title: 'The order is not in the status that this step needs' },
    'order-already-accepted': { status: 409, title: 'The shop has accepted the order already' },
    'already-canceled': { status: 409, title: 'The order is cancelled already' },
    'counter-full': { status: 409, title: 'Too many cooked orders wait to be picked up' },
  },
  overview,
} as const satisfies ContextSchema;

export type FoodCourtEvent = EventOf<typeof events>;
export type FoodCourtCommand = CommandOf<typeof commands>;
