import type { Static } from 'typebox';
import { schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { projection } from '../kernel/projection.ts';

type MenuItem = Static<typeof queries.menuItem.item>;

export const menu = projection<MenuItem>()({
  context: foodCourt,
  name: 'food-court.menu',
  version: 2,
  key: ({ shopId, menuId }) => `${shopId}.${menuId}`,
  on: {
    MenuItemPut: (_item, data) => data,
    MenuItemRemoved: () => null,
  },
});
