import type { Static } from 'typebox';
import { defined } from '../../schemas/kernel/defined.ts';
import { type queries, schema as screening, slotPlaces } from '../../schemas/screening.ts';
import { placeCounts, takenOfHold } from '../kernel/place-counts.ts';
import { projection } from '../kernel/projection.ts';

type Slot = Static<typeof queries.slot.item>;
type Counts = Pick<Slot, 'booked' | 'onHold' | 'waiting'>;

const none: Counts = { booked: 0, onHold: 0, waiting: 0 };

/** Counts what is left: nothing in a slot that takes no bookings. */
const withLeft = (slot: Slot): Slot => {
  const left = ({ capacity, booked, onHold }: Counts & { capacity: number }) =>
    slot.status === 'open' ? Math.max(0, capacity - booked - onHold) : 0;
  const sessions = slot.sessions?.map((session) => ({ ...session, left: left(session) }));
  return { ...slot, left: left(slot), ...defined({ sessions }) };
};

/** Adds counts to a slot, and to the session that has them. */
const add = (slot: Slot, at: string | undefined, { booked = 0, onHold = 0, waiting = 0 }: Partial<Counts>): Slot => {
  const added = <Part extends Counts>(part: Part): Part => ({
    ...part,
    booked: part.booked + booked,
    onHold: part.onHold + onHold,
    waiting: part.waiting + waiting,
  });
  const sessions = slot.sessions?.map((session) => (session.at === at ? added(session) : session));
  return withLeft({ ...added(slot), ...defined({ sessions }) });
};

type Places = { at?: string; places?: number };

const freed = (slot: Slot, { at, places = 1 }: Places): Slot => add(slot, at, { booked: -places });

export const slots = projection<Slot>()({
  context: screening,
  name: 'screening.slots',
  version: 5,
  key: ({ slotId }) => slotId,
  on: {
    SlotOpened: (_slot, { endsAt: _endsAt, sessions, ...slot }) => ({
      ...slot,
      status: 'open',
      ...none,
      left: slot.capacity,
      attended: 0,
      missed: 0,
      ...(sessions ? { sessions: sessions.map((each) => ({ ...each, ...none, left: each.capacity })) } : {}),
    }),
  },
  onExisting: {
    SlotChanged: ({ sessions: before = [], ...slot }, { capacity, sessions, cancelUntil }) => {
      const counts = (at: string): Counts => {
        const { booked, onHold, waiting } = before.find((session) => session.at === at) ?? none;
        return { booked, onHold, waiting };
      };
      return withLeft({
        ...slot,
        capacity,
        cancelUntil,
        ...(sessions ? { sessions: sessions.map((each) => ({ ...each, ...counts(each.at), left: 0 })) } : {}),
      });
    },
    ScreeningBooked: (slot, data) => {
      const { at, places = 1 } = data;
      return add(slot, at, { booked: places, onHold: -takenOfHold(data, places) });
    },
    BookingCanceled: freed,
    BookingForceCanceled: freed,
    BookingRescheduled: freed,
    ScreeningAttended: (slot, { places = 1 }) => ({ ...slot, attended: slot.attended + places }),
    BookingMissed: (slot, { places = 1 }) => ({ ...slot, missed: slot.missed + places }),
    SlotEnded: (slot) => withLeft({ ...slot, status: 'ended' }),
    ...placeCounts(slotPlaces, (slot: Slot, { at }, changes) => add(slot, at, changes)),
    SlotDeleted: (slot) => withLeft({ ...slot, status: 'deleted' }),
  },
  missing: 'a slot that was never opened',
});
