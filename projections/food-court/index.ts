import { schema as foodCourt } from '../../schemas/food-court.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { alarms } from './alarms.ts';
import { menu } from './menu.ts';
import { orders } from './orders.ts';
import { shops } from './shops.ts';

export const projections = [
  shops,
  menu,
  orders,
  alarms,
  history(foodCourt),
  activity(foodCourt, { OrderPlaced: 1, OrderCooked: -1, OrderCanceled: -1 }),
];
