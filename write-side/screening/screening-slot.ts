import { BOOKINGS_PER_PORTION, type ScreeningEvent, schema as screening } from '../../schemas/screening.ts';
import { ImmutableMap, ImmutableSet } from '../kernel/collections.ts';
import { decider, type Refusal, refuse } from '../kernel/decider.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type State = {
  status: 'unopened' | 'open' | 'deleted';
  slot: { hospitalName: string; date: string; capacity: number };
  /** Customers by booking id. */
  open: ImmutableMap<string, string>;
  customers: ImmutableSet<string>;
  /** The customers of the bookings closed last. */
  closed: PastIds<string>;
};

/** Closed bookings that a slot remembers, at least. */
const REMEMBERED_CLOSED = 2_000;

const initialState: State = {
  status: 'unopened',
  slot: { hospitalName: '', date: '', capacity: 0 },
  open: ImmutableMap(),
  customers: ImmutableSet(),
  closed: noPastIds(REMEMBERED_CLOSED),
};

/** A slot: one hospital on one day. */
export const screeningSlot = decider(screening, {
  stream: 'screeningSlot-{slotId}',
  initialState,

  evolve: {
    SlotOpened: (state, { hospitalName, date, capacity }) => ({
      ...state,
      status: 'open',
      slot: { hospitalName, date, capacity },
    }),
    ScreeningBooked: (state, { bookingId, customerId }) => ({
      ...state,
      open: state.open.set(bookingId, customerId),
      customers: state.customers.add(customerId),
    }),
    BookingCanceled: (state, { bookingId }) => close(state, bookingId),
    BookingForceCanceled: (state, { bookingId }) => close(state, bookingId),
    SlotDeleted: (state) => ({ ...state, status: 'deleted' }),
    ForceCancellationDue: (state) => state,
  },

  commands: {
    OpenSlot: {
      decide: (data, { status }, { now }) => {
        const today = now.slice(0, '2026-01-31'.length);
        if (status !== 'unopened') return refuse('slot-already-opened');
        if (data.date < today) return refuse('date-in-past', `today is ${today} (UTC)`);
        return [{ type: 'SlotOpened', data }];
      },
      answer: (data) => ({ ...data, status: 'open' }),
    },

    BookScreening: {
      decide: (data, state) => {
        const { hospitalName, date, capacity } = state.slot;
        if (state.status !== 'open') return notOpen(state);
        if (customerOf(state, data.bookingId) !== undefined) return refuse('booking-already-exists');
        if (state.customers.has(data.customerId)) return refuse('customer-already-booked');
        if (state.open.size >= capacity) return refuse('slot-full', `all ${capacity} places are booked`);
        return [{ type: 'ScreeningBooked', data: { ...data, hospitalName, date } }];
      },
      answer: (_data, [booked]) => ({ ...booked?.data, status: 'booked' }),
    },

    CancelBooking: {
      owner: ({ bookingId }, state) => customerOf(state, bookingId),
      decide: ({ slotId, bookingId }, state) => {
        if (state.status === 'unopened') return notOpen(state);
        const customerId = customerOf(state, bookingId);
        if (customerId === undefined) return refuse('booking-not-found');
        if (!state.open.has(bookingId)) return refuse('already-canceled');
        return [{ type: 'BookingCanceled', data: { slotId, bookingId, customerId } }];
      },
      answer: (data) => ({ ...data, status: 'canceled' }),
    },

    DeleteSlot: {
      decide: ({ slotId }, state) => (state.status === 'open' ? deletion(slotId, state) : notOpen(state)),
      answer: (_data, [deleted]) => ({ ...deleted?.data, status: 'deleted' }),
    },

    ForceCancelBooking: {
      decide: ({ slotId, bookingId }, state) => {
        if (state.status === 'unopened') return notOpen(state);
        const customerId = state.open.get(bookingId);
        if (state.status !== 'deleted' || customerId === undefined) return [];
        return [{ type: 'BookingForceCanceled', data: { slotId, bookingId, customerId } }];
      },
      answer: (data) => ({ ...data, status: 'force-canceled' }),
    },
  },

  scope: ({ status, slot: { hospitalName } }) => (status === 'unopened' ? undefined : { hospitalName }),
  snapshotVersion: 3,
});

const notOpen = ({ status }: State): Refusal => refuse(status === 'deleted' ? 'slot-deleted' : 'slot-not-found');

/** The customer of a booking, open or closed; undefined for an id that is unused or forgotten. */
const customerOf = ({ open, closed }: State, bookingId: string): string | undefined =>
  open.get(bookingId) ?? recall(closed, bookingId);

const close = (state: State, bookingId: string): State => {
  const customerId = state.open.get(bookingId);
  if (customerId === undefined) return state;
  return {
    ...state,
    open: state.open.delete(bookingId),
    customers: state.customers.delete(customerId),
    closed: remember(state.closed, bookingId, customerId),
  };
};

/** The deletion, and the open bookings in portions that a policy cancels one after the other. */
const deletion = (slotId: string, { open }: State): ScreeningEvent[] => {
  const bookingIds = [...open.keys()];
  const portions = Math.ceil(bookingIds.length / BOOKINGS_PER_PORTION);
  return [
    { type: 'SlotDeleted', data: { slotId, openBookings: bookingIds.length } },
    ...Array.from({ length: portions }, (_, portion): ScreeningEvent => {
      const from = portion * BOOKINGS_PER_PORTION;
      return {
        type: 'ForceCancellationDue',
        data: { slotId, portion, bookingIds: bookingIds.slice(from, from + BOOKINGS_PER_PORTION) },
      };
    }),
  ];
};
