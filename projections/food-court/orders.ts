import type { Static } from 'typebox';
import { schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { projection } from '../kernel/projection.ts';

type Order = Static<typeof queries.order.item>;

const withStatus = (order: Order, status: Order['status'], time: string): Order => ({
  ...order,
  status,
  history: [...order.history, { status, time }],
});

/** Every order with its statuses, for the shop and for the customer. */
export const orders = projection<Order>()({
  context: foodCourt,
  name: 'food-court.orders',
  version: 2,
  key: ({ shopId, orderId }) => `${shopId}.${orderId}`,
  on: {
    OrderPlaced: (_order, data, { metadata: { time } }) => ({
      ...data,
      status: 'placed',
      placedAt: time,
      history: [{ status: 'placed', time }],
    }),
  },
  onExisting: {
    OrderAccepted: (order, _data, { metadata }) => withStatus(order, 'accepted', metadata.time),
    CookingStarted: (order, _data, { metadata }) => withStatus(order, 'cooking', metadata.time),
    OrderCooked: (order, { collectBy }, { metadata }) => ({
      ...withStatus(order, 'cooked', metadata.time),
      ...defined({ collectBy }),
    }),
    OrderCanceled: (order, _data, { metadata }) => withStatus(order, 'canceled', metadata.time),
    OrderRejected: (order, { reason }, { metadata }) => ({ ...withStatus(order, 'rejected', metadata.time), reason }),
    OrderPickedUp: (order, _data, { metadata }) => withStatus(order, 'picked-up', metadata.time),
    OrderUncollected: (order, _data, { metadata }) => withStatus(order, 'uncollected', metadata.time),
  },
  missing: 'an order that was never placed',
});
