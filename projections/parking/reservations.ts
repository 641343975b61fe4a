import type { Static } from 'typebox';
import { defined } from '../../schemas/kernel/defined.ts';
import { schema as parking, type queries } from '../../schemas/parking.ts';
import { projection } from '../kernel/projection.ts';

type Reservation = Static<typeof queries.lotReservation.item>;

export const reservations = projection<Reservation>()({
  context: parking,
  name: 'parking.reservations',
  version: 4,
  key: ({ lotId, reservationId }) => `${lotId}.${reservationId}`,
  on: {
    ParkingReserved: (_reservation, data, { metadata }) => {
      const { lotName: _name, couponValue: _value, couponDays: _days, coupon, ...reservation } = data;
      const used = coupon ? { couponId: coupon.couponId } : {};
      return { ...reservation, ...used, status: 'reserved', reservedAt: metadata.time };
    },
  },
  onExisting: {
    ReservationDiscounted: (reservation, { amount, discount, coupon: { couponId } }) => ({
      ...reservation,
      amount,
      discount,
      couponId,
    }),
    CarArrived: (reservation, { arrivedAt }) => ({ ...reservation, status: 'arrived', arrivedAt }),
    CarDeparted: (reservation, { departedAt, due }) => ({ ...reservation, status: 'completed', departedAt, due }),
    ReservationCanceled: (reservation, { reason }, { metadata }) => ({
      ...reservation,
      status: 'canceled',
      ...defined({ reason }),
      canceledAt: metadata.time,
    }),
  },
  missing: 'a reservation that was never made',
});
