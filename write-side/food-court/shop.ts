import {
  DEFAULT_MAX_OPEN_ORDERS,
  type FoodCourtCommand,
  type FoodCourtEvent,
  MAX_COOKED_ORDERS,
  MAX_MENU_ITEMS,
} from '../../schemas/food-court.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { type Decider, type Decision, type Refusal, refuse, unreachable } from '../kernel/decider.ts';
import {
  countOf,
  noPastIds,
  type PastIds,
  recall,
  remember,
  restorePastIds,
  type SavedPastIds,
  savePastIds,
} from '../kernel/past-ids.ts';

type Event = Exclude<FoodCourtEvent, { type: 'AlarmRaised' | 'AlarmCleared' }>;
type Command = Exclude<FoodCourtCommand, { type: 'RaiseAlarm' | 'ClearAlarm' }>;
type PlaceOrder = Extract<Command, { type: 'PlaceOrder' }>['data'];
type OrderPlaced = Extract<Event, { type: 'OrderPlaced' }>['data'];

type MenuItem = { name: string; price: number; available: boolean };
type CurrentStatus = 'placed' | 'accepted' | 'cooking' | 'cooked';
type ClosedStatus = 'picked-up' | 'canceled';
type ClosedOrder = { customerId: string; status: ClosedStatus };

type State = {
  isRegistered: boolean;
  maxOpenOrders: number;
  menu: ImmutableMap<string, MenuItem>;
  /** The orders that are neither picked up nor cancelled. */
  orders: ImmutableMap<string, { customerId: string; status: CurrentStatus }>;
  /** How many of them are cooked; the others are open. */
  cooked: number;
  /** The orders closed last. */
  closed: PastIds<ClosedOrder>;
};

/** Closed orders that a shop remembers, at least. */
const REMEMBERED_CLOSED = 2_000;

const initialState: State = {
  isRegistered: false,
  maxOpenOrders: 0,
  menu: ImmutableMap(),
  orders: ImmutableMap(),
  cooked: 0,
  closed: noPastIds(REMEMBERED_CLOSED),
};

/** Each step of an order: from which status it begins, and the event that it makes. */
const steps = {
  AcceptOrder: { from: 'placed', event: 'OrderAccepted', to: 'accepted' },
  StartCooking: { from: 'accepted', event: 'CookingStarted', to: 'cooking' },
  FinishCooking: { from: 'cooking', event: 'OrderCooked', to: 'cooked' },
  PickUpOrder: { from: 'cooked', event: 'OrderPickedUp', to: 'picked-up' },
} as const;

const move = (state: State, orderId: string, status: CurrentStatus): State => {
  const order = state.orders.get(orderId);
  return order ? { ...state, orders: state.orders.set(orderId, { ...order, status }) } : state;
};

const close = (state: State, orderId: string, status: ClosedStatus): State => {
  const order = state.orders.get(orderId);
  if (!order) return state;
  const closed = remember(state.closed, orderId, { customerId: order.customerId, status });
  return { ...state, orders: state.orders.delete(orderId), closed };
};

const evolve = (state: State, event: Event): State => {
  switch (event.type) {
    case 'ShopRegistered':
      return { ...state, isRegistered: true, maxOpenOrders: event.data.maxOpenOrders };
    case 'MenuItemPut': {
      const { menuId, name, price, available } = event.data;
      return { ...state, menu: state.menu.set(menuId, { name, price, available }) };
    }
    case 'OrderPlaced': {
      const { orderId, customerId } = event.data;
      return {
        ...state,
        orders: state.orders.set(orderId, { customerId, status: 'placed' }),
      };
    }
    case 'OrderAccepted':
      return move(state, event.data.orderId, 'accepted');
    case 'CookingStarted':
      return move(state, event.data.orderId, 'cooking');
    case 'OrderCooked':
      return { ...move(state, event.data.orderId, 'cooked'), cooked: state.cooked + 1 };
    case 'OrderPickedUp':
      return { ...close(state, event.data.orderId, 'picked-up'), cooked: state.cooked - 1 };
    case 'OrderCanceled':
      return close(state, event.data.orderId, 'canceled');
    default:
      return unreachable(event);
  }
};

/** The lines at the menu's prices now, and their sum. */
const priced = ({ menu }: State, lines: PlaceOrder['lines']): Pick<OrderPlaced, 'lines' | 'total'> | Refusal => {
  const pricedLines: OrderPlaced['lines'] = [];
  let total = 0;
  for (const { menuId, qty } of lines) {
    const item = menu.get(menuId);
    if (!item) return refuse('menu-item-unknown', menuId);
    if (!item.available) return refuse('menu-item-unavailable', `${menuId}: ${item.name}`);
    const { name, price } = item;
    pricedLines.push({ menuId, name, price, qty });
    total += price * qty;
  }
  return { lines: pricedLines, total };
};

const decide = (command: Command, state: State): Decision<Event> => {
  if (command.type === 'RegisterShop') {
    if (state.isRegistered) return refuse('shop-already-registered');
    const { shopId, name, maxOpenOrders = DEFAULT_MAX_OPEN_ORDERS } = command.data;
    return [{ type: 'ShopRegistered', data: { shopId, name, maxOpenOrders } }];
  }
  if (!state.isRegistered) return refuse('shop-not-found');

  switch (command.type) {
    case 'PutMenuItem': {
      const { menuId, name, price, available } = command.data;
      const item = state.menu.get(menuId);
      if (!item && state.menu.size >= MAX_MENU_ITEMS) return refuse('menu-full', `it has ${MAX_MENU_ITEMS} items`);
      const isSame = item?.name === name && item.price === price && item.available === available;
      return isSame ? [] : [{ type: 'MenuItemPut', data: command.data }];
    }

    case 'PlaceOrder': {
      const { shopId, orderId, customerId, lines } = command.data;
      if (state.orders.has(orderId) || recall(state.closed, orderId)) return refuse('order-already-exists');
      const order = priced(state, lines);
      if ('refused' in order) return order;
      if (state.orders.size - state.cooked >= state.maxOpenOrders)
        return refuse('shop-overloaded', `${state.maxOpenOrders} orders are open`);
      return [{ type: 'OrderPlaced', data: { shopId, orderId, customerId, ...order } }];
    }

    case 'AcceptOrder':
    case 'StartCooking':
    case 'FinishCooking':
    case 'PickUpOrder': {
      const { shopId, orderId } = command.data;
      const { from, event } = steps[command.type];
      const order = state.orders.get(orderId);
      const status = order?.status ?? recall(state.closed, orderId)?.status;
      if (status === undefined) return refuse('order-not-found');
      if (order?.status !== from) return refuse('order-out-of-sequence', `the order is ${status}`);
      if (event === 'OrderCooked' && state.cooked >= MAX_COOKED_ORDERS)
        return refuse('counter-full', `${MAX_COOKED_ORDERS} orders wait`);
      return [{ type: event, data: { shopId, orderId, customerId: order.customerId } }];
    }

    case 'CancelOrder': {
      const { shopId, orderId } = command.data;
      const order = state.orders.get(orderId);
      if (order?.status === 'placed')
        return [{ type: 'OrderCanceled', data: { shopId, orderId, customerId: order.customerId } }];
      const closed = recall(state.closed, orderId);
      if (closed?.status === 'canceled') return refuse('already-canceled');
      return order || closed ? refuse('order-already-accepted') : refuse('order-not-found');
    }

    default:
      return unreachable(command);
  }
};

const answer = (command: Command, events: readonly Event[]): object => {
  switch (command.type) {
    case 'RegisterShop':
      return { ...events[0]?.data };
    case 'PutMenuItem':
      return command.data;
    case 'PlaceOrder':
      return { ...events[0]?.data, status: 'placed' };
    case 'AcceptOrder':
    case 'StartCooking':
    case 'FinishCooking':
    case 'PickUpOrder':
      return { ...command.data, status: steps[command.type].to };
    case 'CancelOrder':
      return { ...command.data, status: 'canceled' };
    default:
      return unreachable(command);
  }
};

type Saved = {
  isRegistered: boolean;
  maxOpenOrders: number;
  menu: [menuId: string, MenuItem][];
  orders: [orderId: string, customerId: string, CurrentStatus][];
  closed: SavedPastIds<ClosedOrder>;
};

/** A shop with its menu and its orders: `shop-{shopId}`, so price, availability and limit are decided together. */
export const shop: Decider<Command, Event, State> = {
  category: 'shop',
  commands: [
    'RegisterShop',
    'PutMenuItem',
    'PlaceOrder',
    'AcceptOrder',
    'StartCooking',
    'FinishCooking',
    'PickUpOrder',
    'CancelOrder',
  ],
  id: ({ shopId }) => shopId,
  initialState,
  evolve,
  decide,
  answer,
  owner: ({ type, data }, { orders, closed }) =>
    type === 'CancelOrder' ? (orders.get(data.orderId) ?? recall(closed, data.orderId))?.customerId : undefined,
  size: ({ menu, orders, closed }) => menu.size + orders.size + countOf(closed),
  snapshot: {
    version: 2,
    save: ({ isRegistered, maxOpenOrders, menu, orders, closed }): Saved => ({
      isRegistered,
      maxOpenOrders,
      menu: [...menu],
      orders: [...orders].map(([id, { customerId, status }]) => [id, customerId, status]),
      closed: savePastIds(closed),
    }),
    restore: ({ isRegistered, maxOpenOrders, menu, orders, closed }: Saved): State => ({
      isRegistered,
      maxOpenOrders,
      menu: ImmutableMap(menu),
      orders: ImmutableMap(orders.map(([id, customerId, status]) => [id, { customerId, status }])),
      cooked: orders.filter(([, , status]) => status === 'cooked').length,
      closed: restorePastIds(REMEMBERED_CLOSED, closed),
    }),
  },
};
