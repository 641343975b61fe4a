import { schema as cinema } from '../../schemas/cinema.ts';
import { decider, refuse } from '../kernel/decider.ts';

/** The review that counts, with the reservation of its guest; null when there is none. */
type State = { review: { rating: number; showingId: string; reservationId: string } | null };

const initialState: State = { review: null };

/** A customer's review of a movie. */
export const review = decider(cinema, {
  stream: 'review-{movieId}.{customerId}',
  initialState,

  evolve: {
    ReviewWritten: (_state, { rating, showingId, reservationId }) => ({ review: { rating, showingId, reservationId } }),
    ReviewDeleted: () => initialState,
  },

  commands: {
    WriteReview: {
      decide: (data, { review }) => (review ? refuse('review-already-exists') : [{ type: 'ReviewWritten', data }]),
      answer: ({ movieId, customerId, rating, text }) => ({ movieId, customerId, rating, text }),
    },

    DeleteReview: {
      decide: (data, { review }) =>
        review ? [{ type: 'ReviewDeleted', data: { ...data, rating: review.rating } }] : refuse('review-not-found'),
    },

    WithdrawReview: {
      decide: ({ movieId, customerId, showingId, reservationId }, { review }) => {
        if (review?.showingId !== showingId || review.reservationId !== reservationId) return [];
        return [{ type: 'ReviewDeleted', data: { movieId, customerId, rating: review.rating } }];
      },
    },
  },

  snapshotVersion: 2,
});
