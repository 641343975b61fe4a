import type { Static } from 'typebox';
import { schema as parking, type queries } from '../../schemas/parking.ts';
import { projection } from '../kernel/projection.ts';

type Reservation = Static<typeof queries.lotReservation.item>;

export const reservations = projection<Reservation>()({
  context: parking,
  name: 'parking.reservations',
  version: 1,
  key: ({ lotId, reservationId }) => `${lotId}.${reservationId}`,
  on: {
    ParkingReserved: (_reservation, data, { metadata }) => {
      const { lotId, reservationId, customerId, carNumber, amount } = data;
      const reservedAt = metadata.time;
      return { lotId, reservationId, customerId, carNumber, amount, status: 'reserved', reservedAt };
    },
  },
  onExisting: {
    ReservationCanceled: (reservation, { reason }, { metadata }) => ({
      ...reservation,
      status: 'canceled',
      ...(reason === undefined ? {} : { reason }),
      canceledAt: metadata.time,
    }),
  },
  missing: 'a reservation that was never made',
});
