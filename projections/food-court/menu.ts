import type { Static } from 'typebox';
import { schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { projection } from '../kernel/projection.ts';

type MenuItem = Static<typeof queries.menuItem.item>;

export const menu = projection({
  context: foodCourt,
  name: 'food-court.menu',
  version: 1,
  events: ['MenuItemPut'],
  key: (event) => `${event.data.shopId}.${event.data.menuId}`,
  evolve: (_item: MenuItem | null, { data: { shopId, menuId, name, price, available } }) => ({
    shopId,
    menuId,
    name,
    price,
    available,
  }),
  indexes: [
    { shopId: 1, _id: 1 },
    { shopId: 1, name: 1, _id: 1 },
    { shopId: 1, price: 1, _id: 1 },
    { shopId: 1, available: 1, _id: 1 },
  ],
});
