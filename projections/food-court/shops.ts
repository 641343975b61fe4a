import type { Static } from 'typebox';
import { schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { projection } from '../kernel/projection.ts';

type Shop = Static<typeof queries.shop.item>;

export const shops = projection<Shop>()({
  context: foodCourt,
  name: 'food-court.shops',
  version: 1,
  key: ({ shopId }) => shopId,
  on: {
    ShopRegistered: (_shop, { shopId, name, maxOpenOrders }) => ({ shopId, name, maxOpenOrders, openOrders: 0 }),
  },
  onExisting: {
    OrderPlaced: (shop) => ({ ...shop, openOrders: shop.openOrders + 1 }),
    OrderCooked: (shop) => ({ ...shop, openOrders: shop.openOrders - 1 }),
    OrderCanceled: (shop) => ({ ...shop, openOrders: shop.openOrders - 1 }),
  },
  missing: 'a shop that was never registered',
});
