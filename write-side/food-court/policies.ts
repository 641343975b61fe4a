import { ENDED_PER_COMMAND, type FoodCourtCommand, schema as foodCourt } from '../../schemas/food-court.ts';
import { inPortions, policy } from '../policies/policy.ts';
import { timer } from '../policies/process.ts';

/** Calls a cooked order on the notification board until it is picked up, or its time is over. */
export const board = policy({
  name: 'food-court.board',
  context: foodCourt,
  events: ['OrderCooked', 'OrderPickedUp', 'OrderUncollected'],
  key: ({ data }) => `${data.shopId}.${data.orderId}`,
  react: ({ type, revision, data }): FoodCourtCommand[] => {
    if (type !== 'OrderCooked') return [{ type: 'ClearAlarm', data: { ...data, shopRevision: revision } }];
    const { cookedAt: _, collectBy: __, ...order } = data;
    return [{ type: 'RaiseAlarm', data: { ...order, shopRevision: revision } }];
  },
});

/** Rejects the placed orders of a closed shop that did not fit into the append of its closing. */
export const closing = policy({
  name: 'food-court.closing',
  context: foodCourt,
  events: ['ShopClosed'],
  key: ({ data }) => data.shopId,
  react: ({ data: { shopId, remaining } }) =>
    inPortions(remaining, ENDED_PER_COMMAND, { type: 'RejectRemainingOrders', data: { shopId } }),
});

/** Ends orders that were not accepted, or not picked up, in time. Orders of event version 1 have no deadlines. */
const deadlines = timer({
  name: 'food-court.deadlines',
  context: foodCourt,
  events: [
    'OrderPlaced',
    'OrderAccepted',
    'OrderCooked',
    'OrderCanceled',
    'OrderRejected',
    'OrderPickedUp',
    'OrderUncollected',
  ],
  plan: ({ type, data }) => {
    const { shopId, orderId } = data;
    const key = `${shopId}.${orderId}`;
    const at = type === 'OrderPlaced' ? data.acceptBy : type === 'OrderCooked' ? data.collectBy : undefined;
    if (at === undefined) return [{ key, at: null }];
    return [{ key, at, command: { type: 'EndDueOrder', data: { shopId, orderId } } }];
  },
});

export const policies = [board, closing];
export const timers = [deadlines];
