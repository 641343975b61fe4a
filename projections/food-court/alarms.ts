import type { Static } from 'typebox';
import { schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { projection } from '../kernel/projection.ts';

/** A cleared alarm keeps its document, and so its position: a repeated event would raise a removed one again. */
type Alarm = Static<typeof queries.board.item> & { status: 'raised' | 'cleared' };

export const alarms = projection<Alarm>()({
  context: foodCourt,
  name: 'food-court.alarms',
  version: 2,
  key: ({ shopId, orderId }) => `${shopId}.${orderId}`,
  on: {
    AlarmRaised: (_alarm, { shopRevision: _, ...alarm }, { metadata }) => ({
      ...alarm,
      status: 'raised',
      raisedAt: metadata.time,
    }),
  },
  onExisting: {
    AlarmCleared: (alarm) => ({ ...alarm, status: 'cleared' }),
  },
  missing: 'an alarm that was never raised',
});
