import { page } from '../page.ts';
import { Service } from '../service.tsx';
import { say } from '../words.ts';
import { CinemaPage, MoviePage, MovieRow, useMovies } from './movies.tsx';
import { ShowingPage } from './showing.tsx';
import { CinemaTicketPage } from './tickets.tsx';

/** The movies whose next showings begin soonest, on the home page. */
export const Cinema = () => (
  <Service title={say('영화', 'Cinema')} to="/app/cinema" of={useMovies()}>
    {(movie) => <MovieRow key={movie.movieId} movie={movie} />}
  </Service>
);

export const cinemaPages = [
  page('/app/cinema', CinemaPage),
  page('/app/cinema/{movieId}', MoviePage),
  page('/app/cinema/showings/{showingId}', ShowingPage),
  page('/app/cinema/showings/{showingId}/reservations/{reservationId}', CinemaTicketPage),
];
