import fc from 'fast-check';
import { describe, it } from 'vitest';
import { holdsForEveryDecider, specification } from '../kernel/testing.ts';
import { review } from './review.ts';

const [movieId, customerId, showingId, reservationId] = ['m-1', 'CUST1', 's-1', 'r-1'];

describe('a review', () => {
  const { given } = specification(review);
  const data = { movieId, customerId, showingId, reservationId, rating: 4, text: '좋다' };
  const write = { type: 'WriteReview', data } as const;
  const remove = { type: 'DeleteReview', data: { movieId, customerId } } as const;
  const withdraw = (other = {}) =>
    ({ type: 'WithdrawReview', data: { movieId, customerId, showingId, reservationId, ...other } }) as const;
  const written = { type: 'ReviewWritten', data } as const;
  const deleted = { type: 'ReviewDeleted', data: { movieId, customerId, rating: 4 } } as const;

  it('is written once by a customer', () => {
    given().when(write).thenEvents(written);
    given(written).when(write).thenRefused('review-already-exists');
  });
  it('is deleted with its rating', () => given(written).when(remove).thenEvents(deleted));
  it('is deleted only when it exists', () => {
    given().when(remove).thenRefused('review-not-found');
    given(written, deleted).when(remove).thenRefused('review-not-found');
  });
  it('may be written again after it was deleted', () => given(written, deleted).when(write).thenEvents(written));
  it('is withdrawn with the reservation of its guest, once', () => {
    given(written).when(withdraw()).thenEvents(deleted);
    given(written, deleted).when(withdraw()).thenNothing();
    given().when(withdraw()).thenNothing();
  });
  it.each([{ reservationId: 'r-2' }, { showingId: 's-2' }])(
    'is not withdrawn with another reservation of the guest: %o',
    (other) => given(written).when(withdraw(other)).thenNothing(),
  );
  it('keeps the rules of every decider', () =>
    holdsForEveryDecider(review, fc.constantFrom(write, remove, withdraw(), withdraw({ reservationId: 'r-2' }))));
});
