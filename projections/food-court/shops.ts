import type { Static } from 'typebox';
import { schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { projection } from '../kernel/projection.ts';

type Shop = Static<typeof queries.shop.item>;

export const shops = projection({
  context: foodCourt,
  name: 'food-court.shops',
  version: 1,
  events: ['ShopRegistered', 'OrderPlaced', 'OrderCooked', 'OrderCanceled'],
  key: (event) => event.data.shopId,
  evolve: (shop: Shop | null, event) => {
    if (event.type === 'ShopRegistered') {
      const { shopId, name, maxOpenOrders } = event.data;
      return { shopId, name, maxOpenOrders, openOrders: 0 };
    }
    if (!shop) throw new Error(`${event.type} for a shop that was never registered`);
    switch (event.type) {
      case 'OrderPlaced':
        return { ...shop, openOrders: shop.openOrders + 1 };
      case 'OrderCooked':
      case 'OrderCanceled':
        return { ...shop, openOrders: shop.openOrders - 1 };
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { name: 1, _id: 1 },
    { openOrders: 1, _id: 1 },
  ],
});
