import { Clapperboard, Star } from 'lucide';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/cinema.ts';
import { dayOf } from '../../common/days.ts';
import { Icon } from '../../common/icon.tsx';
import { formatDay, formatMinute, formatMoney, formatNumber, formatStart } from '../../common/language.ts';
import { Link } from '../../common/router.tsx';
import { type Update, useUpdates } from '../../common/updates.ts';
import { arranged, useLongList } from '../lists.ts';
import { Heading, Loaded, RowLink } from '../parts.tsx';
import { EVERY } from '../service.tsx';
import { say } from '../words.ts';

type Movie = Static<typeof queries.movie.item>;
type Showing = Movie['showings'][number];

/** Formats a hall: `hall-3` is the third one. */
export const hallName = (hallId: string): string => {
  const number = /^hall-(\d+)$/i.exec(hallId)?.[1];
  return number === undefined ? hallId : say(`${number}관`, `Hall ${number}`);
};

/** Returns a movie's showings that can still be reserved, the next first. */
const coming = ({ showings }: Movie): Showing[] =>
  showings
    .filter(({ status, startsAt }) => status === 'open' && Date.parse(startsAt) > Date.now())
    .sort((a, b) => (a.startsAt < b.startsAt ? -1 : 1));

/** Reads the movies that can be reserved, the one with the next showing first. */
export const useMovies = (): Update<readonly Movie[]> =>
  arranged(useLongList<Movie>('/cinema/movies?status=on&sort=title', EVERY), (movies) => {
    const next = (movie: Movie) => coming(movie)[0]!.startsAt;
    return movies.filter((movie) => coming(movie).length > 0).sort((a, b) => (next(a) < next(b) ? -1 : 1));
  });

const Left = ({ of: { left, seats } }: { of: Showing }) => {
  if (left === 0) return <span class="bad">{say('매진', 'Sold out')}</span>;
  return (
    <span class={left * 5 < seats ? 'wait' : 'good'}>
      {say(`${formatNumber(left)}석 남음`, `${formatNumber(left)} left`)}
    </span>
  );
};

/** A movie of a list, with its next showing. */
export const MovieRow = ({ movie }: { movie: Movie }) => {
  const [next] = coming(movie);
  return (
    <RowLink
      to={`/app/cinema/${movie.movieId}`}
      icon={Clapperboard}
      title={movie.title}
      about={next && `${formatStart(next.startsAt)} · ${formatMoney(next.price)}`}
      aside={next && <Left of={next} />}
    />
  );
};

const About = ({ movie: { runningTime, averageRating, reviewCount } }: { movie: Movie }) => (
  <p class="about">
    <span>{say(`${formatNumber(runningTime)}분`, `${formatNumber(runningTime)} min`)}</span>
    {reviewCount > 0 && (
      <>
        <Icon of={Star} size={16} />
        <span>
          {averageRating.toFixed(1)} ({formatNumber(reviewCount)})
        </span>
      </>
    )}
  </p>
);

/** The times of a movie on one day: each leads to its seats. */
const Times = ({ of }: { of: readonly Showing[] }) => (
  <ul class="times">
    {of.map((showing) => (
      <li key={showing.showingId}>
        <Link to={`/app/cinema/showings/${showing.showingId}`} class="time">
          <strong>{formatMinute(showing.startsAt)}</strong>
          <Left of={showing} />
          {showing.hallId !== undefined && <span class="dim">{hallName(showing.hallId)}</span>}
        </Link>
      </li>
    ))}
  </ul>
);

/** Returns showings by the calendar days on which they begin. */
const byDay = (showings: readonly Showing[]): [day: string, showings: Showing[]][] => [
  ...Map.groupBy(showings, ({ startsAt }) => dayOf(new Date(startsAt))),
];

const dayWords = (day: string): string =>
  day === dayOf(new Date()) ? say(`오늘 ${formatDay(day)}`, `Today, ${formatDay(day)}`) : formatDay(day);

export const CinemaPage = () => (
  <>
    <Heading>{say('영화', 'Cinema')}</Heading>
    <Loaded of={useMovies()}>
      {(movies) =>
        movies.length === 0 ? (
          <p class="dim">{say('예정된 상영이 없습니다.', 'No showing is scheduled.')}</p>
        ) : (
          movies.map((movie) => {
            const [[day, showings] = ['', []]] = byDay(coming(movie));
            return (
              <section key={movie.movieId} class="card movie">
                <header>
                  <h2>
                    <Link to={`/app/cinema/${movie.movieId}`}>{movie.title}</Link>
                  </h2>
                  <About movie={movie} />
                </header>
                <p class="dim">{dayWords(day)}</p>
                <Times of={showings} />
              </section>
            );
          })
        )
      }
    </Loaded>
  </>
);

export const MoviePage = ({ movieId }: { movieId: string }) => {
  const found = useUpdates<Movie>(`/cinema/movies/${movieId}`, { every: EVERY });
  return (
    <Loaded of={found}>
      {(movie) => (
        <>
          <header>
            <Heading>{movie.title}</Heading>
            <About movie={movie} />
          </header>
          <p>{movie.description}</p>
          {coming(movie).length === 0 && (
            <p class="dim">{say('예정된 상영이 없습니다.', 'No showing is scheduled.')}</p>
          )}
          {byDay(coming(movie)).map(([day, showings]) => (
            <section key={day}>
              <h2>{dayWords(day)}</h2>
              <Times of={showings} />
            </section>
          ))}
        </>
      )}
    </Loaded>
  );
};
