import { CANCELLATIONS_PER_COMMAND, type ParkingCommand, schema as parking } from '../../schemas/parking.ts';
import { policy } from '../policies/policy.ts';

/** A reservation earns a coupon; its cancellation revokes it. */
const coupons = policy({
  name: 'parking.coupons',
  context: parking,
  events: ['ParkingReserved', 'ReservationCanceled'],
  key: ({ data }) => `${data.lotId}.${data.reservationId}`,
  react: ({ type, revision, data: { lotId, reservationId, customerId } }): ParkingCommand[] => {
    const couponId = `${lotId}.${reservationId}`;
    const data = { couponId, lotId, reservationId, customerId, lotRevision: revision };
    return [{ type: type === 'ParkingReserved' ? 'IssueCoupon' : 'RevokeCoupon', data }];
  },
});

/** Cancels the reservations of a closed lot that did not fit into the append of its closing. */
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

export const policies = [coupons, closing];
