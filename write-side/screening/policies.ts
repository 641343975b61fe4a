import { momentOf } from '../../schemas/kernel/calendar.ts';
import {
  BOOKINGS_PER_PORTION,
  type ScreeningCommand,
  schema as screening,
  slotPlaces,
} from '../../schemas/screening.ts';
import { placeOffers, placeTimers } from '../policies/limited-places.ts';
import { inPortions, policy } from '../policies/policy.ts';
import { timer } from '../policies/process.ts';
import { settlingOf, takingOf } from './reschedule.ts';
import { endEverywhere } from './slot-state.ts';

/** Every booking that was open when its slot was deleted is cancelled, each by a command of its own. */
export const deletion = policy({
  name: 'screening.deletion',
  context: screening,
  events: ['ForceCancellationDue'],
  key: ({ data }) => `${data.slotId}.${data.portion}`,
  react: ({ data: { slotId, bookingIds } }) =>
    bookingIds.map((bookingId) => ({ type: 'ForceCancelBooking' as const, data: { slotId, bookingId } })),
});

/** Ends the bookings, holds and entries that did not fit into the append of a slot's end or deletion. */
export const missed = policy({
  name: 'screening.missed',
  context: screening,
  events: ['SlotEnded', 'SlotDeleted'],
  key: ({ data }) => data.slotId,
  react: ({ data: { slotId, remaining = 0 } }) =>
    inPortions(remaining, BOOKINGS_PER_PORTION, { type: 'EndRemaining', data: { slotId } }),
});

/** Ends the holds and waiting entries of a session that has begun. */
export const sessions = policy({
  name: 'screening.sessions',
  context: screening,
  events: ['SessionPlacesClosed'],
  key: ({ data }) => data.slotId,
  react: ({ data: { slotId, at, remaining } }) =>
    inPortions(remaining, BOOKINGS_PER_PORTION, { type: 'EndSession', data: { slotId, at } }),
});

/** Moves a booking to another slot, in case the write side ended between the steps. */
export const reschedules = policy({
  name: 'screening.reschedules',
  context: screening,
  events: ['RescheduleRequested', 'ScreeningBooked', 'RescheduleDeclined'],
  key: ({ data }) => data.bookingId,
  react: ({ type, data }): ScreeningCommand[] => (type === 'RescheduleRequested' ? [takingOf(data)] : settlingOf(data)),
});

export const policies = [deletion, missed, sessions, reschedules, placeOffers(screening, slotPlaces)];

/**
 * Ends a slot with its day. `SlotOpened` 1 lacks `endsAt`: such a slot ends when its day is over in every time zone.
 */
const endings = timer({
  name: 'screening.endings',
  context: screening,
  events: ['SlotOpened', 'SlotDeleted'],
  plan: ({ type, data }) => {
    const { slotId } = data;
    if (type === 'SlotDeleted') return [{ key: slotId, at: null }];
    const { date, endsAt = endEverywhere(date) } = data;
    return [{ key: slotId, at: endsAt, command: { type: 'EndSlot', data: { slotId } } }];
  },
});

/**
 * Closes the waiting list of a session when it begins. Holds and offers have timers of their own. Entries whose
 * event lacks `date` end with the slot.
 */
export const beginnings = (timeZone: string) =>
  timer({
    name: 'screening.beginnings',
    context: screening,
    events: ['ScreeningPlaceWaitingListJoined'],
    plan: ({ data: { slotId, date, at } }) =>
      date === undefined || at === undefined
        ? []
        : [
            {
              key: `${slotId} ${at}`,
              at: momentOf(date, at, timeZone),
              command: { type: 'EndSession', data: { slotId, at } },
            },
          ],
  });

export const timers = [endings, placeTimers(screening, slotPlaces)];
