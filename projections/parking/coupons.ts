import type { Static } from 'typebox';
import { DEFAULT_COUPON_VALUE, schema as parking, type queries } from '../../schemas/parking.ts';
import { projection } from '../kernel/projection.ts';

type Coupon = Static<typeof queries.coupon.item>;

export const coupons = projection<Coupon>()({
  context: parking,
  name: 'parking.coupons',
  version: 3,
  key: ({ couponId }) => couponId,
  on: {
    CouponIssued: (_coupon, { lotRevision: _, ...data }, { metadata }) => ({
      value: DEFAULT_COUPON_VALUE,
      ...data,
      status: 'issued',
      issuedAt: metadata.time,
    }),
  },
  onExisting: {
    CouponRevoked: (coupon, { redeemed }, { metadata }) => ({
      ...coupon,
      status: redeemed ? 'owed' : 'revoked',
      revokedAt: metadata.time,
    }),
    CouponRedeemed: (coupon, { redeemedOn }, { metadata }) => ({
      ...coupon,
      status: 'redeemed',
      redeemedAt: metadata.time,
      ...(redeemedOn ? { redeemedOn: { lotId: redeemedOn.lotId, reservationId: redeemedOn.reservationId } } : {}),
    }),
    CouponReturned: ({ redeemedAt: _at, redeemedOn: _on, ...coupon }) => ({
      ...coupon,
      status: coupon.status === 'owed' ? 'revoked' : 'issued',
    }),
  },
  missing: 'a coupon that was never issued',
});
