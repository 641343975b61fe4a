import { type FoodCourtCommand, schema as foodCourt } from '../../schemas/food-court.ts';
import { policy } from '../policies/policy.ts';

/** Calls a cooked order on the notification board until it is picked up. */
export const board = policy({
  name: 'food-court.board',
  context: foodCourt,
  events: ['OrderCooked', 'OrderPickedUp'],
  key: ({ data }) => `${data.shopId}.${data.orderId}`,
  react: ({ type, revision, data: { shopId, orderId, customerId } }): FoodCourtCommand[] => {
    const data = { shopId, orderId, customerId, shopRevision: revision };
    return [{ type: type === 'OrderCooked' ? 'RaiseAlarm' : 'ClearAlarm', data }];
  },
});

export const policies = [board];
