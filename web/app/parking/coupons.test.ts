import '../../testing.ts';
import { expect, test } from 'vitest';
import { type Coupon, couponWords, usableCoupons } from './coupons.ts';

const coupon = (issuedAt: string, expiresAt?: string, value = 1000) =>
  ({
    couponId: issuedAt,
    customerId: 'kim',
    status: 'issued',
    value,
    issuedAt,
    ...(expiresAt && { expiresAt }),
  }) as Coupon;

const END = '2036-02-01T14:59:59.999Z';

test('coupons of one value differ by when they were earned, or by their end', () => {
  const names = [
    coupon('2026-01-31T09:00:00.000Z', END),
    coupon('2026-01-31T11:00:00.000Z', END),
    coupon('2026-01-31T11:00:00.000Z', '2036-03-01T14:59:59.999Z'),
    coupon('2026-01-30T11:00:00.000Z'),
  ].map(couponWords);
  expect(new Set(names).size).toBe(names.length);
});

test('coupons that can be used come in the order of their ends', () => {
  const [late, soon, endless] = [coupon('a', '2037-01-01T00:00:00.000Z'), coupon('b', END), coupon('c')];
  const none = [coupon('d', '2020-01-01T00:00:00.000Z'), coupon('e', END, 0)];
  expect(usableCoupons([endless, late, ...none, soon])).toEqual([soon, late, endless]);
});
