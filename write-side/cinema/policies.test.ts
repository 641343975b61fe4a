import { expect, it } from 'vitest';
import { payments } from './policies.ts';

const reservation = {
  showingId: 's-1',
  movieId: 'm-1',
  reservationId: 'r-1',
  hold: '1',
  customerId: 'CUST1',
  title: '괴물',
  price: 12_000,
};

it('refunds a cancelled reservation, unless it was free', () => {
  const plan = (price: number) =>
    payments(1_000).plan({
      type: 'SeatReservationCanceled',
      data: { ...reservation, price },
      revision: '2',
      time: '2026-01-31T09:00:00.000Z',
    });
  expect(plan(12_000)).toMatchObject([{ key: 'undo s-1.r-1.1', task: 'undo', data: { amount: 12_000 } }]);
  expect(plan(0)).toEqual([]);
});
