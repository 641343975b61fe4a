import { CANCELLATIONS_PER_COMMAND, type ParkingCommand, parking } from '../../schemas/parking.ts';
import { policy } from '../policies/policy.ts';

/** Who reserves is given a coupon; who cancels loses it. */
const coupons = policy({
  name: 'parking.coupons',
  context: parking,
  events: ['ParkingReserved', 'ReservationCanceled'],
  key: ({ data }) => `${data.lotId}.${data.reservationId}`,
  react: ({ type, data: { lotId, reservationId, customerId } }): ParkingCommand[] => {
    const data = { couponId: `${lotId}.${reservationId}`, lotId, reservationId, customerId };
    return [{ type: type === 'ParkingReserved' ? 'IssueCoupon' : 'RevokeCoupon', data }];
  },
});

/** A closed lot's reservations that did not fit into the append of its closing are cancelled. */
const closing = policy({
  name: 'parking.closing',
  context: parking,
  events: ['LotClosed'],
  key: ({ data }) => data.lotId,
  react: ({ data: { lotId, remaining } }) =>
    Array.from({ length: Math.ceil(remaining / CANCELLATIONS_PER_COMMAND) }, () => ({
      type: 'CancelRemainingReservations' as const,
      data: { lotId },
    })),
});

export const parkingPolicies = [coupons, closing];
