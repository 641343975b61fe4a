import { schema } from '../../schemas/food-court.ts';
import type { WriteSideContext } from '../context.ts';
import { board } from './board.ts';
import { policies, timers } from './policies.ts';
import { shop } from './shop.ts';

export const writeSide: WriteSideContext = {
  schema,
  deciders: [shop, board],
  policies,
  timers,
  open: [
    {
      view: 'food-court.orders',
      while: ['placed', 'accepted', 'cooking', 'cooked'],
      cancel: { command: 'CancelOrder', fields: ['shopId', 'orderId'] },
    },
  ],
  demo: async () => (await import('./demo.ts')).demo,
};
