import type { Static } from 'typebox';
import { schema as foodCourt, type queries } from '../../schemas/food-court.ts';
import { projection } from '../kernel/projection.ts';

/**
 * An alarm stays as a document when it is cleared: one that was taken away would no longer know how far it had come,
 * and an event that comes again would raise it anew.
 */
type Alarm = Static<typeof queries.board.item> & { status: 'raised' | 'cleared' };

export const alarms = projection({
  context: foodCourt,
  name: 'food-court.alarms',
  version: 1,
  events: ['AlarmRaised', 'AlarmCleared'],
  key: (event) => `${event.data.shopId}.${event.data.orderId}`,
  evolve: (alarm: Alarm | null, event) => {
    switch (event.type) {
      case 'AlarmRaised': {
        const { shopId, orderId, customerId } = event.data;
        return { shopId, orderId, customerId, status: 'raised', raisedAt: event.metadata.time };
      }
      case 'AlarmCleared':
        if (!alarm) throw new Error('An alarm that was never raised is cleared');
        return { ...alarm, status: 'cleared' };
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { status: 1, _id: 1 },
    { status: 1, raisedAt: 1, _id: 1 },
    { status: 1, shopId: 1, _id: 1 },
    { status: 1, shopId: 1, raisedAt: 1, _id: 1 },
  ],
});
