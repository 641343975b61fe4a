import type { CinemaCommand, CinemaEvent } from '../../schemas/cinema.ts';
import { type Decider, type Decision, refuse, unreachable } from '../kernel/decider.ts';

type Event = Extract<CinemaEvent, { type: 'ReviewWritten' | 'ReviewDeleted' }>;
type Command = Extract<CinemaCommand, { type: 'WriteReview' | 'DeleteReview' }>;

/** The rating that counts; null when there is no review. */
type State = { rating: number | null };

const evolve = (_state: State, event: Event): State => {
  switch (event.type) {
    case 'ReviewWritten':
      return { rating: event.data.rating };
    case 'ReviewDeleted':
      return { rating: null };
    default:
      return unreachable(event);
  }
};

const decide = (command: Command, { rating }: State): Decision<Event> => {
  switch (command.type) {
    case 'WriteReview':
      return rating === null ? [{ type: 'ReviewWritten', data: command.data }] : refuse('review-already-exists');
    case 'DeleteReview':
      return rating === null
        ? refuse('review-not-found')
        : [{ type: 'ReviewDeleted', data: { ...command.data, rating } }];
    default:
      return unreachable(command);
  }
};

const answer = ({ type, data }: Command): object =>
  type === 'WriteReview'
    ? { movieId: data.movieId, customerId: data.customerId, rating: data.rating, text: data.text }
    : data;

/** A customer's review of a movie: `review-{movieId}.{customerId}`. */
export const review: Decider<Command, Event, State> = {
  category: 'review',
  commands: ['WriteReview', 'DeleteReview'],
  id: ({ movieId, customerId }) => `${movieId}.${customerId}`,
  initialState: { rating: null },
  evolve,
  decide,
  answer,
  snapshot: { version: 1, save: (state) => state, restore: (saved: State) => saved },
};
