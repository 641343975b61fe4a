import { endpointContract, inStream } from '../testing.ts';
import { writeSide } from './index.ts';
import { cinemaSteps } from './steps.ts';

type Event = { type: string; data: object };
const ofMovie = (...events: Event[]) => inStream('movie-m1', ...events);
const show = (...events: Event[]) => inStream('showing-s1', ...events);

/** The time of the specifications' requests; the showing is on the next day. */
const NOW = '2026-01-31T09:00:00.000Z';
const IN_FIVE_MINUTES = '2026-01-31T09:05:00.000Z';
const startsAt = '2026-02-01T10:00:00.000Z';
const later = '2026-02-01T12:00:00.000Z';

const movie = { movieId: 'm1', title: '괴물', description: '한강', runningTime: 119 };
const registered = { type: 'MovieRegistered', data: movie };
const deleted = { type: 'MovieDeleted', data: { movieId: 'm1', remaining: 0 } };
const plan = { movieId: 'm1', showingId: 's1', startsAt, seats: 1, price: 12_000 };
const showing = { ...plan, title: '괴물', cancelUntil: 20 };
const scheduled = { type: 'ShowingScheduled', data: showing };
const opened = { type: 'ShowingOpened', data: showing };
const withdrawn = { type: 'ShowingCanceled', data: { showingId: 's1', movieId: 'm1', remaining: 0 } };
const moved = {
  type: 'ShowingMoved',
  data: { showingId: 's1', movieId: 'm1', title: '괴물', startsAt: later, before: startsAt, remaining: 0 },
};

const named = { showingId: 's1', reservationId: 'r1' };
const reservation = {
  ...named,
  movieId: 'm1',
  customerId: 'CUST1',
  title: '괴물',
  startsAt,
  seat: 1,
  price: 12_000,
  hold: '1',
};
const { movieId: _movieId, price: amount, ...payer } = reservation;
const pay = (...events: Event[]) => inStream('payment-s1.r1', ...events);
const held = { type: 'SeatHeld', data: { ...reservation, heldAt: NOW } };
const confirmed = { type: 'ReservationConfirmed', data: reservation };
const canceled = { type: 'SeatReservationCanceled', data: reservation };

const place = { showingId: 's1', movieId: 'm1' };
/** The other fields of events that lead to a message about a place. */
const shown = { title: '괴물', startsAt };
const hold = { holdId: 'h1', customerId: 'CUST1', places: 1 };
const kept = { type: 'ShowingPlaceHeld', data: { ...place, ...hold, expiresAt: IN_FIVE_MINUTES } };
const released = { type: 'ShowingPlaceHoldReleased', data: { ...place, ...shown, ...hold } };
const entry = { entryId: 'e1', customerId: 'CUST1', places: 1 };
const joined = { type: 'ShowingPlaceWaitingListJoined', data: { ...place, ...entry } };
const left = { type: 'ShowingPlaceWaitingListLeft', data: { ...place, ...shown, ...entry } };

/** A guest of a showing that has begun. */
const guest = { movieId: 'm1', customerId: 'CUST1', ...named };
const begun = [{ ...opened, data: { ...showing, startsAt: '2026-01-31T08:00:00.000Z' } }, held, confirmed];
const written = { type: 'ReviewWritten', data: { ...guest, rating: 5, text: '좋다' } };
const reviewDeleted = { type: 'ReviewDeleted', data: { movieId: 'm1', customerId: 'CUST1', rating: 5 } };
const review = (...events: Event[]) => inStream('review-m1.CUST1', ...events);

const MOVIE = '/cinema/movies/{movieId}';
const SHOWING = '/cinema/showings/{showingId}';

endpointContract(
  writeSide,
  {
    'POST /cinema/movies': {
      data: movie,
      answer: { ...movie, status: 'on' },
      stored: ofMovie(registered),
      refused: { 'movie-already-registered': ofMovie({ ...registered, data: { ...movie, title: '다른 영화' } }) },
    },
    [`PUT ${MOVIE}`]: {
      given: ofMovie(registered),
      data: { ...movie, title: '괴물 2' },
      answer: { ...movie, title: '괴물 2', status: 'on' },
      stored: ofMovie({ type: 'MovieEdited', data: { ...movie, title: '괴물 2' } }),
      refused: { 'movie-deleted': ofMovie(deleted) },
    },
    [`DELETE ${MOVIE}`]: {
      given: ofMovie(registered),
      data: { movieId: 'm1' },
      answer: { movieId: 'm1', status: 'deleted' },
      stored: ofMovie(deleted),
      refused: { 'movie-deleted': ofMovie(deleted) },
    },
    [`POST ${MOVIE}/showings`]: {
      given: ofMovie(registered),
      data: plan,
      answer: { ...showing, status: 'open' },
      stored: [...ofMovie(scheduled), ...show(opened)],
      refused: { 'movie-deleted': ofMovie(deleted) },
    },
    [`DELETE ${SHOWING}`]: {
      given: show(opened),
      data: { showingId: 's1' },
      answer: { showingId: 's1', status: 'canceled' },
      stored: show(withdrawn),
      refused: { 'showing-canceled': show(withdrawn) },
    },
    [`PATCH ${SHOWING}`]: {
      given: show(opened),
      data: { showingId: 's1', startsAt: later },
      answer: { showingId: 's1', startsAt: later },
      stored: show(moved),
      refused: { 'showing-canceled': show(withdrawn) },
    },
    [`POST ${SHOWING}/holds`]: {
      given: show(opened),
      data: { showingId: 's1', ...hold },
      answer: { ...place, ...hold, expiresAt: IN_FIVE_MINUTES, status: 'held' },
      stored: show(kept),
      refused: { 'showing-full': show(held, confirmed) },
    },
    [`DELETE ${SHOWING}/holds/{holdId}`]: {
      given: show(opened, kept),
      data: { showingId: 's1', holdId: 'h1' },
      answer: { showingId: 's1', holdId: 'h1', status: 'released' },
      stored: show(released),
      refused: { 'hold-ended': show(released) },
    },
    [`POST ${SHOWING}/waiting-list`]: {
      given: show(opened, held, confirmed),
      data: { showingId: 's1', ...entry },
      answer: { showingId: 's1', ...entry, status: 'waiting' },
      stored: show(joined),
      refused: { 'places-left': show(canceled) },
    },
    [`DELETE ${SHOWING}/waiting-list/{entryId}`]: {
      given: show(opened, held, confirmed, joined),
      data: { showingId: 's1', entryId: 'e1' },
      answer: { showingId: 's1', entryId: 'e1', status: 'left' },
      stored: show(left),
      refused: { 'entry-ended': show(left) },
    },
    [`POST ${SHOWING}/reservations`]: {
      given: show(opened),
      data: { ...named, customerId: 'CUST1', seat: 1, payment: { method: 'card', token: 'approve' } },
      answer: { ...named, customerId: 'CUST1', seat: 1, price: 12_000, status: 'confirmed' },
      stored: [
        ...show(held),
        ...pay(
          { type: 'PaymentRequested', data: { ...payer, amount, method: 'card' } },
          { type: 'PaymentApproved', data: { ...payer, amount } },
        ),
        ...show(confirmed),
      ],
      refused: { 'showing-full': show(kept), 'showing-canceled': show(withdrawn) },
    },
    [`DELETE ${SHOWING}/reservations/{reservationId}`]: {
      given: show(opened, held, confirmed),
      data: named,
      answer: { ...named, status: 'canceled' },
      stored: show(canceled),
      refused: { 'already-canceled': show(canceled) },
    },
    [`POST ${MOVIE}/reviews`]: {
      given: show(...begun),
      data: { ...guest, rating: 5, text: '좋다' },
      answer: { movieId: 'm1', customerId: 'CUST1', rating: 5, text: '좋다' },
      stored: review(written),
      refused: { 'not-a-guest': show(canceled), 'review-already-exists': review(written) },
    },
    [`DELETE ${MOVIE}/reviews/{customerId}`]: {
      given: review(written),
      data: { movieId: 'm1', customerId: 'CUST1' },
      answer: { movieId: 'm1', customerId: 'CUST1' },
      stored: review(reviewDeleted),
      refused: { 'review-not-found': review(reviewDeleted) },
    },
  },
  {
    steps: cinemaSteps({
      payments: { circuit: () => 'closed', charge: async () => 'approved', find: async () => undefined },
      answerWithinMs: 1_000,
      maxPayments: 1,
    }),
  },
);
