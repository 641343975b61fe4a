import { plus } from '../../schemas/kernel/calendar.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { CANCELLATIONS_PER_COMMAND } from '../../schemas/kernel/limited-places.ts';
import { type ParkingCommand, schema as parking, spots } from '../../schemas/parking.ts';
import { placeOffers, placeTimers } from '../policies/limited-places.ts';
import { inPortions, policy } from '../policies/policy.ts';
import { timer } from '../policies/process.ts';
import { USED_WITHIN } from './coupon.ts';

/** A reservation that is not free earns a coupon; its cancellation revokes it, and returns the one that it used. */
const coupons = policy({
  name: 'parking.coupons',
  context: parking,
  events: ['ParkingReserved', 'ReservationCanceled'],
  key: ({ data }) => `${data.lotId}.${data.reservationId}`,
  react: ({ type, revision, data }): ParkingCommand[] => {
    const { lotId, reservationId, customerId, coupon } = data;
    const earned = { couponId: `${lotId}.${reservationId}`, lotId, reservationId, customerId, lotRevision: revision };
    if (type === 'ReservationCanceled')
      return [
        { type: 'RevokeCoupon', data: earned },
        ...(coupon ? [{ type: 'ReturnCoupon' as const, data: coupon }] : []),
      ];
    const { amount, discount = 0, couponValue, couponDays } = data;
    const isFree = amount + discount === 0;
    if (isFree || couponValue === 0) return [];
    return [{ type: 'IssueCoupon', data: { ...earned, ...defined({ couponValue, couponDays }) } }];
  },
});

/** A coupon that a reservation did not use is returned. */
const unusedCoupons = policy({
  name: 'parking.unused-coupons',
  context: parking,
  events: ['CouponUnused'],
  key: ({ data }) => data.couponId,
  react: ({ data: { couponId, redemption } }) => [{ type: 'ReturnCoupon', data: { couponId, redemption } }],
});

/** Ends the reservations, holds and waiting entries of a closed lot that did not fit into the append of its closing. */
const closing = policy({
  name: 'parking.closing',
  context: parking,
  events: ['LotClosed'],
  key: ({ data }) => data.lotId,
  react: ({ data: { lotId, remaining } }) =>
    inPortions(remaining, CANCELLATIONS_PER_COMMAND, { type: 'CancelRemainingReservations', data: { lotId } }),
});

export const policies = [coupons, unusedCoupons, closing, placeOffers(parking, spots)];

/** Cancels reservations whose car does not arrive in time. */
const arrivals = timer({
  name: 'parking.arrivals',
  context: parking,
  events: ['ParkingReserved', 'CarArrived', 'ReservationCanceled'],
  plan: ({ type, data }) => {
    const { lotId, reservationId } = data;
    const key = `${lotId} ${reservationId}`;
    if (type !== 'ParkingReserved') return [{ key, at: null }];
    if (data.arriveBy === undefined) return [];
    return [{ key, at: data.arriveBy, command: { type: 'ExpireReservation', data: { lotId, reservationId } } }];
  },
});

/** Settles redemptions whose reservation may never have come, because the write side ended between the two steps. */
const redemptions = timer({
  name: 'parking.redemptions',
  context: parking,
  events: ['CouponRedeemed', 'ParkingReserved', 'ReservationDiscounted', 'CouponUnused'],
  plan: ({ type, data }) => {
    if (type === 'CouponRedeemed') {
      const { couponId, redeemedOn } = data;
      if (redeemedOn === undefined) return [];
      const { redeemedAt, ...used } = redeemedOn;
      const command = { type: 'SettleCoupon' as const, data: { couponId, ...used } };
      const at = plus(redeemedAt, { minutes: USED_WITHIN });
      return [{ key: redemptionKey({ couponId, ...used }), at, command }];
    }
    const used = type === 'CouponUnused' ? data : data.coupon;
    return used ? [{ key: redemptionKey(used), at: null }] : [];
  },
});

const redemptionKey = ({ couponId, redemption }: { couponId: string; redemption: string }) =>
  `${couponId} ${redemption}`;

export const timers = [placeTimers(parking, spots), arrivals, redemptions];
