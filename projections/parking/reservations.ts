import type { Static } from 'typebox';
import { schema as parking, type queries } from '../../schemas/parking.ts';
import { projection } from '../kernel/projection.ts';

type Reservation = Static<typeof queries.lotReservation.item>;

export const reservations = projection({
  context: parking,
  name: 'parking.reservations',
  version: 1,
  events: ['ParkingReserved', 'ReservationCanceled'],
  key: (event) => `${event.data.lotId}.${event.data.reservationId}`,
  evolve: (reservation: Reservation | null, event) => {
    switch (event.type) {
      case 'ParkingReserved': {
        const { lotId, reservationId, customerId, carNumber, amount } = event.data;
        const reservedAt = event.metadata.time;
        return { lotId, reservationId, customerId, carNumber, amount, status: 'reserved', reservedAt };
      }
      case 'ReservationCanceled': {
        if (!reservation) throw new Error('A reservation that was never made is cancelled');
        const { reason } = event.data;
        const canceledAt = event.metadata.time;
        return { ...reservation, status: 'canceled', ...(reason === undefined ? {} : { reason }), canceledAt };
      }
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { reservedAt: 1, _id: 1 },
    { lotId: 1, _id: 1 },
    { lotId: 1, reservedAt: 1, _id: 1 },
    { lotId: 1, status: 1, _id: 1 },
    { customerId: 1, _id: 1 },
    { customerId: 1, reservedAt: 1, _id: 1 },
    { status: 1, _id: 1 },
    { status: 1, reservedAt: 1, _id: 1 },
  ],
});
