import { schema as foodCourt } from '../../schemas/food-court.ts';
import { activity } from '../kernel/activity.ts';
import { history } from '../kernel/history.ts';
import { report } from '../kernel/report.ts';
import { alarms } from './alarms.ts';
import { menu } from './menu.ts';
import { orders } from './orders.ts';
import { shops } from './shops.ts';

const views = [shops, menu, orders, alarms];

export const projections = [
  ...views,
  history(foodCourt, views),
  activity(foodCourt, { OrderPlaced: 1, OrderCooked: -1, OrderCanceled: -1, OrderRejected: -1 }),
  report(foodCourt, {
    version: 3,
    counts: {
      OrderPlaced: ({ total }) => ({ bookings: 1, revenue: total, taken: 1 }),
      OrderCooked: () => ({ taken: -1 }),
      OrderCanceled: ({ total = 0 }) => ({ cancellations: 1, refunds: total, taken: -1 }),
      OrderRejected: ({ total = 0 }) => ({ cancellations: 1, refunds: total, taken: -1 }),
      OrderUncollected: () => ({ noShows: 1 }),
    },
    capacity: {
      ShopRegistered: ({ shopId, maxOpenOrders }) => [shopId, maxOpenOrders],
      ShopChanged: ({ shopId, maxOpenOrders }) => [shopId, maxOpenOrders],
      ShopClosed: ({ shopId }) => [shopId, 'closed'],
      ShopReopened: ({ shopId }) => [shopId, 'open'],
    },
  }),
];
