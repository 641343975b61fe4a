import type { Static } from 'typebox';
import { schema as cinema, type queries } from '../../schemas/cinema.ts';
import { projection } from '../kernel/projection.ts';

type Movie = Static<typeof queries.movie.item> & { ratingSum: number };
type Showing = Movie['showings'][number];
type Counts = Movie['reservations'];

const counted = (showing: Showing): Showing => ({ ...showing, left: showing.seats - showing.held - showing.sold });

/** One reservation moves from one state into another: in the movie's counts and in its showing's seats. */
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

export const movies = projection({
  context: cinema,
  name: 'cinema.movies',
  version: 2,
  events: [
    'MovieRegistered',
    'MovieEdited',
    'MovieDeleted',
    'ShowingOpened',
    'ShowingCanceled',
    'SeatHeld',
    'ReservationConfirmed',
    'SeatReleased',
    'SeatReservationCanceled',
    'ReviewWritten',
    'ReviewDeleted',
  ],
  key: (event) => event.data.movieId,
  evolve: (movie: Movie | null, event): Movie => {
    if (event.type === 'MovieRegistered') {
      const { movieId, title, description, runningTime } = event.data;
      return {
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
      };
    }
    if (!movie) throw new Error(`${event.type} for a movie that was never registered`);
    switch (event.type) {
      case 'MovieEdited': {
        const { title, description, runningTime } = event.data;
        return { ...movie, title, description, runningTime };
      }
      case 'MovieDeleted':
        return { ...movie, status: 'deleted' };
      case 'ShowingOpened': {
        const { showingId, startsAt, seats, price } = event.data;
        const showing: Showing = { showingId, startsAt, seats, price, status: 'open', held: 0, sold: 0, left: seats };
        return { ...movie, showings: [...movie.showings, showing] };
      }
      case 'ShowingCanceled':
        return {
          ...movie,
          showings: movie.showings.map((showing) =>
            showing.showingId === event.data.showingId ? { ...showing, status: 'canceled' as const } : showing,
          ),
        };
      case 'SeatHeld':
        return moved(movie, event.data.showingId, null, 'held');
      case 'ReservationConfirmed':
        return moved(movie, event.data.showingId, 'held', 'confirmed');
      case 'SeatReleased':
        return moved(movie, event.data.showingId, 'held', 'refused');
      case 'SeatReservationCanceled':
        return moved(movie, event.data.showingId, 'confirmed', 'canceled');
      case 'ReviewWritten':
        return reviewed(movie, 1, event.data.rating);
      case 'ReviewDeleted':
        return reviewed(movie, -1, -event.data.rating);
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { title: 1, _id: 1 },
    { averageRating: 1, _id: 1 },
    { status: 1, _id: 1 },
    { status: 1, title: 1, _id: 1 },
    { status: 1, averageRating: 1, _id: 1 },
  ],
});
