import type { Static } from 'typebox';
import { DEFAULTS, schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { projection } from '../kernel/projection.ts';

/** `busySince`: its last completion; its first order after it had none. */
type Shop = Static<typeof queries.shop.item> & { busySince?: string };

const oneLess = (shop: Shop): Shop => ({ ...shop, openOrders: shop.openOrders - 1 });

/** The most seconds that count for one order: a kitchen that forgot an order is not that slow. */
const SLOWEST = 1_800;
/** The part of the latest order in the average. */
const WEIGHT = 0.2;

const withPace = (shop: Shop, now: string): Shop => {
  if (shop.busySince === undefined) return shop;
  const seconds = Math.min(SLOWEST, Math.max(0, (Date.parse(now) - Date.parse(shop.busySince)) / 1000));
  const before = shop.secondsPerOrder ?? seconds;
  return { ...shop, secondsPerOrder: Math.round(before + (seconds - before) * WEIGHT), busySince: now };
};

export const shops = projection<Shop>()({
  context: foodCourt,
  name: 'food-court.shops',
  version: 4,
  key: ({ shopId }) => shopId,
  on: {
    ShopRegistered: (_shop, data) => ({ ...DEFAULTS, ...data, status: 'open', openOrders: 0 }),
  },
  onExisting: {
    ShopChanged: (shop, data) => ({ ...shop, ...data }),
    ShopPaused: (shop) => ({ ...shop, status: 'paused' }),
    ShopReopened: (shop) => ({ ...shop, status: 'open' }),
    ShopClosed: (shop) => ({ ...shop, status: 'closed' }),
    OrderPlaced: (shop, _order, { metadata }) => ({
      ...shop,
      openOrders: shop.openOrders + 1,
      ...(shop.openOrders === 0 ? { busySince: metadata.time } : {}),
    }),
    OrderCooked: (shop, _order, { metadata }) => oneLess(withPace(shop, metadata.time)),
    OrderCanceled: oneLess,
    OrderRejected: oneLess,
  },
  missing: 'a shop that was never registered',
});
