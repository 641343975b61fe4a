import type { Static } from 'typebox';
import { schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { projection } from '../kernel/projection.ts';

type Order = Static<typeof queries.order.item>;

const statusAfter = {
  OrderAccepted: 'accepted',
  CookingStarted: 'cooking',
  OrderCooked: 'cooked',
  OrderCanceled: 'canceled',
  OrderPickedUp: 'picked-up',
} as const;

/** The shop's view and the customer's: every order with its statuses. */
export const orders = projection({
  context: foodCourt,
  name: 'food-court.orders',
  version: 1,
  events: ['OrderPlaced', 'OrderAccepted', 'CookingStarted', 'OrderCooked', 'OrderCanceled', 'OrderPickedUp'],
  key: (event) => `${event.data.shopId}.${event.data.orderId}`,
  evolve: (order: Order | null, event) => {
    const { time } = event.metadata;
    if (event.type === 'OrderPlaced') {
      const { shopId, orderId, customerId, lines, total } = event.data;
      const history: Order['history'] = [{ status: 'placed', time }];
      return { shopId, orderId, customerId, lines, total, status: 'placed', placedAt: time, history };
    }
    if (!order) throw new Error(`${event.type} for an order that was never placed`);
    const status = statusAfter[event.type];
    return { ...order, status, history: [...order.history, { status, time }] };
  },
  indexes: [
    { shopId: 1, _id: 1 },
    { shopId: 1, placedAt: 1, _id: 1 },
    { shopId: 1, status: 1, _id: 1 },
    { shopId: 1, status: 1, placedAt: 1, _id: 1 },
    { customerId: 1, _id: 1 },
    { customerId: 1, placedAt: 1, _id: 1 },
    { customerId: 1, status: 1, _id: 1 },
    { customerId: 1, status: 1, placedAt: 1, _id: 1 },
  ],
});
