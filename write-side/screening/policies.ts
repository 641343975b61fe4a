import { schema as screening } from '../../schemas/screening.ts';
import { policy } from '../policies/policy.ts';

/** Every booking that was open when its slot was deleted is cancelled, each by a command of its own. */
export const deletion = policy({
  name: 'screening.deletion',
  context: screening,
  events: ['ForceCancellationDue'],
  key: ({ data }) => `${data.slotId}.${data.portion}`,
  react: ({ data: { slotId, bookingIds } }) =>
    bookingIds.map((bookingId) => ({ type: 'ForceCancelBooking' as const, data: { slotId, bookingId } })),
});

export const policies = [deletion];
