import type { Static } from 'typebox';
import { DEFAULTS, schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { projection } from '../kernel/projection.ts';

type Shop = Static<typeof queries.shop.item>;

const oneLess = (shop: Shop): Shop => ({ ...shop, openOrders: shop.openOrders - 1 });

export const shops = projection<Shop>()({
  context: foodCourt,
  name: 'food-court.shops',
  version: 3,
  key: ({ shopId }) => shopId,
  on: {
    ShopRegistered: (_shop, data) => ({ ...DEFAULTS, ...data, status: 'open', openOrders: 0 }),
  },
  onExisting: {
    ShopChanged: (shop, data) => ({ ...shop, ...data }),
    ShopPaused: (shop) => ({ ...shop, status: 'paused' }),
    ShopReopened: (shop) => ({ ...shop, status: 'open' }),
    ShopClosed: (shop) => ({ ...shop, status: 'closed' }),
    OrderPlaced: (shop) => ({ ...shop, openOrders: shop.openOrders + 1 }),
    OrderCooked: oneLess,
    OrderCanceled: oneLess,
    OrderRejected: oneLess,
  },
  missing: 'a shop that was never registered',
});
