import { schema as cinema, DEFAULT_CANCEL_UNTIL, DEFAULT_CLEANING } from '../../schemas/cinema.ts';
import { seatsIn } from '../../schemas/cinema-seats.ts';
import { CANCELLATIONS_PER_COMMAND } from '../../schemas/kernel/limited-places.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { decider, refuse } from '../kernel/decider.ts';

type State = {
  status: 'unregistered' | 'on' | 'deleted';
  title: string;
  runningTime: number;
  /** The showings that are scheduled and not withdrawn, with their halls, by id. */
  showings: ImmutableMap<string, Hall>;
};

type Hall = { hallId?: string; slot?: string };

const initialState: State = { status: 'unregistered', title: '', runningTime: 0, showings: ImmutableMap() };

const deleted = refuse('movie-deleted');

/** A movie and its showings. */
export const movie = decider(cinema, {
  stream: 'movie-{movieId}',
  initialState,

  evolve: {
    MovieRegistered: (movie, { title, runningTime }) => ({ ...movie, status: 'on', title, runningTime }),
    MovieEdited: (movie, { title, runningTime }) => ({ ...movie, title, runningTime }),
    MovieDeleted: (movie) => ({ ...movie, status: 'deleted' }),
    ShowingScheduled: (movie, { showingId, hallId, slot }) => ({
      ...movie,
      showings: movie.showings.set(showingId, hallId && slot ? { hallId, slot } : {}),
    }),
    ShowingWithdrawn: (movie, { showingId }) => ({ ...movie, showings: movie.showings.delete(showingId) }),
  },

  missing: {
    is: ({ status }) => status === 'unregistered',
    problem: 'movie-not-found',
    unless: ['RegisterMovie', 'ReadMovie'],
  },

  commands: {
    RegisterMovie: {
      decide: (data, { status }) =>
        status === 'unregistered' ? [{ type: 'MovieRegistered', data }] : refuse('movie-already-registered'),
      ended: (_data, { status }) => (status === 'deleted' ? deleted : undefined),
      answer: (data) => ({ ...data, status: 'on' }),
    },

    ReadMovie: { decide: () => [], read: ({ runningTime }) => ({ runningTime }) },

    EditMovie: {
      decide: (data, movie) => (movie.status === 'on' ? [{ type: 'MovieEdited', data }] : deleted),
      answer: (data) => ({ ...data, status: 'on' }),
    },

    DeleteMovie: {
      decide: ({ movieId }, movie, { now }) => {
        if (movie.status === 'deleted') return deleted;
        const withdrawn = withdrawals(movieId, movie, now);
        const remaining = movie.showings.size - withdrawn.length;
        return [{ type: 'MovieDeleted', data: { movieId, remaining } }, ...withdrawn];
      },
      answer: ({ movieId }) => ({ movieId, status: 'deleted' }),
    },

    WithdrawRemainingShowings: {
      decide: ({ movieId }, movie, { now }) => (movie.status === 'deleted' ? withdrawals(movieId, movie, now) : []),
      answer: ({ movieId }) => ({ movieId, status: 'deleted' }),
    },

    ScheduleShowing: {
      decide: (
        { cancelUntil = DEFAULT_CANCEL_UNTIL, seats: number, cleaning = DEFAULT_CLEANING, ...data },
        movie,
        { now, revision },
      ) => {
        if (movie.status === 'deleted') return deleted;
        if (movie.showings.has(data.showingId)) return refuse('showing-already-exists');
        if (data.startsAt <= now) return refuse('too-late', 'a showing starts in the future');
        const { movieId, hallMap, hallId } = data;
        const seats = hallMap ? seatsIn(hallMap) : number;
        if (!seats) return refuse('no-seats');
        if (number !== undefined && number !== seats) return refuse('no-seats', `the hall map has ${seats} seats`);
        const { title, runningTime } = movie;
        const inHall = hallId === undefined ? {} : { runningTime, cleaning, slot: `${movieId}.${revision}` };
        return [{ type: 'ShowingScheduled', data: { ...data, ...inHall, seats, cancelUntil, title } }];
      },
      // The end of a showing is known to its own stream, which the steps of a repeat ask.
      ended: (_data, { status }) => (status === 'deleted' ? deleted : undefined),
      answer: (_data, [scheduled]) => ({ ...scheduled?.data, status: 'open' }),
    },

    WithdrawShowing: {
      decide: ({ movieId, showingId, slot }, movie, { now }) => {
        const hall = movie.showings.get(showingId);
        if (!hall || (slot !== undefined && slot !== hall.slot)) return [];
        return [{ type: 'ShowingWithdrawn', data: { movieId, showingId, ...hall, withdrawnAt: now } }];
      },
    },
  },

  snapshotVersion: 3,
});

const withdrawals = (movieId: string, { showings }: State, withdrawnAt: string) =>
  Iterator.from(showings)
    .take(CANCELLATIONS_PER_COMMAND)
    .map(([showingId, hall]) => ({
      type: 'ShowingWithdrawn' as const,
      data: { movieId, showingId, ...hall, withdrawnAt },
    }))
    .toArray();
