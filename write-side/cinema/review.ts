import { schema as cinema } from '../../schemas/cinema.ts';
import { decider, refuse } from '../kernel/decider.ts';

/** The rating that counts; null when there is no review. */
type State = { rating: number | null };

const initialState: State = { rating: null };

/** A customer's review of a movie. */
export const review = decider(cinema, {
  stream: 'review-{movieId}.{customerId}',
  initialState,

  evolve: {
    ReviewWritten: (_review, { rating }) => ({ rating }),
    ReviewDeleted: () => ({ rating: null }),
  },

  commands: {
    WriteReview: {
      decide: (data, { rating }) =>
        rating === null ? [{ type: 'ReviewWritten', data }] : refuse('review-already-exists'),
      answer: ({ movieId, customerId, rating, text }) => ({ movieId, customerId, rating, text }),
    },

    DeleteReview: {
      decide: (data, { rating }) =>
        rating === null ? refuse('review-not-found') : [{ type: 'ReviewDeleted', data: { ...data, rating } }],
    },
  },

  snapshotVersion: 1,
});
