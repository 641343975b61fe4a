import { expect, test, vi } from 'vitest';

vi.hoisted(() => vi.stubGlobal('localStorage', { getItem: () => 'en', setItem: () => {} }));

const { view } = await import('./contexts/parking.ts');

test.each(['RegisterLot', 'ChangeLot'])('the form of %s warns of a lot without spots', (name) => {
  const warningFor = (values: object) => view.commands[name]!.warning?.({ name: '정자역', ...values });
  expect(warningFor({ spots: 0 })).toMatchObject({
    en: expect.stringContaining('at least one spot'),
    ko: expect.stringContaining('하나 이상'),
  });
  for (const fine of [{ spots: 1 }, {}]) expect(warningFor(fine)).toBeUndefined();
});

test('a coupon is offered for a reservation that costs something, and uses none', () => {
  const RESERVATION = '/parking/lots/{lotId}/reservations/{reservationId}';
  const offered = (item: object) => view.things[RESERVATION]!.commands!({ status: 'reserved', ...item });
  expect(offered({ amount: 5000 })).toContain('ApplyCoupon');
  expect(offered({ amount: 0 })).not.toContain('ApplyCoupon');
  expect(offered({ amount: 4000, couponId: 'lot-1.r-1' })).not.toContain('ApplyCoupon');
});
