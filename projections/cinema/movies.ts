import type { Static } from 'typebox';
import { schema as cinema, type queries } from '../../schemas/cinema.ts';
import { projection } from '../kernel/projection.ts';

type Movie = Static<typeof queries.movie.item> & { ratingSum: number };
type Showing = Movie['showings'][number];
type Counts = Movie['reservations'];

const counted = (showing: Showing): Showing => ({ ...showing, left: showing.seats - showing.held - showing.sold });

/** Moves one reservation from one state into another: in the movie's counts and in its showing's seats. */
const moved = (movie: Movie, showingId: string, from: keyof Counts | null, to: keyof Counts): Movie => {
  const step = (state: keyof Counts) => (state === to ? 1 : 0) - (state === from ? 1 : 0);
  const { held, confirmed, refused, canceled } = movie.reservations;
  return {
    ...movie,
    reservations: {
      held: held + step('held'),
      confirmed: confirmed + step('confirmed'),
      refused: refused + step('refused'),
      canceled: canceled + step('canceled'),
    },
    showings: movie.showings.map((showing) =>
      showing.showingId === showingId
        ? counted({ ...showing, held: showing.held + step('held'), sold: showing.sold + step('confirmed') })
        : showing,
    ),
  };
};

const reviewed = (movie: Movie, reviews: number, rating: number): Movie => {
  const reviewCount = movie.reviewCount + reviews;
  const ratingSum = movie.ratingSum + rating;
  const averageRating = reviewCount === 0 ? 0 : Math.round((ratingSum / reviewCount) * 100) / 100;
  return { ...movie, reviewCount, ratingSum, averageRating };
};

export const movies = projection<Movie>()({
  context: cinema,
  name: 'cinema.movies',
  version: 2,
  key: ({ movieId }) => movieId,
  on: {
    MovieRegistered: (_movie, { movieId, title, description, runningTime }) => ({
      movieId,
      title,
      description,
      runningTime,
      status: 'on',
      showings: [],
      reservations: { held: 0, confirmed: 0, refused: 0, canceled: 0 },
      reviewCount: 0,
      averageRating: 0,
      ratingSum: 0,
    }),
  },
  onExisting: {
    MovieEdited: (movie, { title, description, runningTime }) => ({ ...movie, title, description, runningTime }),
    MovieDeleted: (movie) => ({ ...movie, status: 'deleted' }),
    ShowingOpened: (movie, { showingId, startsAt, seats, price }) => {
      const showing: Showing = { showingId, startsAt, seats, price, status: 'open', held: 0, sold: 0, left: seats };
      return { ...movie, showings: [...movie.showings, showing] };
    },
    ShowingCanceled: (movie, { showingId }) => ({
      ...movie,
      showings: movie.showings.map((showing) =>
        showing.showingId === showingId ? { ...showing, status: 'canceled' as const } : showing,
      ),
    }),
    SeatHeld: (movie, { showingId }) => moved(movie, showingId, null, 'held'),
    ReservationConfirmed: (movie, { showingId }) => moved(movie, showingId, 'held', 'confirmed'),
    SeatReleased: (movie, { showingId }) => moved(movie, showingId, 'held', 'refused'),
    SeatReservationCanceled: (movie, { showingId }) => moved(movie, showingId, 'confirmed', 'canceled'),
    ReviewWritten: (movie, { rating }) => reviewed(movie, 1, rating),
    ReviewDeleted: (movie, { rating }) => reviewed(movie, -1, -rating),
  },
  missing: 'a movie that was never registered',
});
