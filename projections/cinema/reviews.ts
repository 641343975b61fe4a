import type { Static } from 'typebox';
import { schema as cinema, type queries } from '../../schemas/cinema.ts';
import { projection } from '../kernel/projection.ts';

type Review = Static<typeof queries.review.item>;

export const reviews = projection({
  context: cinema,
  name: 'cinema.reviews',
  version: 2,
  events: ['ReviewWritten', 'ReviewDeleted'],
  key: (event) => `${event.data.movieId}.${event.data.customerId}`,
  evolve: (_before: Review | null, event): Review | null => {
    if (event.type === 'ReviewDeleted') return null;
    const { movieId, customerId, showingId, reservationId, rating, text } = event.data;
    return { movieId, customerId, showingId, reservationId, rating, text, writtenAt: event.metadata.time };
  },
  indexes: [
    { movieId: 1, _id: 1 },
    { movieId: 1, writtenAt: 1, _id: 1 },
    { movieId: 1, rating: 1, _id: 1 },
  ],
});
