import { BOOKINGS_PER_PORTION, type ScreeningCommand, type ScreeningEvent } from '../../schemas/screening.ts';
import { ImmutableMap, ImmutableSet } from '../kernel/collections.ts';
import { type Decider, type Decision, type DecisionInput, refuse, unreachable } from '../kernel/decider.ts';
import {
  countOf,
  noPastIds,
  type PastIds,
  recall,
  remember,
  restorePastIds,
  type SavedPastIds,
  savePastIds,
} from '../kernel/past-ids.ts';

type Slot = { hospitalName: string; date: string; capacity: number };

type State = {
  status: 'unopened' | 'open' | 'deleted';
  slot: Slot;
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

const wasClosed = ({ closed }: State, bookingId: string): boolean => recall(closed, bookingId) !== undefined;

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

const evolve = (state: State, event: ScreeningEvent): State => {
  switch (event.type) {
    case 'SlotOpened': {
      const { hospitalName, date, capacity } = event.data;
      return { ...state, status: 'open', slot: { hospitalName, date, capacity } };
    }
    case 'ScreeningBooked': {
      const { bookingId, customerId } = event.data;
      return {
        ...state,
        open: state.open.set(bookingId, customerId),
        customers: state.customers.add(customerId),
      };
    }
    case 'BookingCanceled':
    case 'BookingForceCanceled':
      return close(state, event.data.bookingId);
    case 'SlotDeleted':
      return { ...state, status: 'deleted' };
    case 'ForceCancellationDue':
      return state;
    default:
      return unreachable(event);
  }
};

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

const decide = (command: ScreeningCommand, state: State, { now }: DecisionInput): Decision<ScreeningEvent> => {
  if (command.type === 'OpenSlot') {
    const today = now.slice(0, '2026-01-31'.length);
    if (state.status !== 'unopened') return refuse('slot-already-opened');
    if (command.data.date < today) return refuse('date-in-past', `today is ${today} (UTC)`);
    return [{ type: 'SlotOpened', data: command.data }];
  }
  if (state.status === 'unopened') return refuse('slot-not-found');

  switch (command.type) {
    case 'BookScreening': {
      const { bookingId, customerId } = command.data;
      const { hospitalName, date, capacity } = state.slot;
      if (state.status === 'deleted') return refuse('slot-deleted');
      if (state.open.has(bookingId) || wasClosed(state, bookingId)) return refuse('booking-already-exists');
      if (state.customers.has(customerId)) return refuse('customer-already-booked');
      if (state.open.size >= capacity) return refuse('slot-full', `all ${capacity} places are booked`);
      return [{ type: 'ScreeningBooked', data: { ...command.data, hospitalName, date } }];
    }

    case 'CancelBooking': {
      const { slotId, bookingId } = command.data;
      const customerId = state.open.get(bookingId);
      if (customerId === undefined)
        return refuse(wasClosed(state, bookingId) ? 'already-canceled' : 'booking-not-found');
      return [{ type: 'BookingCanceled', data: { slotId, bookingId, customerId } }];
    }

    case 'DeleteSlot':
      return state.status === 'deleted' ? refuse('slot-deleted') : deletion(command.data.slotId, state);

    case 'ForceCancelBooking': {
      const { slotId, bookingId } = command.data;
      const customerId = state.open.get(bookingId);
      if (state.status !== 'deleted' || customerId === undefined) return [];
      return [{ type: 'BookingForceCanceled', data: { slotId, bookingId, customerId } }];
    }

    default:
      return unreachable(command);
  }
};

const answer = (command: ScreeningCommand, events: readonly ScreeningEvent[]): object => {
  switch (command.type) {
    case 'OpenSlot':
      return { ...command.data, status: 'open' };
    case 'BookScreening':
      return { ...events[0]?.data, status: 'booked' };
    case 'CancelBooking':
      return { ...command.data, status: 'canceled' };
    case 'DeleteSlot':
      return { ...events[0]?.data, status: 'deleted' };
    case 'ForceCancelBooking':
      return { ...command.data, status: 'force-canceled' };
    default:
      return unreachable(command);
  }
};

type Saved = Pick<State, 'status' | 'slot'> & {
  open: [bookingId: string, customerId: string][];
  closed: SavedPastIds<string>;
};

/** A slot: `screeningSlot-{slotId}`, one hospital on one day. */
export const screeningSlot: Decider<ScreeningCommand, ScreeningEvent, State> = {
  category: 'screeningSlot',
  commands: ['OpenSlot', 'BookScreening', 'CancelBooking', 'DeleteSlot', 'ForceCancelBooking'],
  id: ({ slotId }) => slotId,
  initialState,
  evolve,
  decide,
  answer,
  owner: ({ type, data }, { open, closed }) =>
    type === 'CancelBooking' ? (open.get(data.bookingId) ?? recall(closed, data.bookingId)) : undefined,
  scope: ({ status, slot: { hospitalName } }) => (status === 'unopened' ? undefined : { hospitalName }),
  size: ({ open, closed }) => open.size + countOf(closed),
  snapshot: {
    version: 2,
    save: ({ status, slot, open, closed }): Saved => ({
      status,
      slot,
      open: [...open],
      closed: savePastIds(closed),
    }),
    restore: ({ status, slot, open, closed }: Saved): State => ({
      status,
      slot,
      open: ImmutableMap(open),
      customers: ImmutableSet(open.map(([, customerId]) => customerId)),
      closed: restorePastIds(REMEMBERED_CLOSED, closed),
    }),
  },
};
