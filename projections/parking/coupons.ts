import type { Static } from 'typebox';
import { schema as parking, type queries } from '../../schemas/parking.ts';
import { projection } from '../kernel/projection.ts';

type Coupon = Static<typeof queries.coupon.item>;

export const coupons = projection<Coupon>()({
  context: parking,
  name: 'parking.coupons',
  version: 1,
  key: ({ couponId }) => couponId,
  on: {
    CouponIssued: (_coupon, { couponId, lotId, reservationId, customerId }, { metadata }) => ({
      couponId,
      lotId,
      reservationId,
      customerId,
      status: 'issued',
      issuedAt: metadata.time,
    }),
  },
  onExisting: {
    CouponRevoked: (coupon, _data, { metadata }) => ({ ...coupon, status: 'revoked', revokedAt: metadata.time }),
    CouponRedeemed: (coupon, _data, { metadata }) => ({ ...coupon, status: 'redeemed', redeemedAt: metadata.time }),
  },
  missing: 'a coupon that was never issued',
});
