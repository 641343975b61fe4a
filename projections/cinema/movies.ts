import type { Static } from 'typebox';
import { schema as cinema, type queries, showingPlaces } from '../../schemas/cinema.ts';
import { placeCounts } from '../kernel/place-counts.ts';
import { projection } from '../kernel/projection.ts';
import { add, counts, opened } from './showing-counts.ts';

type Movie = Static<typeof queries.movie.item> & { ratingSum: number };
type Showing = Movie['showings'][number];
type Counts = Movie['reservations'];

/** Changes one showing of a movie. */
const inShowing = (movie: Movie, showingId: string, change: (showing: Showing) => Showing): Movie => ({
  ...movie,
  showings: movie.showings.map((showing) => (showing.showingId === showingId ? change(showing) : showing)),
});

type OfShowing = { showingId: string };

/** Returns the handler of an event that changes the counts of its showing alone. */
const counting =
  <Data extends OfShowing>(count: (showing: Showing, data: Data) => Showing) =>
  (movie: Movie, data: Data): Movie =>
    inShowing(movie, data.showingId, (showing) => count(showing, data));

/** Returns the handler of an event that moves one reservation from one state into another. */
const moving = <Data extends OfShowing>(
  count: (showing: Showing, data: Data) => Showing,
  from: keyof Counts | null,
  to: keyof Counts,
) => {
  return (movie: Movie, data: Data): Movie => {
    const reservations = { ...movie.reservations };
    reservations[to] += 1;
    if (from) reservations[from] -= 1;
    return { ...counting(count)(movie, data), reservations };
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
  version: 7,
  key: ({ movieId }) => movieId ?? null,
  on: {
    MovieRegistered: (_movie, movie) => ({
      ...movie,
      status: 'on',
      showings: [],
      reservations: { held: 0, confirmed: 0, refused: 0, canceled: 0 },
      reviewCount: 0,
      averageRating: 0,
      ratingSum: 0,
    }),
  },
  onExisting: {
    MovieEdited: (movie, edited) => ({ ...movie, ...edited }),
    MovieDeleted: (movie) => ({ ...movie, status: 'deleted' }),
    ShowingOpened: (movie, data) => {
      const { movieId: _id, title: _title, ...showing } = opened(data);
      return { ...movie, showings: [...movie.showings, showing] };
    },
    ShowingCanceled: counting(counts.ShowingCanceled),
    ShowingMoved: (movie, { showingId, startsAt }) =>
      inShowing(movie, showingId, (showing) => ({ ...showing, startsAt })),
    SeatHeld: moving(counts.SeatHeld, null, 'held'),
    ReservationConfirmed: moving(counts.ReservationConfirmed, 'held', 'confirmed'),
    SeatReleased: moving(counts.SeatReleased, 'held', 'refused'),
    SeatReservationCanceled: moving(counts.SeatReservationCanceled, 'confirmed', 'canceled'),
    ...placeCounts(showingPlaces, (movie: Movie, { showingId }, changes) =>
      inShowing(movie, showingId, (showing) => add(showing, changes)),
    ),
    ReviewWritten: (movie, { rating }) => reviewed(movie, 1, rating),
    ReviewDeleted: (movie, { rating }) => reviewed(movie, -1, -rating),
  },
  missing: 'a movie that was never registered',
});
