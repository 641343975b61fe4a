import { CANCELLATIONS_PER_COMMAND, type CinemaEvent, schema as cinema } from '../../schemas/cinema.ts';
import { ImmutableSet } from '../kernel/collections.ts';
import { decider, type Refusal, refuse } from '../kernel/decider.ts';

type State = {
  status: 'unregistered' | 'on' | 'deleted';
  title: string;
  /** The ids of the showings that are scheduled and not withdrawn. */
  showings: ImmutableSet<string>;
};

const initialState: State = { status: 'unregistered', title: '', showings: ImmutableSet() };

/** A movie and its showings. */
export const movie = decider(cinema, {
  stream: 'movie-{movieId}',
  initialState,

  evolve: {
    MovieRegistered: (movie, { title }) => ({ ...movie, status: 'on', title }),
    MovieEdited: (movie, { title }) => ({ ...movie, title }),
    MovieDeleted: (movie) => ({ ...movie, status: 'deleted' }),
    ShowingScheduled: (movie, { showingId }) => ({ ...movie, showings: movie.showings.add(showingId) }),
    ShowingWithdrawn: (movie, { showingId }) => ({ ...movie, showings: movie.showings.delete(showingId) }),
  },

  commands: {
    RegisterMovie: {
      decide: (data, { status }) =>
        status === 'unregistered' ? [{ type: 'MovieRegistered', data }] : refuse('movie-already-registered'),
      answer: (data) => ({ ...data, status: 'on' }),
    },

    EditMovie: {
      decide: (data, movie) => (movie.status === 'on' ? [{ type: 'MovieEdited', data }] : notOn(movie)),
      answer: (data) => ({ ...data, status: 'on' }),
    },

    DeleteMovie: {
      decide: ({ movieId }, movie) => {
        if (movie.status !== 'on') return notOn(movie);
        const withdrawn = withdrawals(movieId, movie);
        const remaining = movie.showings.size - withdrawn.length;
        return [{ type: 'MovieDeleted', data: { movieId, remaining } }, ...withdrawn];
      },
      answer: ({ movieId }) => ({ movieId, status: 'deleted' }),
    },

    WithdrawRemainingShowings: {
      decide: ({ movieId }, movie) => {
        if (movie.status === 'unregistered') return notOn(movie);
        return movie.status === 'deleted' ? withdrawals(movieId, movie) : [];
      },
      answer: ({ movieId }) => ({ movieId, status: 'deleted' }),
    },

    ScheduleShowing: {
      decide: (data, movie) => {
        if (movie.status !== 'on') return notOn(movie);
        if (movie.showings.has(data.showingId)) return refuse('showing-already-exists');
        return [{ type: 'ShowingScheduled', data: { ...data, title: movie.title } }];
      },
      answer: (_data, [scheduled]) => ({ ...scheduled?.data, status: 'open' }),
    },

    WithdrawShowing: {
      decide: (data, movie) => {
        if (movie.status === 'unregistered') return notOn(movie);
        return movie.showings.has(data.showingId) ? [{ type: 'ShowingWithdrawn', data }] : [];
      },
    },
  },

  snapshotVersion: 2,
});

const notOn = ({ status }: State): Refusal => refuse(status === 'deleted' ? 'movie-deleted' : 'movie-not-found');

const withdrawals = (movieId: string, { showings }: State): Extract<CinemaEvent, { type: 'ShowingWithdrawn' }>[] =>
  showings
    .toSeq()
    .take(CANCELLATIONS_PER_COMMAND)
    .map((showingId) => ({ type: 'ShowingWithdrawn' as const, data: { movieId, showingId } }))
    .toArray();
