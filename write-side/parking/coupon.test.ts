import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { coupon } from './coupon.ts';

const { given } = specification(coupon);

const data = { couponId: 'lot-1.r-1', lotId: 'lot-1', reservationId: 'r-1', customerId: 'CUST1' };
const issue = { type: 'IssueCoupon', data } as const;
const revoke = { type: 'RevokeCoupon', data } as const;
const redeem = { type: 'RedeemCoupon', data: { couponId: data.couponId } } as const;
const issued = { type: 'CouponIssued', data } as const;
const revoked = { type: 'CouponRevoked', data } as const;
const redeemed = { type: 'CouponRedeemed', data } as const;

describe('IssueCoupon', () => {
  it('gives the customer one', () => given().when(issue).thenEvents(issued));
  it('gives only one', () => given(issued).when(issue).thenNothing());
  it('gives none in place of a redeemed one', () => given(issued, redeemed).when(issue).thenNothing());
  it('gives a new one after it was taken back', () => given(issued, revoked).when(issue).thenEvents(issued));
});

describe('RevokeCoupon', () => {
  it('takes it back', () => given(issued).when(revoke).thenEvents(revoked));
  it('takes it back once', () => given(issued, revoked).when(revoke).thenNothing());
  it('leaves a redeemed one redeemed', () => given(issued, redeemed).when(revoke).thenNothing());
  it('has nothing to take where none was issued', () => given().when(revoke).thenNothing());
});

describe('RedeemCoupon', () => {
  it('uses it', () => given(issued).when(redeem).thenEvents(redeemed));
  it('uses it once', () => given(issued, redeemed).when(redeem).thenRefused('coupon-already-redeemed'));
  it('needs one', () => given().when(redeem).thenRefused('coupon-not-found'));
  it('needs one that is still worth something', () =>
    given(issued, revoked).when(redeem).thenRefused('coupon-revoked'));
});

describe('whatever commands come', () => {
  const anyCommand = fc.constantFrom(issue, revoke, redeem);

  it('holds what holds for every decider', () => holdsForEveryDecider(coupon, anyCommand));

  it('is redeemed once at most, and then stays redeemed', () => {
    fc.assert(
      fc.property(fc.array(anyCommand), (commands) => {
        const types = play(coupon, commands).events.map(({ type }) => type);
        const at = types.indexOf('CouponRedeemed');
        expect(at === -1 || at === types.length - 1).toBe(true);
      }),
    );
  });
});
