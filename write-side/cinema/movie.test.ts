import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANCELLATIONS_PER_COMMAND } from '../../schemas/kernel/limited-places.ts';
import { holdsForEveryDecider, specification, stateAfter } from '../kernel/testing.ts';
import { movie } from './movie.ts';

const { given } = specification(movie);

type Command = Parameters<typeof movie.decide>[0];
type Event = Parameters<typeof movie.evolve>[1];

const movieId = 'm-1';
const film = { movieId, title: '괴물', description: '한강', runningTime: 119 };
const about = (showingId = 's-1') => ({
  movieId,
  showingId,
  startsAt: '2027-01-31T19:00:00.000Z',
  seats: 2,
  price: 12_000,
});

const register: Command = { type: 'RegisterMovie', data: film };
const edit: Command = { type: 'EditMovie', data: { ...film, title: 'The Host' } };
const remove: Command = { type: 'DeleteMovie', data: { movieId } };
const withdrawRemaining: Command = { type: 'WithdrawRemainingShowings', data: { movieId } };
const schedule = (showingId?: string): Command => ({ type: 'ScheduleShowing', data: about(showingId) });

const registered: Event = { type: 'MovieRegistered', data: film };
const edited: Event = { type: 'MovieEdited', data: { ...film, title: 'The Host' } };
const deleted = (remaining = 0): Event => ({ type: 'MovieDeleted', data: { movieId, remaining } });
const scheduled = (showingId = 's-1', title = '괴물'): Event => ({
  type: 'ShowingScheduled',
  data: { ...about(showingId), cancelUntil: 20, title },
});
const withdrawn = (showingId = 's-1'): Event => ({
  type: 'ShowingWithdrawn',
  data: { movieId, showingId, withdrawnAt: '2026-01-31T09:00:00.000Z' },
});

describe('a movie', () => {
  it('is registered', () => given().when(register).thenEvents(registered));
  it('is registered once', () => given(registered).when(register).thenRefused('movie-already-registered'));
  it('is edited', () => given(registered).when(edit).thenEvents(edited));
  it('is edited only when it exists', () => given().when(edit).thenRefused('movie-not-found'));
  it('is not edited when it is deleted', () => given(registered, deleted()).when(edit).thenRefused('movie-deleted'));
  it('is deleted once', () => {
    given(registered).when(remove).thenEvents(deleted());
    given(registered, deleted()).when(remove).thenRefused('movie-deleted');
    given().when(remove).thenRefused('movie-not-found');
  });
});

describe('a repeat without a key', () => {
  it('has the first answer until the movie is deleted', () => {
    for (const again of [register, schedule()]) {
      given(registered, scheduled(), edited).whenRepeated(again).thenFirstAnswer();
      given(registered, scheduled(), deleted(1)).whenRepeated(again).thenRefused('movie-deleted');
    }
  });
});

describe('ScheduleShowing', () => {
  it('gives the showing the current title', () =>
    given(registered, edited).when(schedule()).thenEvents(scheduled('s-1', 'The Host')));
  it('needs a movie', () => given().when(schedule()).thenRefused('movie-not-found'));
  it('needs a movie that is not deleted', () =>
    given(registered, deleted()).when(schedule()).thenRefused('movie-deleted'));
  it('keeps the time until which reservations can be cancelled', () => {
    const data = { ...about(), cancelUntil: 90 };
    given(registered)
      .when({ type: 'ScheduleShowing', data })
      .thenEvents({ type: 'ShowingScheduled', data: { ...data, title: '괴물' } });
  });
  it.each(['2026-01-31T09:00:00.000Z', '2026-01-31T08:59:59.999Z', '2020-02-29T19:00:00.000Z'])(
    'refuses a start that is not in the future: %s',
    (startsAt) =>
      given(registered)
        .when({ type: 'ScheduleShowing', data: { ...about(), startsAt } })
        .thenRefused('too-late'),
  );
  it('accepts a start in a millisecond', () => {
    const data = { ...about(), startsAt: '2026-01-31T09:00:00.001Z' };
    given(registered)
      .when({ type: 'ScheduleShowing', data })
      .thenEvents({ type: 'ShowingScheduled', data: { ...data, cancelUntil: 20, title: '괴물' } });
  });
  it('counts the seats of a hall map', () => {
    const { seats: _seats, ...rest } = about();
    const data = { ...rest, hallMap: ['oo_xo', 'xooo'] };
    const scheduled: Event = { type: 'ShowingScheduled', data: { ...data, seats: 6, cancelUntil: 20, title: '괴물' } };
    given(registered).when({ type: 'ScheduleShowing', data }).thenEvents(scheduled);
    given(registered)
      .when({ type: 'ScheduleShowing', data: { ...data, seats: 6 } })
      .thenEvents(scheduled);
  });
  it.each([{}, { seats: 8, hallMap: ['oo_xo', 'xooo'] }, { seats: 1, hallMap: ['x_x'] }, { hallMap: ['x_x'] }])(
    'needs a number of seats or a hall map with a seat, and with both the same number: %o',
    (hall) => {
      const { seats: _seats, ...rest } = about();
      given(registered)
        .when({ type: 'ScheduleShowing', data: { ...rest, ...hall } })
        .thenRefused('no-seats');
    },
  );
  it('needs an unused id', () => given(registered, scheduled()).when(schedule()).thenRefused('showing-already-exists'));
});

describe('DeleteMovie', () => {
  it('withdraws its showings', () =>
    given(registered, scheduled('s-1'), scheduled('s-2'))
      .when(remove)
      .thenEvents(deleted(), withdrawn('s-1'), withdrawn('s-2')));
  it('withdraws as many showings as fit into one append, then the others', () => {
    const many = Array.from({ length: CANCELLATIONS_PER_COMMAND + 2 }, (_, index) => scheduled(`s-${index}`));
    const before = [registered, ...many];
    const first = movie.decide(remove, stateAfter(movie, before), {
      now: '',
      timeZone: 'UTC',
      revision: 0n,
    }) as Event[];
    expect(first[0]).toEqual(deleted(2));
    const state = stateAfter(movie, [...before, ...first]);
    const rest = movie.decide(withdrawRemaining, state, { now: '', timeZone: 'UTC', revision: 0n }) as Event[];
    const all = [...first.slice(1), ...rest].map(({ data }) => ('showingId' in data ? data.showingId : ''));
    expect(new Set(all).size).toBe(CANCELLATIONS_PER_COMMAND + 2);
  });
  it('withdraws nothing while the movie is not deleted', () =>
    given(registered, scheduled()).when(withdrawRemaining).thenNothing());
});

it('keeps the rules of every decider, except that an edit may be repeated', () =>
  holdsForEveryDecider(
    movie,
    fc.oneof(
      fc.constantFrom(register, remove, withdrawRemaining),
      fc.constantFrom('a', 'b', 'c').map((showingId) => schedule(showingId)),
    ),
  ));
