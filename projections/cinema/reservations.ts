import type { Static } from 'typebox';
import { schema as cinema, type queries } from '../../schemas/cinema.ts';
import { projection } from '../kernel/projection.ts';

/** `hold` keeps late events of an earlier hold of the id apart; it is no part of the answers. */
type Reservation = Static<typeof queries.reservation.item> & { hold?: string };

/** Fed by the showing's events and the payment's: a reservation and how far its payment has come. */
export const reservations = projection({
  context: cinema,
  name: 'cinema.reservations',
  version: 2,
  events: [
    'SeatHeld',
    'ReservationConfirmed',
    'SeatReleased',
    'SeatReservationCanceled',
    'PaymentRequested',
    'PaymentApproved',
    'PaymentDeclined',
    'PaymentRefunded',
    'PaymentVoided',
  ],
  key: (event) => `${event.data.showingId}.${event.data.reservationId}`,
  evolve: (reservation: Reservation | null, event): Reservation => {
    const since = event.metadata.time;
    if (event.type === 'SeatHeld') {
      const { showingId, movieId, reservationId, hold, customerId, title, seat, price, heldAt } = event.data;
      return {
        showingId,
        movieId,
        reservationId,
        ...(hold === undefined ? {} : { hold }),
        customerId,
        title,
        ...(seat === undefined ? {} : { seat }),
        price,
        status: 'held',
        payment: 'awaited',
        heldAt,
        since,
      };
    }
    if (!reservation) throw new Error(`${event.type} for a seat that was never held`);
    if (event.data.hold !== reservation.hold) return reservation;
    switch (event.type) {
      case 'ReservationConfirmed':
        return { ...reservation, status: 'confirmed', since };
      case 'SeatReleased':
        return { ...reservation, status: 'refused', reason: event.data.reason, since };
      case 'SeatReservationCanceled': {
        const { reason } = event.data;
        return { ...reservation, status: 'canceled', ...(reason === undefined ? {} : { reason }), since };
      }
      case 'PaymentRequested':
        return { ...reservation, payment: 'requested', since };
      case 'PaymentApproved':
        return { ...reservation, payment: 'approved', since };
      case 'PaymentDeclined':
        return { ...reservation, payment: event.data.reason === 'declined' ? 'declined' : 'unknown', since };
      case 'PaymentRefunded':
        return { ...reservation, payment: 'refunded', since };
      case 'PaymentVoided':
        return { ...reservation, payment: 'voided', since };
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { since: 1, _id: 1 },
    { status: 1, _id: 1 },
    { status: 1, since: 1, _id: 1 },
    { payment: 1, _id: 1 },
    { payment: 1, since: 1, _id: 1 },
    { status: 1, payment: 1, _id: 1 },
    { status: 1, payment: 1, since: 1, _id: 1 },
    { showingId: 1, _id: 1 },
    { showingId: 1, heldAt: 1, _id: 1 },
    { showingId: 1, status: 1, _id: 1 },
    { showingId: 1, status: 1, heldAt: 1, _id: 1 },
    { customerId: 1, _id: 1 },
    { customerId: 1, heldAt: 1, _id: 1 },
    { customerId: 1, since: 1, _id: 1 },
    { customerId: 1, status: 1, _id: 1 },
    { customerId: 1, status: 1, heldAt: 1, _id: 1 },
  ],
});
