import type { Static } from 'typebox';
import { schema as cinema, type queries, seatNamesOf } from '../../schemas/cinema.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { type EventFacts, projection } from '../kernel/projection.ts';

/** `hold` distinguishes late events of an earlier hold of the id. Answers do not contain it. */
type Reservation = Static<typeof queries.reservation.item> & { hold?: string };

/** Changes a reservation, unless the event belongs to an earlier hold of its id. */
const changed = (
  reservation: Reservation,
  { hold }: Pick<Reservation, 'hold'>,
  { metadata }: EventFacts,
  change: Partial<Reservation>,
): Reservation => (hold === reservation.hold ? { ...reservation, ...change, since: metadata.time } : reservation);

/** Folds the showing's events and the payment's: each reservation with the state of its payment. */
export const reservations = projection<Reservation>()({
  context: cinema,
  name: 'cinema.reservations',
  version: 6,
  key: ({ showingId, reservationId }) => `${showingId}.${reservationId}`,
  on: {
    SeatHeld: (_reservation, { holdId: _hold, entryId: _entry, ...reservation }, { metadata }) => {
      const seats = seatNamesOf(reservation);
      const named = seats.length === 0 ? {} : { seats };
      const payment = reservation.price === 0 ? 'voided' : 'awaited';
      return { ...reservation, ...named, status: 'held', payment, since: metadata.time };
    },
  },
  onExisting: {
    ReservationConfirmed: (reservation, data, event) => changed(reservation, data, event, { status: 'confirmed' }),
    SeatReleased: (reservation, data, event) =>
      changed(reservation, data, event, { status: 'refused', reason: data.reason }),
    SeatReservationCanceled: (reservation, data, event) => {
      const { reason } = data;
      // Free reservations were paid for with 0 once. Nothing goes back, so none waits for its refund.
      const payment = reservation.price === 0 ? ('voided' as const) : undefined;
      return changed(reservation, data, event, { status: 'canceled', ...defined({ reason, payment }) });
    },
    PaymentRequested: (reservation, data, event) => changed(reservation, data, event, { payment: 'requested' }),
    PaymentApproved: (reservation, data, event) => changed(reservation, data, event, { payment: 'approved' }),
    PaymentDeclined: (reservation, data, event) =>
      changed(reservation, data, event, { payment: data.reason === 'declined' ? 'declined' : 'unknown' }),
    PaymentRefunded: (reservation, data, event) => changed(reservation, data, event, { payment: 'refunded' }),
    PaymentVoided: (reservation, data, event) => changed(reservation, data, event, { payment: 'voided' }),
  },
  missing: 'a seat that was never held',
  // Staff look for unsettled payments among the reservations of one status: either filter alone matches too many.
  indexes: [['status', 'payment', 'since']],
});
