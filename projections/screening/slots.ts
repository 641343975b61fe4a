import type { Static } from 'typebox';
import { type queries, schema as screening } from '../../schemas/screening.ts';
import { projection } from '../kernel/projection.ts';

type Slot = Static<typeof queries.slot.item>;
type Places = { at?: string; places?: number };

/** A slot that takes no bookings has no place left. */
const withLeft = (slot: Slot): Slot => {
  const isOpen = slot.status === 'open';
  const left = ({ capacity, booked }: { capacity: number; booked: number }) => (isOpen ? capacity - booked : 0);
  return {
    ...slot,
    left: Math.max(0, left(slot) - slot.onHold),
    ...(slot.sessions ? { sessions: slot.sessions.map((session) => ({ ...session, left: left(session) })) } : {}),
  };
};

const withBooked = (slot: Slot, { at, places = 1 }: Places, sign: 1 | -1): Slot =>
  withLeft({
    ...slot,
    booked: slot.booked + sign * places,
    ...(slot.sessions
      ? {
          sessions: slot.sessions.map((session) =>
            session.at === at ? { ...session, booked: session.booked + sign * places } : session,
          ),
        }
      : {}),
  });

const taken = (slot: Slot, data: Places & { holdId?: string; entryId?: string }): Slot => {
  const isKept = data.holdId !== undefined || data.entryId !== undefined;
  return withBooked(isKept ? { ...slot, onHold: slot.onHold - (data.places ?? 1) } : slot, data, 1);
};
const holding = (slot: Slot, { places }: { places: number }): Slot =>
  withLeft({ ...slot, onHold: slot.onHold + places });
const freeing = (slot: Slot, { places }: { places: number }): Slot =>
  withLeft({ ...slot, onHold: slot.onHold - places });
const freed = (slot: Slot, data: Places): Slot => withBooked(slot, data, -1);

export const slots = projection<Slot>()({
  context: screening,
  name: 'screening.slots',
  version: 4,
  key: ({ slotId }) => slotId,
  on: {
    SlotOpened: (_slot, { endsAt: _endsAt, sessions, ...slot }) => ({
      ...slot,
      status: 'open',
      booked: 0,
      onHold: 0,
      waiting: 0,
      left: slot.capacity,
      attended: 0,
      missed: 0,
      ...(sessions ? { sessions: sessions.map((each) => ({ ...each, booked: 0, left: each.capacity })) } : {}),
    }),
  },
  onExisting: {
    SlotChanged: ({ sessions: before = [], ...slot }, { capacity, sessions, cancelUntil }) => {
      const booked = (at: string) => before.find((session) => session.at === at)?.booked ?? 0;
      return withLeft({
        ...slot,
        capacity,
        cancelUntil,
        ...(sessions ? { sessions: sessions.map((each) => ({ ...each, booked: booked(each.at), left: 0 })) } : {}),
      });
    },
    ScreeningBooked: taken,
    BookingCanceled: freed,
    BookingForceCanceled: freed,
    BookingRescheduled: freed,
    ScreeningAttended: (slot, { places = 1 }) => ({ ...slot, attended: slot.attended + places }),
    BookingMissed: (slot, { places = 1 }) => ({ ...slot, missed: slot.missed + places }),
    SlotEnded: (slot) => withLeft({ ...slot, status: 'ended' }),
    ScreeningPlaceHeld: holding,
    ScreeningPlaceHoldExpired: freeing,
    ScreeningPlaceHoldReleased: freeing,
    ScreeningPlaceWaitingListJoined: (slot) => ({ ...slot, waiting: slot.waiting + 1 }),
    ScreeningPlaceWaitingListLeft: (slot) => ({ ...slot, waiting: slot.waiting - 1 }),
    ScreeningPlaceOffered: (slot, data) => holding({ ...slot, waiting: slot.waiting - 1 }, data),
    ScreeningPlaceOfferExpired: freeing,
    ScreeningPlaceOfferDeclined: freeing,
    SlotDeleted: (slot) => withLeft({ ...slot, status: 'deleted' }),
  },
  missing: 'a slot that was never opened',
});
