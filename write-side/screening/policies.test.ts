import { expect, it } from 'vitest';
import { deletion } from './policies.ts';

const due = (portion: number, ...bookingIds: string[]) => ({
  type: 'ForceCancellationDue',
  data: { slotId: 'slot-1', portion, bookingIds },
  revision: '3',
});

it('sends a command for every booking to be cancelled', () =>
  expect(deletion.react(due(0, 'b1', 'b2'))).toEqual([
    { type: 'ForceCancelBooking', data: { slotId: 'slot-1', bookingId: 'b1' } },
    { type: 'ForceCancelBooking', data: { slotId: 'slot-1', bookingId: 'b2' } },
  ]));

it('handles the parts of a slot concurrently', () =>
  expect(deletion.key(due(0, 'b1'))).not.toBe(deletion.key(due(1, 'b2'))));
