import { type TProperties, Type } from 'typebox';
import { admin, anyone, customer, own, type Rule, staff } from './access.ts';
import {
  type CommandOf,
  type CommandRoute,
  type ContextSchema,
  command,
  type EventOf,
  event,
} from './kernel/context.ts';
import { MAX_MONEY } from './kernel/money.ts';
import { personal } from './kernel/personal.ts';
import { inView, list, one } from './kernel/queries.ts';
import { unsettables } from './kernel/settings.ts';
import { CalendarDay, Count, except, Id, RevisionText, Status, Strict, Text, Time, UtcTime } from './kernel/values.ts';

/** The most items on one menu: a shop's state stays small. */
export const MAX_MENU_ITEMS = 1_000;
/** The most cooked orders that wait to be picked up at one shop. */
export const MAX_COOKED_ORDERS = 10_000;
/** The figures of a shop that names none. */
export const DEFAULTS = { maxOpenOrders: 200, acceptWithin: 10, collectWithin: 60 };
/** The most orders that one command ends: one append has room for them. */
export const ENDED_PER_COMMAND = 500;
/** The reasons of rejections that no employee gave. */
export const REASONS = { notAccepted: 'not-accepted-in-time', shopClosed: 'shop-closed' };

const MAX_LINES = 20;
const MAX_QTY = 99;

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
const MaxOpenOrders = Type.Integer({ minimum: 1, maximum: 10_000, default: DEFAULTS.maxOpenOrders, examples: [200] });
const Minutes = (description: string, otherwise: number) =>
  Type.Integer({ minimum: 1, maximum: 1_440, default: otherwise, description, examples: [otherwise] });
const AcceptWithin = Minutes('Minutes in which an order must be accepted; then it is rejected.', DEFAULTS.acceptWithin);
const CollectWithin = Minutes(
  'Minutes in which a cooked order must be picked up; then it is uncollected.',
  DEFAULTS.collectWithin,
);
const CallNumber = Type.String({
  minLength: 1,
  maxLength: 20,
  description: 'Of a shop and a day: 1, 2, 3 … An order from before call numbers has the end of its id.',
  examples: ['17'],
});
const Reason = Text(200, '재료가 떨어졌습니다');
const reasonOfCustomer = personal('customerId', { except: Object.values(REASONS) });

const lines = <Properties extends TProperties>(properties: Properties) =>
  Type.Array(Strict(properties), { minItems: 1, maxItems: MAX_LINES });
const PricedLines = lines({ menuId: Id, name: DishName, price: Price, qty: Qty });

const figures = { maxOpenOrders: MaxOpenOrders, acceptWithin: AcceptWithin, collectWithin: CollectWithin };
/** Figures that a request may leave out. */
const optionalFigures = Type.Partial(Type.Object(figures)).properties;
const shop = { shopId: Id, name: ShopName, ...figures };
const shopChange = { shopId: Id, name: Type.Optional(ShopName) };
const shopRef = Strict({ shopId: Id });
const MenuItem = Strict({ shopId: Id, menuId: Id, name: DishName, price: Price, available: Type.Boolean() });
const menuItemRef = Strict({ shopId: Id, menuId: Id });
const orderRef = { shopId: Id, orderId: Id };
/** An order as its events name it. An order from a kiosk has no customer; events of version 1 have no shop's name. */
const orderFields = {
  ...orderRef,
  customerId: Type.Optional(Id),
  callNumber: CallNumber,
  shopName: Type.Optional(ShopName),
};
const order = Strict(orderFields);
/** Events from before there was a refund in them do not have it. */
const refund = { total: Type.Optional({ ...Total, description: 'The amount that goes back to the customer.' }) };
const pricedOrder = {
  ...orderFields,
  day: Type.Optional({ ...CalendarDay, description: 'The calendar day of the call number.' }),
  lines: PricedLines,
  total: Total,
  acceptBy: Type.Optional({ ...UtcTime, description: 'The order is rejected if it is not accepted by then.' }),
};
/**
 * An alarm with the revision of the shop's event that it follows: an order id may be used again, a revision is not.
 * Events of version 1 do not have it.
 */
const alarmEvent = Strict({ ...orderFields, shopRevision: Type.Optional(RevisionText) });
const alarmCommand = Strict({ ...orderFields, shopRevision: RevisionText });

/** Events from before call numbers get the end of the order's id. */
const withCallNumber = <Data extends { orderId: string }>(data: Data) => ({
  ...data,
  callNumber: data.orderId.slice(-4),
});
const callNumberAdded = { 1: withCallNumber };

export const events = {
  ShopRegistered: event(
    'A shop was registered',
    Strict({ shopId: Id, name: ShopName, ...optionalFigures, maxOpenOrders: MaxOpenOrders }),
    2,
  ),
  ShopChanged: event("A shop's name or figures were changed", Strict(shop)),
  ShopPaused: event('The shop takes no orders for a while', shopRef),
  ShopReopened: event('The shop takes orders again', shopRef),
  ShopClosed: event(
    'The shop was closed. Its accepted orders may finish; its placed ones are rejected',
    Strict({
      shopId: Id,
      remaining: Type.Integer({
        minimum: 0,
        description: 'Placed orders that are rejected after this append.',
        examples: [0],
      }),
    }),
  ),
  MenuItemPut: event('An item of the menu was added or changed', MenuItem),
  MenuItemRemoved: event('An item was taken off the menu', menuItemRef),
  OrderPlaced: event("An order was placed at the menu's current prices", Strict(pricedOrder), 2, callNumberAdded),
  OrderAccepted: event('The shop accepted the order', order, 2, callNumberAdded),
  CookingStarted: event('The shop started to cook the order', order, 2, callNumberAdded),
  OrderCooked: event(
    'The order is cooked and can be picked up',
    Strict({
      ...orderFields,
      cookedAt: Type.Optional(UtcTime),
      collectBy: Type.Optional({ ...UtcTime, description: 'The order is uncollected if it is not picked up by then.' }),
    }),
    2,
    callNumberAdded,
  ),
  OrderCanceled: event(
    'The order was cancelled before the shop accepted it',
    Strict({ ...orderFields, ...refund }),
    2,
    callNumberAdded,
  ),
  OrderRejected: event(
    'The order will not be cooked',
    Strict({ ...orderFields, reason: reasonOfCustomer(Reason), ...refund }),
  ),
  OrderPickedUp: event('The customer picked the order up', order, 2, callNumberAdded),
  OrderUncollected: event('Nobody picked the order up in time', order),
  AlarmRaised: event('The notification board calls the order', alarmEvent, 3, { 2: withCallNumber }),
  AlarmCleared: event('The notification board no longer shows the order', alarmEvent, 3, { 2: withCallNumber }),
};

/** Declares a step of an order by its shop: a resource below the order. */
const step = <Data extends TProperties = typeof orderRef>(
  summary: string,
  resource: string,
  status: string,
  { data = {} as Data, problems = [] }: { data?: Data; problems?: readonly string[] } = {},
) =>
  command(
    summary,
    Strict({ ...orderRef, ...data }),
    {
      route: `POST /food-court/shops/{shopId}/orders/{orderId}/${resource}`,
      answer: Strict({ ...orderRef, status: Status(status) }),
    },
    ['shop-not-found', 'order-not-found', 'order-out-of-sequence', ...problems],
  );

const SHOP = '/food-court/shops/{shopId}';

/** Declares a change of whether a shop takes orders. */
const shopStep = (summary: string, route: CommandRoute['route'], status: string, problems: readonly string[] = []) =>
  command(summary, shopRef, { route, answer: Strict({ shopId: Id, status: Status(status) }) }, [
    'shop-not-found',
    ...problems,
  ]);

export const commands = {
  RegisterShop: command(
    'Open a shop',
    Strict({ shopId: Id, name: ShopName, ...optionalFigures }),
    { route: 'POST /food-court/shops', id: 'shopId', answer: Strict(shop) },
    ['shop-already-registered', 'shop-closed'],
  ),
  ChangeShop: command(
    "Change a shop's name or figures; `null` sets a figure to its default",
    Strict({ ...shopChange, ...unsettables(figures) }),
    { route: `PATCH ${SHOP}`, answer: Strict({ ...shopChange, ...optionalFigures }) },
    ['shop-not-found'],
  ),
  PauseShop: shopStep('Take no orders for a while', `POST ${SHOP}/pause`, 'paused', ['shop-closed']),
  ReopenShop: shopStep('Take orders again, after a pause or a closing', `POST ${SHOP}/opening`, 'open'),
  CloseShop: shopStep('Close the shop, until it is reopened', `DELETE ${SHOP}`, 'closed', ['shop-closed']),
  RejectRemainingOrders: command('Reject further placed orders of a closed shop', shopRef),
  PutMenuItem: command(
    'Put an item on the menu, or change it',
    MenuItem,
    { route: 'PUT /food-court/shops/{shopId}/menu/{menuId}', answer: MenuItem },
    ['shop-not-found', 'menu-full'],
  ),
  RemoveMenuItem: command(
    'Take an item off the menu',
    menuItemRef,
    {
      route: 'DELETE /food-court/shops/{shopId}/menu/{menuId}',
      location: SHOP,
      answer: menuItemRef,
    },
    ['shop-not-found', 'menu-item-not-found'],
  ),
  PlaceOrder: command(
    "Order from the menu, at the menu's prices of this moment",
    Strict({
      ...orderRef,
      customerId: Type.Optional({ ...Id, description: 'Only a kiosk may leave it out.' }),
      lines: lines({ menuId: Id, qty: Qty }),
      total: Type.Optional({ ...Total, description: 'The total that the customer saw: another one is refused.' }),
    }),
    {
      route: 'POST /food-court/shops/{shopId}/orders',
      optionalFor: { customerId: 'kiosk' },
      id: 'orderId',
      answer: Strict({ ...pricedOrder, status: Status('placed') }),
    },
    [
      'shop-not-found',
      'order-already-exists',
      'already-canceled',
      'order-out-of-sequence',
      'shop-closed',
      'shop-paused',
      'menu-item-unknown',
      'menu-item-unavailable',
      'price-changed',
      'price-too-high',
      'shop-overloaded',
    ],
  ),
  AcceptOrder: step('Accept a placed order', 'acceptance', 'accepted'),
  StartCooking: step('Start cooking an accepted order', 'cooking', 'cooking'),
  FinishCooking: step('Finish cooking: the order can be picked up', 'completion', 'cooked', {
    problems: ['counter-full'],
  }),
  CancelOrder: command(
    'Take an order back, while it is not yet accepted',
    Strict(orderRef),
    {
      route: 'DELETE /food-court/shops/{shopId}/orders/{orderId}',
      answer: Strict({ ...orderRef, status: Status('canceled') }),
    },
    ['shop-not-found', 'order-not-found', 'order-already-accepted', 'already-canceled', 'order-out-of-sequence'],
  ),
  RejectOrder: step('Reject an order that is not being cooked yet', 'rejection', 'rejected', {
    data: { reason: except(Reason, Object.values(REASONS)) },
  }),
  PickUpOrder: step('Pick up a cooked order', 'pickup', 'picked-up'),
  EndDueOrder: command(
    'Reject an order that was not accepted in time, or end one that was not picked up in time',
    Strict(orderRef),
  ),
  RaiseAlarm: command('Call a cooked order on the notification board', alarmCommand),
  ClearAlarm: command('Remove an order that was picked up, or not in time, from the board', alarmCommand),
};

const Shop = Strict({
  ...shop,
  status: Status('open', 'paused', 'closed'),
  openOrders: Count,
  secondsPerOrder: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'How long the shop took for each of its latest orders, on average while it had orders.',
      examples: [150],
    }),
  ),
});

const orderStatus = Status(
  'placed',
  'accepted',
  'cooking',
  'cooked',
  'picked-up',
  'canceled',
  'rejected',
  'uncollected',
);

const Order = Strict({
  ...pricedOrder,
  status: orderStatus,
  collectBy: Type.Optional(UtcTime),
  reason: Type.Optional({ ...reasonOfCustomer(Reason), description: 'Why it was rejected.' }),
  placedAt: Time,
  history: Type.Array(Strict({ status: orderStatus, time: Time }), { description: 'Its statuses, oldest first.' }),
});

const Alarm = Strict({ ...orderFields, raisedAt: Time });

const orderFilters = { filters: { status: orderStatus }, range: 'placedAt' };

export const queries = {
  ...inView('food-court.shops', {
    shops: list('The shops', '/food-court/shops', Shop, {
      closed: ['closed'],
      filters: { status: Shop.properties.status },
      sorts: ['name', 'openOrders'],
      prefix: 'name',
    }),
    shop: one('One shop', SHOP, Shop, { search: { name: 'name', shopId: 'id' } }),
  }),
  ...inView('food-court.menu', {
    menu: list("A shop's menu", '/food-court/shops/{shopId}/menu', MenuItem, {
      filters: { available: MenuItem.properties.available },
      sorts: ['name', 'price'],
      prefix: 'name',
    }),
    menuItem: one('One item of a menu', '/food-court/shops/{shopId}/menu/{menuId}', MenuItem, {
      search: { name: 'name' },
    }),
  }),
  ...inView('food-court.orders', {
    shopOrders: list("A shop's orders", '/food-court/shops/{shopId}/orders', Order, orderFilters),
    order: one('One order', '/food-court/shops/{shopId}/orders/{orderId}', Order, {
      search: { callNumber: 'id', orderId: 'id' },
    }),
    customerOrders: list("A customer's orders", '/food-court/customers/{customerId}/orders', Order, orderFilters),
  }),
  ...inView('food-court.alarms', {
    board: list('The notification board of all shops: orders to be picked up', '/food-court/board', Alarm, {
      only: { status: 'raised' },
      personal: ['customerId'],
      filters: { shopId: Id },
      range: 'raisedAt',
    }),
  }),
};

const overview = Strict({
  totals: Strict({ shops: Count, openOrders: Count, alarms: Count }),
  shops: Type.Array(Shop, { maxItems: 200, description: 'The busiest first; the rest are in /food-court/shops.' }),
  board: Type.Array(Alarm, { maxItems: 200, description: 'The newest first; the rest are on /food-court/board.' }),
});

const ofShop: Rule = { shop: own('shopId'), ...staff };

export const schema = {
  name: 'food-court',
  title: 'Food court',
  scope: { kind: 'shop', field: 'shopId', roles: { shop: 'own', kiosk: 'all' } },
  events,
  commands,
  queries,
  access: {
    RegisterShop: admin,
    ChangeShop: ofShop,
    PauseShop: ofShop,
    ReopenShop: ofShop,
    CloseShop: ofShop,
    PutMenuItem: ofShop,
    RemoveMenuItem: ofShop,
    PlaceOrder: { kiosk: 'all', ...customer() },
    AcceptOrder: ofShop,
    StartCooking: ofShop,
    FinishCooking: ofShop,
    RejectOrder: ofShop,
    PickUpOrder: ofShop,
    CancelOrder: { ...customer(), ...ofShop },
    shops: anyone,
    shop: anyone,
    menu: anyone,
    menuItem: anyone,
    shopOrders: ofShop,
    order: { ...customer(), ...ofShop },
    customerOrders: customer(),
    board: { kiosk: 'impersonal', shop: 'all', ...staff },
  },
  publicBy: { board: 'PUBLIC_BOARD' },
  problems: {
    'shop-not-found': { status: 404, title: 'There is no such shop' },
    'shop-already-registered': { status: 409, title: 'A shop with this id exists already' },
    'shop-closed': { status: 409, title: 'The shop is closed' },
    'shop-paused': { status: 503, title: 'The shop takes no orders for a while', retryAfter: 60 },
    'menu-item-not-found': { status: 404, title: 'There is no such item on the menu' },
    'menu-full': { status: 409, title: 'The menu has no room for another item' },
    'menu-item-unknown': { status: 409, title: 'An item is not on the menu' },
    'menu-item-unavailable': { status: 409, title: 'An item is not available now' },
    'price-changed': { status: 409, title: 'The price has changed' },
    'price-too-high': { status: 422, title: 'The total is over the limit of one payment' },
    'shop-overloaded': { status: 503, title: 'The shop has as many open orders as it can take', retryAfter: 30 },
    'order-already-exists': { status: 409, title: 'An order with this id exists already' },
    'order-not-found': { status: 404, title: 'There is no such order' },
    'order-out-of-sequence': { status: 409, title: 'The order is not in the status that this step needs' },
    'order-already-accepted': { status: 409, title: 'The shop has accepted the order already' },
    'already-canceled': { status: 409, title: 'The order is cancelled already' },
    'counter-full': { status: 409, title: 'Too many cooked orders wait to be picked up' },
  },
  overview,
  report: { occupancy: 'open orders of the limits of all shops, on average over time.' },
} as const satisfies ContextSchema;

export type FoodCourtEvent = EventOf<typeof events>;
export type FoodCourtCommand = CommandOf<typeof commands>;
