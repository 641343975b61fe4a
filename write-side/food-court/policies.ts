import { type FoodCourtCommand, foodCourt } from '../../schemas/food-court.ts';
import { policy } from '../policies/policy.ts';

/** A cooked order is called on the notification board until it is picked up. */
export const board = policy({
  name: 'food-court.board',
  context: foodCourt,
  events: ['OrderCooked', 'OrderPickedUp'],
  key: ({ data }) => `${data.shopId}.${data.orderId}`,
  react: ({ type, data }): FoodCourtCommand[] => [{ type: type === 'OrderCooked' ? 'RaiseAlarm' : 'ClearAlarm', data }],
});

export const foodCourtPolicies = [board];
