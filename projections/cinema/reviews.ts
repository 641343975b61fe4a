import type { Static } from 'typebox';
import { schema as cinema, type queries } from '../../schemas/cinema.ts';
import { projection } from '../kernel/projection.ts';

type Review = Static<typeof queries.review.item>;

export const reviews = projection<Review>()({
  context: cinema,
  name: 'cinema.reviews',
  version: 2,
  key: ({ movieId, customerId }) => `${movieId}.${customerId}`,
  on: {
    ReviewWritten: (_review, review, { metadata }) => ({ ...review, writtenAt: metadata.time }),
    ReviewDeleted: () => null,
  },
});
