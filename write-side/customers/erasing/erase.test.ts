import { expect, it } from 'vitest';
import { customersSteps } from './erase.ts';

it.each([
  ['LeaveSpotWaitingList', 'offer-expired', undefined],
  ['ReleaseSpotHold', 'hold-expired', undefined],
  ['CancelOrder', 'order-out-of-sequence', undefined],
  ['CancelReservation', 'too-late', 'customer-has-open-reservations'],
])('what %s refuses as %s is in the way: %s', async (type, refused, reason) => {
  const erasing = {
    find: async () => ({
      isKnown: true,
      open: [{ view: 'parking.waitingList', id: '1.e', cancel: { type, data: {} } }],
    }),
    latestKey: async () => 'kim:0:12345678',
  } as never;
  const { prepare } = customersSteps(erasing).EraseCustomer!;
  const prepared = await prepare!(
    { customerId: 'kim', cancel: true } as never,
    async () =>
      ({
        kind: 'refused',
        refusal: { refused },
      }) as never,
  );
  expect((prepared as { erasure?: { refused?: string } }).erasure?.refused).toBe(reason);
});
