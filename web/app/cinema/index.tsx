import type { AppPage } from '../page.ts';
import { Service } from '../service.tsx';
import { say } from '../words.ts';
import { CinemaPage, MoviePage, MovieRow, onShow, useMovies } from './movies.tsx';
import { ShowingPage } from './showing.tsx';
import { CinemaTicketPage } from './tickets.tsx';

/** The movies whose next showings begin soonest, on the home page. */
export const Cinema = () => {
  const { items, problem } = useMovies();
  const of = { ...(items ? { body: onShow(items) } : {}), ...(problem ? { problem } : {}) };
  return (
    <Service title={say('영화', 'Cinema')} to="/app/cinema" of={of}>
      {(movies) => movies.map((movie) => <MovieRow key={movie.movieId} movie={movie} />)}
    </Service>
  );
};

export const cinemaPages: readonly AppPage[] = [
  ['/app/cinema', () => <CinemaPage />],
  ['/app/cinema/{movieId}', ({ movieId }) => <MoviePage movieId={movieId!} />],
  [
    '/app/cinema/showings/{showingId}',
    ({ showingId, customerId }) => <ShowingPage showingId={showingId!} customerId={customerId} />,
  ],
  [
    '/app/cinema/showings/{showingId}/reservations/{reservationId}',
    ({ showingId, reservationId }) => <CinemaTicketPage showingId={showingId!} reservationId={reservationId!} />,
  ],
];
