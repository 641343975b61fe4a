import type { Static } from 'typebox';
import { schema as parking, type queries } from '../../schemas/parking.ts';
import { projection } from '../kernel/projection.ts';

type Coupon = Static<typeof queries.coupon.item>;

export const coupons = projection({
  context: parking,
  name: 'parking.coupons',
  version: 1,
  events: ['CouponIssued', 'CouponRevoked', 'CouponRedeemed'],
  key: (event) => event.data.couponId,
  evolve: (coupon: Coupon | null, event) => {
    const { time } = event.metadata;
    if (event.type === 'CouponIssued') {
      const { couponId, lotId, reservationId, customerId } = event.data;
      return { couponId, lotId, reservationId, customerId, status: 'issued', issuedAt: time };
    }
    if (!coupon) throw new Error(`${event.type} for a coupon that was never issued`);
    switch (event.type) {
      case 'CouponRevoked':
        return { ...coupon, status: 'revoked', revokedAt: time };
      case 'CouponRedeemed':
        return { ...coupon, status: 'redeemed', redeemedAt: time };
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { issuedAt: 1, _id: 1 },
    { customerId: 1, _id: 1 },
    { customerId: 1, issuedAt: 1, _id: 1 },
    { customerId: 1, status: 1, _id: 1 },
    { status: 1, _id: 1 },
    { status: 1, issuedAt: 1, _id: 1 },
  ],
});
