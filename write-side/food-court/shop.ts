import {
  DEFAULTS,
  ENDED_PER_COMMAND,
  type FoodCourtCommand,
  type FoodCourtEvent,
  schema as foodCourt,
  MAX_COOKED_ORDERS,
  MAX_MENU_ITEMS,
  REASONS,
} from '../../schemas/food-court.ts';
import { calendarDay, plus } from '../../schemas/kernel/calendar.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { MAX_MONEY } from '../../schemas/kernel/money.ts';
import { withoutNull } from '../../schemas/kernel/settings.ts';
import { ImmutableMap, OrderedMap } from '../kernel/collections.ts';
import { type DecisionInput, decider, notDue, type Refusal, refuse } from '../kernel/decider.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';
import { COMPLETIONS, secondsUntilRoom } from './completion-rate.ts';

type Message = FoodCourtCommand | FoodCourtEvent;
type Data<Type extends Message['type']> = Extract<Message, { type: Type }>['data'];

type MenuItem = { name: string; price: number; available: boolean };

type LiveOrder = {
  /** Undefined for an order from a kiosk. */
  customerId: string | undefined;
  callNumber: string;
  status: 'placed' | 'accepted' | 'cooking' | 'cooked';
  /** The deadline of its status: until then a placed order must be accepted, a cooked one picked up. */
  dueAt: string | undefined;
  total: number;
};

type EndedOrder = { customerId: string | undefined; status: 'picked-up' | 'canceled' | 'rejected' | 'uncollected' };

type State = {
  status: 'unregistered' | 'open' | 'paused' | 'closed';
  figures: Omit<Data<'ShopChanged'>, 'shopId'>;
  menu: ImmutableMap<string, MenuItem>;
  /** The orders that wait to be accepted, the oldest first. */
  placed: OrderedMap<string, LiveOrder>;
  /** The orders that are accepted or cooking. Together with the placed ones they are open. */
  kitchen: ImmutableMap<string, LiveOrder>;
  /** The orders that wait to be picked up, the oldest first. */
  cooked: OrderedMap<string, LiveOrder>;
  /** The orders that ended last. */
  ended: PastIds<EndedOrder>;
  /** The day of the latest call numbers, and how many were given on it. */
  calls: { day: string; count: number };
  /** When the latest orders were cooked. */
  completions: readonly string[];
};

/** Ended orders that a shop remembers, at least. */
const REMEMBERED_ENDED = 2_000;

const initialState: State = {
  status: 'unregistered',
  figures: { name: '', ...DEFAULTS },
  menu: ImmutableMap(),
  placed: OrderedMap(),
  kitchen: ImmutableMap(),
  cooked: OrderedMap(),
  ended: noPastIds(REMEMBERED_ENDED),
  calls: { day: '', count: 0 },
  completions: [],
};

const shopClosed = refuse('shop-closed');

type OrderName = { shopId: string; orderId: string };

/** The rule of a step of an order, from one of the statuses before it. */
const step = <Type extends 'OrderAccepted' | 'CookingStarted' | 'OrderPickedUp'>(
  before: readonly LiveOrder['status'][],
  type: Type,
  status: string,
) => ({
  decide(data: OrderName, state: State, { now }: DecisionInput) {
    const order = orderIn(before, data, state, now);
    return 'refused' in order ? order : [{ type, data: order }];
  },
  answer: (data: OrderName) => ({ ...data, status }),
});

/** Returns a change with the default of each figure that `null` unsets. */
const orDefaults = (data: Data<'ChangeShop'>) => {
  const unset = Object.entries(DEFAULTS).filter(([name]) => data[name as keyof typeof DEFAULTS] === null);
  return { ...withoutNull(data), ...(Object.fromEntries(unset) as Partial<typeof DEFAULTS>) };
};

/** A shop with its menu and its orders, so that price, availability and limit are decided together. */
export const shop = decider(foodCourt, {
  stream: 'shop-{shopId}',
  initialState,

  evolve: {
    ShopRegistered: (state, { shopId: _, ...figures }) => ({
      ...state,
      status: 'open',
      figures: { ...DEFAULTS, ...figures },
    }),
    ShopChanged: (state, { shopId: _, ...figures }) => ({ ...state, figures }),
    ShopPaused: (state) => ({ ...state, status: 'paused' }),
    ShopReopened: (state) => ({ ...state, status: 'open' }),
    ShopClosed: (state) => ({ ...state, status: 'closed' }),
    MenuItemPut: (state, { menuId, name, price, available }) => ({
      ...state,
      menu: state.menu.set(menuId, { name, price, available }),
    }),
    MenuItemRemoved: (state, { menuId }) => ({ ...state, menu: state.menu.delete(menuId) }),
    OrderPlaced: (state, { orderId, customerId, callNumber, acceptBy, day, total }) => ({
      ...state,
      placed: state.placed.set(orderId, { customerId, callNumber, status: 'placed', dueAt: acceptBy, total }),
      calls: day === undefined ? state.calls : { day, count: Number(callNumber) },
    }),
    OrderAccepted: (state, { orderId }) => move(state, orderId, 'accepted'),
    CookingStarted: (state, { orderId }) => move(state, orderId, 'cooking'),
    OrderCooked: (state, { orderId, cookedAt, collectBy }) => ({
      ...move(state, orderId, 'cooked', collectBy),
      completions: cookedAt ? [...state.completions, cookedAt].slice(-COMPLETIONS) : state.completions,
    }),
    OrderPickedUp: (state, { orderId }) => end(state, orderId, 'picked-up'),
    OrderUncollected: (state, { orderId }) => end(state, orderId, 'uncollected'),
    OrderCanceled: (state, { orderId }) => end(state, orderId, 'canceled'),
    OrderRejected: (state, { orderId }) => end(state, orderId, 'rejected'),
  },

  missing: {
    is: ({ status }) => status === 'unregistered',
    problem: 'shop-not-found',
    unless: ['RegisterShop', 'EndDueOrder'],
  },

  commands: {
    RegisterShop: {
      decide: (data, { status }) =>
        status === 'unregistered'
          ? [{ type: 'ShopRegistered', data: { ...DEFAULTS, ...data } }]
          : refuse('shop-already-registered'),
      ended: (_data, { status }) => (status === 'closed' ? shopClosed : undefined),
      answer: (_data, [registered]) => ({ ...registered?.data }),
    },

    ChangeShop: {
      decide: (data, { figures }) => {
        const changed = { ...figures, ...orDefaults(data) };
        const names = Object.keys(figures) as (keyof typeof figures)[];
        const isSame = names.every((name) => changed[name] === figures[name]);
        return isSame ? [] : [{ type: 'ShopChanged', data: changed }];
      },
      answer: orDefaults,
    },

    PauseShop: {
      decide: (data, { status }) => {
        if (status === 'closed') return shopClosed;
        return status === 'paused' ? [] : [{ type: 'ShopPaused', data }];
      },
      answer: (data) => ({ ...data, status: 'paused' }),
    },

    ReopenShop: {
      decide: (data, { status }) => (status === 'open' ? [] : [{ type: 'ShopReopened', data }]),
      answer: (data) => ({ ...data, status: 'open' }),
    },

    CloseShop: {
      decide: ({ shopId }, state, { now }) => {
        if (state.status === 'closed') return shopClosed;
        const rejections = closingRejections(shopId, state, now);
        const remaining = state.placed.size - rejections.length;
        return [{ type: 'ShopClosed', data: { shopId, remaining } }, ...rejections];
      },
      answer: (data) => ({ ...data, status: 'closed' }),
    },

    RejectRemainingOrders: {
      decide: ({ shopId }, state, { now }) => (state.status === 'closed' ? closingRejections(shopId, state, now) : []),
    },

    PutMenuItem: {
      decide: (data, { menu }) => {
        const item = menu.get(data.menuId);
        if (!item && menu.size >= MAX_MENU_ITEMS) return refuse('menu-full', `it has ${MAX_MENU_ITEMS} items`);
        const isSame = item?.name === data.name && item.price === data.price && item.available === data.available;
        return isSame ? [] : [{ type: 'MenuItemPut', data }];
      },
    },

    RemoveMenuItem: {
      decide: (data, { menu }) =>
        menu.has(data.menuId) ? [{ type: 'MenuItemRemoved', data }] : refuse('menu-item-not-found'),
    },

    PlaceOrder: {
      decide: ({ shopId, orderId, customerId, lines, total: shownTotal }, state, { now, timeZone }) => {
        const { status, figures, placed, kitchen, completions } = state;
        if (orderOf(state, orderId)) return refuse('order-already-exists');
        if (status === 'closed') return shopClosed;
        if (status === 'paused') return refuse('shop-paused');
        const order = priced(state, lines);
        if ('refused' in order) return order;
        if (shownTotal !== undefined && shownTotal !== order.total)
          return refuse('price-changed', `the total is ${order.total}`, { price: order.total });

        const open = placed.size + kitchen.size;
        const tooMany = open + 1 - figures.maxOpenOrders;
        const overdue = overdueOrders(placed, now, tooMany);
        if (overdue.length < tooMany) {
          const retryAfter = secondsUntilRoom(completions, now, tooMany);
          return refuse('shop-overloaded', `${open} orders are open`, retryAfter === undefined ? {} : { retryAfter });
        }
        const { day, callNumber } = nextCall(state, calendarDay(now, timeZone));
        const acceptBy = plus(now, { minutes: figures.acceptWithin });
        const data = defined({
          shopId,
          orderId,
          customerId,
          shopName: figures.name,
          callNumber,
          day,
          ...order,
          acceptBy,
        });
        return [...endings(shopId, state, overdue), { type: 'OrderPlaced', data }];
      },
      ended: ({ orderId }, state, { now }) => {
        const known = orderOf(state, orderId);
        if (!known) return refuse('order-already-exists');
        const status = statusAt(known, now);
        if (status === 'placed' && state.status === 'closed') return shopClosed;
        return liveOrder(state, orderId)?.status === status ? undefined : endedRefusal(status);
      },
      answer: (_data, events) => ({ ...events.at(-1)?.data, status: 'placed' }),
    },

    AcceptOrder: step(['placed'], 'OrderAccepted', 'accepted'),
    StartCooking: step(['accepted'], 'CookingStarted', 'cooking'),

    FinishCooking: {
      decide: (data, state, { now }) => {
        const order = orderIn(['cooking'], data, state, now);
        if ('refused' in order) return order;
        const tooMany = state.cooked.size + 1 - MAX_COOKED_ORDERS;
        const overdue = overdueOrders(state.cooked, now, tooMany);
        if (overdue.length < tooMany) return refuse('counter-full', `${MAX_COOKED_ORDERS} orders wait`);
        const collectBy = plus(now, { minutes: state.figures.collectWithin });
        return [
          ...endings(data.shopId, state, overdue),
          { type: 'OrderCooked', data: { ...order, cookedAt: now, collectBy } },
        ];
      },
      answer: (data) => ({ ...data, status: 'cooked' }),
    },

    PickUpOrder: step(['cooked'], 'OrderPickedUp', 'picked-up'),

    CancelOrder: {
      owner: ({ orderId }, state) => orderOf(state, orderId)?.customerId,
      decide: (data, state, { now }) => {
        const order = orderIn(['placed'], data, state, now);
        if (!('refused' in order)) return [{ type: 'OrderCanceled', data: refunded(state, order) }];
        const known = orderOf(state, data.orderId);
        if (!known) return order;
        const status = statusAt(known, now);
        const isEnded = status === 'canceled' || status === 'rejected';
        return isEnded ? endedRefusal(status) : refuse('order-already-accepted');
      },
      answer: (data) => ({ ...data, status: 'canceled' }),
    },

    RejectOrder: {
      decide: ({ reason, ...data }, state, { now }) => {
        const order = orderIn(['placed', 'accepted'], data, state, now);
        return 'refused' in order ? order : [{ type: 'OrderRejected', data: { ...refunded(state, order), reason } }];
      },
      answer: ({ reason: _, ...data }) => ({ ...data, status: 'rejected' }),
    },

    EndDueOrder: {
      decide: ({ shopId, orderId }, state, { now }) => {
        const order = liveOrder(state, orderId);
        if (order?.dueAt === undefined) return [];
        return isDue(order, now) ? endings(shopId, state, [[orderId, order]]) : notDue;
      },
    },
  },

  snapshotVersion: 6,
});

type Known = LiveOrder | EndedOrder;

/** An order that has not ended. */
const liveOrder = ({ placed, kitchen, cooked }: State, orderId: string): LiveOrder | undefined =>
  placed.get(orderId) ?? kitchen.get(orderId) ?? cooked.get(orderId);

/** An order, live or ended; undefined for an id that is unused or forgotten. */
const orderOf = (state: State, orderId: string): Known | undefined =>
  liveOrder(state, orderId) ?? recall(state.ended, orderId);

const isDue = ({ dueAt }: LiveOrder, now: string): boolean => dueAt !== undefined && dueAt <= now;

/** Returns the status of an order. From its deadline on, an order has ended, also while no event says so yet. */
const statusAt = (order: Known, now: string): Known['status'] => {
  if (!('dueAt' in order) || !isDue(order, now)) return order.status;
  return order.status === 'placed' ? 'rejected' : 'uncollected';
};

/** Refuses a command for an order that is over. */
const endedRefusal = (status: Known['status']): Refusal =>
  status === 'canceled' ? refuse('already-canceled') : outOfSequence(status);

const outOfSequence = (status: Known['status']): Refusal => refuse('order-out-of-sequence', `the order is ${status}`);

/** Returns an order as its events name it. */
const named = (
  { figures }: State,
  shopId: string,
  [orderId, { customerId, callNumber }]: [string, LiveOrder],
): Data<'OrderAccepted'> => defined({ shopId, orderId, customerId, callNumber, shopName: figures.name });

/** Adds the total of a live order, which goes back to the customer. */
const refunded = (state: State, order: Data<'OrderAccepted'>): Data<'OrderCanceled'> => ({
  ...order,
  total: liveOrder(state, order.orderId)!.total,
});

/** Returns the event data of the next step of an order, or the refusal when it has none of the statuses before it. */
const orderIn = (
  before: readonly LiveOrder['status'][],
  { shopId, orderId }: OrderName,
  state: State,
  now: string,
): Data<'OrderAccepted'> | Refusal => {
  const known = orderOf(state, orderId);
  if (!known) return refuse('order-not-found');
  const status = statusAt(known, now);
  const order = before.some((one) => one === status) && liveOrder(state, orderId);
  if (!order) return outOfSequence(status);
  return named(state, shopId, [orderId, order]);
};

/**
 * Returns the first orders whose deadline has passed. It looks no further than the first that has time left, so that a
 * shop at its limit refuses quickly; orders behind it with an earlier deadline, after a change of the shop, are left to
 * the timer.
 */
const overdueOrders = (orders: OrderedMap<string, LiveOrder>, now: string, most: number): [string, LiveOrder][] => {
  const overdue: [string, LiveOrder][] = [];
  if (most <= 0) return overdue;
  for (const [orderId, order] of orders) {
    const hasTime = order.dueAt !== undefined && !isDue(order, now);
    if (hasTime || overdue.length === Math.min(most, ENDED_PER_COMMAND)) break;
    if (order.dueAt !== undefined) overdue.push([orderId, order]);
  }
  return overdue;
};

type Ending = Extract<FoodCourtEvent, { type: 'OrderRejected' | 'OrderUncollected' }>;

/** Returns the events that end overdue orders. */
const endings = (shopId: string, state: State, overdue: readonly [string, LiveOrder][]): Ending[] =>
  overdue.map((order) => {
    const data = named(state, shopId, order);
    return order[1].status === 'placed'
      ? { type: 'OrderRejected', data: { ...refunded(state, data), reason: REASONS.notAccepted } }
      : { type: 'OrderUncollected', data };
  });

/** Returns the rejections of a closed shop's placed orders, as many as fit into one command. */
const closingRejections = (shopId: string, state: State, now: string) =>
  Iterator.from(state.placed)
    .take(ENDED_PER_COMMAND)
    .map((order) => ({
      type: 'OrderRejected' as const,
      data: {
        ...refunded(state, named(state, shopId, order)),
        reason: isDue(order[1], now) ? REASONS.notAccepted : REASONS.shopClosed,
      },
    }))
    .toArray();

/**
 * Returns the next call number. The day of a shop never goes back, whatever clocks and time zone its writers have, so
 * that no number is given twice on one day.
 */
const nextCall = ({ calls }: State, today: string): { day: string; callNumber: string } => {
  if (today > calls.day) return { day: today, callNumber: '1' };
  return { day: calls.day, callNumber: `${calls.count + 1}` };
};

const without = (state: State, orderId: string): State => ({
  ...state,
  placed: state.placed.delete(orderId),
  kitchen: state.kitchen.delete(orderId),
  cooked: state.cooked.delete(orderId),
});

const move = (state: State, orderId: string, status: 'accepted' | 'cooking' | 'cooked', dueAt?: string): State => {
  const order = liveOrder(state, orderId);
  if (!order) return state;
  const place = status === 'cooked' ? 'cooked' : 'kitchen';
  return { ...without(state, orderId), [place]: state[place].set(orderId, { ...order, status, dueAt }) };
};

const end = (state: State, orderId: string, status: EndedOrder['status']): State => {
  const order = liveOrder(state, orderId);
  if (!order) return state;
  const ended = remember(state.ended, orderId, { customerId: order.customerId, status });
  return { ...without(state, orderId), ended };
};

type Lines = Extract<FoodCourtCommand, { type: 'PlaceOrder' }>['data']['lines'];
type PricedOrder = Pick<Data<'OrderPlaced'>, 'lines' | 'total'>;

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
  return total > MAX_MONEY ? refuse('price-too-high') : { lines: pricedLines, total };
};
