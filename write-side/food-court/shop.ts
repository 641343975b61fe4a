import {
  DEFAULT_MAX_OPEN_ORDERS,
  type FoodCourtCommand,
  type FoodCourtEvent,
  schema as foodCourt,
  MAX_COOKED_ORDERS,
  MAX_MENU_ITEMS,
} from '../../schemas/food-court.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { decider, type Refusal, refuse } from '../kernel/decider.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type MenuItem = { name: string; price: number; available: boolean };
type OpenOrder = { customerId: string; status: 'placed' | 'accepted' | 'cooking' | 'cooked' };
type ClosedOrder = { customerId: string; status: 'picked-up' | 'canceled' };

type State = {
  isRegistered: boolean;
  maxOpenOrders: number;
  menu: ImmutableMap<string, MenuItem>;
  /** The orders that are neither picked up nor cancelled. */
  orders: ImmutableMap<string, OpenOrder>;
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

/** A shop with its menu and its orders, so that price, availability and limit are decided together. */
export const shop = decider(foodCourt, {
  stream: 'shop-{shopId}',
  initialState,

  evolve: {
    ShopRegistered: (state, { maxOpenOrders }) => ({ ...state, isRegistered: true, maxOpenOrders }),
    MenuItemPut: (state, { menuId, name, price, available }) => ({
      ...state,
      menu: state.menu.set(menuId, { name, price, available }),
    }),
    OrderPlaced: (state, { orderId, customerId }) => ({
      ...state,
      orders: state.orders.set(orderId, { customerId, status: 'placed' }),
    }),
    OrderAccepted: (state, { orderId }) => move(state, orderId, 'accepted'),
    CookingStarted: (state, { orderId }) => move(state, orderId, 'cooking'),
    OrderCooked: (state, { orderId }) => ({ ...move(state, orderId, 'cooked'), cooked: state.cooked + 1 }),
    OrderPickedUp: (state, { orderId }) => ({ ...close(state, orderId, 'picked-up'), cooked: state.cooked - 1 }),
    OrderCanceled: (state, { orderId }) => close(state, orderId, 'canceled'),
  },

  commands: {
    RegisterShop: {
      decide: ({ shopId, name, maxOpenOrders = DEFAULT_MAX_OPEN_ORDERS }, { isRegistered }) =>
        isRegistered
          ? refuse('shop-already-registered')
          : [{ type: 'ShopRegistered', data: { shopId, name, maxOpenOrders } }],
      answer: (_data, [registered]) => ({ ...registered?.data }),
    },

    PutMenuItem: {
      decide: (data, { isRegistered, menu }) => {
        if (!isRegistered) return refuse('shop-not-found');
        const item = menu.get(data.menuId);
        if (!item && menu.size >= MAX_MENU_ITEMS) return refuse('menu-full', `it has ${MAX_MENU_ITEMS} items`);
        const isSame = item?.name === data.name && item.price === data.price && item.available === data.available;
        return isSame ? [] : [{ type: 'MenuItemPut', data }];
      },
    },

    PlaceOrder: {
      decide: ({ shopId, orderId, customerId, lines }, state) => {
        if (!state.isRegistered) return refuse('shop-not-found');
        if (orderOf(state, orderId)) return refuse('order-already-exists');
        const order = priced(state, lines);
        if ('refused' in order) return order;
        if (state.orders.size - state.cooked >= state.maxOpenOrders)
          return refuse('shop-overloaded', `${state.maxOpenOrders} orders are open`);
        return [{ type: 'OrderPlaced', data: { shopId, orderId, customerId, ...order } }];
      },
      answer: (_data, [placed]) => ({ ...placed?.data, status: 'placed' }),
    },

    AcceptOrder: {
      decide: (data, state) => {
        const order = orderAt('placed', data, state);
        return 'refused' in order ? order : [{ type: 'OrderAccepted', data: order }];
      },
      answer: (data) => ({ ...data, status: 'accepted' }),
    },

    StartCooking: {
      decide: (data, state) => {
        const order = orderAt('accepted', data, state);
        return 'refused' in order ? order : [{ type: 'CookingStarted', data: order }];
      },
      answer: (data) => ({ ...data, status: 'cooking' }),
    },

    FinishCooking: {
      decide: (data, state) => {
        const order = orderAt('cooking', data, state);
        if ('refused' in order) return order;
        if (state.cooked >= MAX_COOKED_ORDERS) return refuse('counter-full', `${MAX_COOKED_ORDERS} orders wait`);
        return [{ type: 'OrderCooked', data: order }];
      },
      answer: (data) => ({ ...data, status: 'cooked' }),
    },

    PickUpOrder: {
      decide: (data, state) => {
        const order = orderAt('cooked', data, state);
        return 'refused' in order ? order : [{ type: 'OrderPickedUp', data: order }];
      },
      answer: (data) => ({ ...data, status: 'picked-up' }),
    },

    CancelOrder: {
      owner: ({ orderId }, state) => orderOf(state, orderId)?.customerId,
      decide: ({ shopId, orderId }, state) => {
        if (!state.isRegistered) return refuse('shop-not-found');
        const order = orderOf(state, orderId);
        if (!order) return refuse('order-not-found');
        if (order.status === 'canceled') return refuse('already-canceled');
        if (order.status !== 'placed') return refuse('order-already-accepted');
        return [{ type: 'OrderCanceled', data: { shopId, orderId, customerId: order.customerId } }];
      },
      answer: (data) => ({ ...data, status: 'canceled' }),
    },
  },

  snapshotVersion: 3,
});

/** An order, open or closed; undefined for an id that is unused or forgotten. */
const orderOf = ({ orders, closed }: State, orderId: string): OpenOrder | ClosedOrder | undefined =>
  orders.get(orderId) ?? recall(closed, orderId);

/** Returns the event data of the next step of an order, or the refusal when the order is not at the status before it. */
const orderAt = (
  before: OpenOrder['status'],
  { shopId, orderId }: { shopId: string; orderId: string },
  state: State,
): { shopId: string; orderId: string; customerId: string } | Refusal => {
  if (!state.isRegistered) return refuse('shop-not-found');
  const order = orderOf(state, orderId);
  if (!order) return refuse('order-not-found');
  if (order.status !== before) return refuse('order-out-of-sequence', `the order is ${order.status}`);
  return { shopId, orderId, customerId: order.customerId };
};

const move = (state: State, orderId: string, status: OpenOrder['status']): State => {
  const order = state.orders.get(orderId);
  return order ? { ...state, orders: state.orders.set(orderId, { ...order, status }) } : state;
};

const close = (state: State, orderId: string, status: ClosedOrder['status']): State => {
  const order = state.orders.get(orderId);
  if (!order) return state;
  const closed = remember(state.closed, orderId, { customerId: order.customerId, status });
  return { ...state, orders: state.orders.delete(orderId), closed };
};

type Lines = Extract<FoodCourtCommand, { type: 'PlaceOrder' }>['data']['lines'];
type PricedOrder = Pick<Extract<FoodCourtEvent, { type: 'OrderPlaced' }>['data'], 'lines' | 'total'>;

/** The lines at the menu's prices now, and their sum. */
const priced = ({ menu }: State, lines: Lines): PricedOrder | Refusal => {
  const pricedLines: PricedOrder['lines'] = [];
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
