import { Type } from 'typebox';
import { admin, anyone, customer, staff } from './access.ts';
import {
  type CommandOf,
  type ContextSchema,
  command,
  type EventOf,
  event,
  internalCommand,
  inView,
  list,
  one,
  Strict,
} from './kernel/context.ts';
import { Id, Money, Status, Text, Time, UtcTime, utcTime } from './kernel/values.ts';

const Title = Text(200, '살인의 추억');
const Description = Text(2_000, '1986년, 두 형사가 범인을 쫓는다.');
const RunningTime = Type.Integer({ minimum: 1, maximum: 1_440, description: 'Minutes.', examples: [132] });
const Seats = Type.Integer({ minimum: 1, maximum: 10_000, examples: [120] });
const Seat = Type.Integer({
  minimum: 1,
  maximum: 10_000,
  description: 'The number of a seat; left out, any seat that is free on the day.',
  examples: [12],
});
const Method = Text(20, 'card');
const Token = Type.String({
  pattern: '^[\\x21-\\x7e]{1,200}$',
  description: "The payment provider's token for the customer. It is passed on and never stored.",
  examples: ['approve'],
});
const Rating = Type.Integer({ minimum: 1, maximum: 5, examples: [5] });
const ReviewText = Text(2_000, '다시 보고 싶은 영화');
const Count = Type.Integer({ minimum: 0 });
const MessageKind = Status('confirmed', 'canceled', 'refunded');
const Reason = Text(200, 'changed plans');
const CancelReason = Type.Optional(Reason);

/**
 * The revision of a reservation's SeatHeld event. A showing forgets the ids of reservations that ended long ago, so an
 * id may be used again: payments, refunds and messages belong to one hold, never to the id alone. Holds from before
 * this field have none.
 */
const hold = {
  hold: Type.Optional(
    Type.String({
      pattern: '^\\d{1,19}$',
      description: "The revision of the reservation's SeatHeld event; absent in events from before this field.",
      examples: ['4'],
    }),
  ),
};

const movie = { movieId: Id, title: Title, description: Description, runningTime: RunningTime };
const showing = { showingId: Id, movieId: Id, title: Title, startsAt: UtcTime, seats: Seats, price: Money };
const reservation = {
  showingId: Id,
  movieId: Id,
  reservationId: Id,
  customerId: Id,
  title: Title,
  seat: Type.Optional(Seat),
  price: Money,
};
const heldReservation = { ...reservation, ...hold };
const payment = { showingId: Id, reservationId: Id, ...hold, customerId: Id, title: Title, amount: Money };

/** The reason why a payment failed. Except for `declined` the provider may have charged, which is then undone. */
const Refusal = Status('declined', 'timed-out', 'unavailable');

/** Version 1 of these events kept `startsAt` as the client sent it, with any offset. */
const inUtc = {
  1: (data: { startsAt: string }) => ({ ...data, startsAt: utcTime(data.startsAt) ?? data.startsAt }),
};

/** Version 2 of these events added `hold`. */
const sinceHold = { 1: (data: object) => data };

export const events = {
  MovieRegistered: event('A movie was registered', Strict(movie)),
  MovieEdited: event('The title, description or running time of a movie changed', Strict(movie)),
  MovieDeleted: event(
    'The movie was deleted; showings beyond this append are withdrawn next',
    Strict({ movieId: Id, remaining: Count }),
  ),
  ShowingScheduled: event('A showing of the movie was scheduled', Strict(showing), 2, inUtc),
  ShowingWithdrawn: event('A showing of the deleted movie was withdrawn', Strict({ movieId: Id, showingId: Id })),
  ShowingOpened: event('The showing is open for reservations', Strict(showing), 2, inUtc),
  ShowingRefused: event(
    "The showing's id belongs to another movie's showing; this movie withdraws its own",
    Strict({ showingId: Id, movieId: Id }),
  ),
  ShowingCanceled: event(
    'The showing was cancelled; reservations beyond this append are cancelled next',
    Strict({ showingId: Id, movieId: Id, remaining: Count }),
  ),
  SeatHeld: event(
    'A seat is held until its payment has an outcome',
    Strict({ ...heldReservation, heldAt: Time }),
    2,
    sinceHold,
  ),
  ReservationConfirmed: event(
    'The payment was approved and the seat is reserved',
    Strict(heldReservation),
    2,
    sinceHold,
  ),
  SeatReleased: event(
    'The payment failed and the seat is free',
    Strict({ ...heldReservation, reason: Refusal }),
    2,
    sinceHold,
  ),
  SeatReservationCanceled: event(
    'A paid reservation was cancelled; its payment is refunded next',
    Strict({ ...heldReservation, reason: CancelReason }),
    2,
    sinceHold,
  ),
  PaymentRequested: event('The payment provider is called next', Strict({ ...payment, method: Method }), 2, sinceHold),
  PaymentApproved: event('The provider approved the payment', Strict(payment), 2, sinceHold),
  PaymentDeclined: event('The payment failed', Strict({ ...payment, reason: Refusal }), 2, sinceHold),
  PaymentRefunded: event('The payment was refunded', Strict(payment), 2, sinceHold),
  PaymentVoided: event('The provider never charged and refuses a later charge', Strict(payment), 2, sinceHold),
  ReviewWritten: event(
    'A guest wrote a review of the movie',
    Strict({ movieId: Id, customerId: Id, showingId: Id, reservationId: Id, rating: Rating, text: ReviewText }),
  ),
  ReviewDeleted: event('The review was deleted', Strict({ movieId: Id, customerId: Id, rating: Rating })),
  MessageSent: event(
    'The message was sent',
    Strict({ kind: MessageKind, showingId: Id, reservationId: Id, ...hold, customerId: Id }),
    2,
    sinceHold,
  ),
};

const MovieStatus = Status('on', 'deleted');
const ReservationStatus = Status('held', 'confirmed', 'refused', 'canceled');

export const commands = {
  RegisterMovie: command(
    'Put a movie on',
    Strict(movie),
    {
      method: 'POST',
      path: '/cinema/movies',
      id: 'movieId',
      status: 201,
      location: '/cinema/movies/{movieId}',
      answer: Strict({ ...movie, status: MovieStatus }),
    },
    ['movie-already-registered'],
  ),
  EditMovie: command(
    'Tell about a movie in other words',
    Strict(movie),
    {
      method: 'PUT',
      path: '/cinema/movies/{movieId}',
      status: 200,
      location: '/cinema/movies/{movieId}',
      answer: Strict({ ...movie, status: MovieStatus }),
    },
    ['movie-not-found', 'movie-deleted'],
  ),
  DeleteMovie: command(
    'Delete a movie: its showings are cancelled and their reservations refunded',
    Strict({ movieId: Id }),
    {
      method: 'DELETE',
      path: '/cinema/movies/{movieId}',
      status: 200,
      location: '/cinema/movies/{movieId}',
      answer: Strict({ movieId: Id, status: MovieStatus }),
    },
    ['movie-not-found', 'movie-deleted'],
  ),
  WithdrawRemainingShowings: internalCommand('Withdraw the next showings of a deleted movie', Strict({ movieId: Id })),
  WithdrawShowing: internalCommand(
    "Withdraw a showing whose id belongs to another movie's showing",
    Strict({ movieId: Id, showingId: Id }),
  ),
  ScheduleShowing: command(
    'Schedule a showing of a movie',
    Strict({ movieId: Id, showingId: Id, startsAt: Time, seats: Seats, price: Money }),
    {
      method: 'POST',
      path: '/cinema/movies/{movieId}/showings',
      id: 'showingId',
      status: 201,
      location: '/cinema/showings/{showingId}',
      answer: Strict({ ...showing, status: Status('open') }),
    },
    ['movie-not-found', 'movie-deleted', 'showing-already-exists', 'showing-canceled'],
  ),
  OpenShowing: internalCommand('Open a showing for reservations', Strict(showing)),
  CheckShowing: internalCommand(
    "Refuse the id of another movie's showing or of a cancelled one",
    Strict({ showingId: Id, movieId: Id }),
  ),
  CancelShowing: internalCommand('Cancel a showing and its reservations', Strict({ showingId: Id, movieId: Id })),
  CancelRemainingSeats: internalCommand(
    'Cancel the next reservations of a cancelled showing',
    Strict({ showingId: Id }),
  ),
  ReserveSeat: command(
    'Reserve a seat and pay for it',
    Strict({
      showingId: Id,
      reservationId: Id,
      customerId: Id,
      seat: Type.Optional(Seat),
      payment: Strict({ method: Method, token: Token }),
    }),
    {
      method: 'POST',
      path: '/cinema/showings/{showingId}/reservations',
      id: 'reservationId',
      status: 201,
      mayTakeLonger: true,
      location: '/cinema/showings/{showingId}/reservations/{reservationId}',
      answer: Strict({
        showingId: Id,
        reservationId: Id,
        customerId: Id,
        seat: Type.Optional(Seat),
        price: Money,
        status: ReservationStatus,
      }),
    },
    [
      'showing-not-found',
      'showing-canceled',
      'showing-full',
      'seat-taken',
      'no-such-seat',
      'reservation-already-exists',
      'already-canceled',
      'payment-declined',
      'payment-unavailable',
      'too-many-payments',
    ],
  ),
  ConfirmReservation: internalCommand(
    'Confirm a paid reservation',
    Strict({ showingId: Id, reservationId: Id, ...hold }),
  ),
  ReleaseSeat: internalCommand(
    'Release the seat of a reservation that was not paid',
    Strict({ showingId: Id, reservationId: Id, ...hold, reason: Refusal }),
  ),
  CheckReservationId: internalCommand(
    'Refuse the id of an existing reservation',
    Strict({ showingId: Id, reservationId: Id }),
  ),
  CheckReservation: internalCommand(
    'Refuse unless the reservation is confirmed',
    Strict({ showingId: Id, reservationId: Id, ...hold }),
  ),
  CancelSeat: command(
    'Cancel a reservation: the seat is free at once, and the payment is refunded',
    Strict({ showingId: Id, reservationId: Id, reason: CancelReason }),
    {
      method: 'DELETE',
      path: '/cinema/showings/{showingId}/reservations/{reservationId}',
      status: 200,
      location: '/cinema/showings/{showingId}/reservations/{reservationId}',
      answer: Strict({ showingId: Id, reservationId: Id, status: ReservationStatus }),
    },
    ['showing-not-found', 'reservation-not-found', 'reservation-pending', 'reservation-refused', 'already-canceled'],
  ),
  RequestPayment: internalCommand(
    'Record that the payment provider is called next',
    Strict({ ...payment, method: Method }),
  ),
  ApprovePayment: internalCommand('Record that the provider approved the payment', Strict(payment)),
  DeclinePayment: internalCommand('Record that the payment failed', Strict({ ...payment, reason: Refusal })),
  RecordRefund: internalCommand(
    'Record that the payment was refunded or never charged',
    Strict({ ...payment, charged: Type.Boolean() }),
  ),
  ProveGuest: internalCommand(
    'Refuse a customer without a confirmed reservation',
    Strict({ movieId: Id, customerId: Id, showingId: Id, reservationId: Id }),
  ),
  WriteReview: command(
    'Write a review of a movie',
    Strict({ movieId: Id, customerId: Id, showingId: Id, reservationId: Id, rating: Rating, text: ReviewText }),
    {
      method: 'POST',
      path: '/cinema/movies/{movieId}/reviews',
      status: 201,
      location: '/cinema/movies/{movieId}/reviews/{customerId}',
      answer: Strict({ movieId: Id, customerId: Id, rating: Rating, text: ReviewText }),
    },
    ['not-a-guest', 'review-already-exists'],
  ),
  DeleteReview: command(
    'Delete a review',
    Strict({ movieId: Id, customerId: Id }),
    {
      method: 'DELETE',
      path: '/cinema/movies/{movieId}/reviews/{customerId}',
      status: 200,
      location: '/cinema/movies/{movieId}',
      answer: Strict({ movieId: Id, customerId: Id }),
    },
    ['review-not-found'],
  ),
  CheckMessage: internalCommand(
    'Refuse a message that was already sent',
    Strict({ kind: MessageKind, showingId: Id, reservationId: Id, ...hold }),
  ),
  RecordMessageSent: internalCommand(
    'Record that a message was sent',
    Strict({ kind: MessageKind, showingId: Id, reservationId: Id, ...hold, customerId: Id }),
  ),
};

const ShowingStatus = Status('open', 'canceled');

const Showing = Strict({
  ...showing,
  status: ShowingStatus,
  held: Count,
  sold: Count,
  left: Count,
});

const { movieId: _movieId, title: _title, ...showingOfMovie } = Showing.properties;

const Movie = Strict({
  ...movie,
  status: MovieStatus,
  showings: Type.Array(Strict(showingOfMovie)),
  reservations: Strict({ held: Count, confirmed: Count, refused: Count, canceled: Count }),
  reviewCount: Count,
  averageRating: Type.Number({ minimum: 0, maximum: 5, description: '0 without reviews.', examples: [4.5] }),
});

const Reservation = Strict({
  ...reservation,
  status: ReservationStatus,
  payment: Type.Unsafe<'awaited' | 'requested' | 'approved' | 'declined' | 'unknown' | 'refunded' | 'voided'>({
    ...Status('awaited', 'requested', 'approved', 'declined', 'unknown', 'refunded', 'voided'),
    description: '`unknown`: the provider may have charged; the undo is pending.',
  }),
  reason: Type.Optional(Text(200, 'timed-out')),
  heldAt: Time,
  since: Type.String({
    ...Time,
    description:
      'The time of the last change of state. A reservation that stays long in `held`, or canceled and `approved`, is stuck.',
  }),
});

const Message = Strict({
  messageId: Type.String({
    description: 'The same when the message is sent again.',
    examples: ['confirmed.s-1.r-1.4'],
  }),
  customerId: Id,
  kind: MessageKind,
  showingId: Id,
  reservationId: Id,
  text: Type.String(),
  status: Status('kept', 'sent'),
  at: Time,
  sentAt: Type.Optional(Time),
});

const guest = { customerId: Id, showingId: Id, reservationId: Id };
const review = { movieId: Id, rating: Rating, text: ReviewText, writtenAt: Time };

const Review = Strict({ ...review, ...guest });

const PublicReview = Strict({
  ...review,
  customerId: Type.Optional({ ...Id, description: 'Only the guest and staff see it.' }),
  showingId: Type.Optional({ ...Id, description: 'Only the guest and staff see it.' }),
  reservationId: Type.Optional({ ...Id, description: 'Only the guest and staff see it.' }),
});

const byState = { status: Reservation.properties.status, payment: Reservation.properties.payment };

export const queries = {
  ...inView('cinema.movies', {
    movies: list('The movies with their showings, reservations and reviews', '/cinema/movies', Movie, {
      filters: { status: MovieStatus },
      sorts: ['title', 'averageRating'],
    }),
    movie: one('One movie', '/cinema/movies/{movieId}', Movie),
  }),
  ...inView('cinema.showings', {
    showings: list("A movie's showings", '/cinema/movies/{movieId}/showings', Showing, { sorts: ['startsAt'] }),
    showing: one('One showing', '/cinema/showings/{showingId}', Showing),
  }),
  ...inView('cinema.reservations', {
    reservations: list('Reservations by their state and its age', '/cinema/reservations', Reservation, {
      filters: { ...byState, customerId: Reservation.properties.customerId },
      sorts: ['since'],
    }),
    showingReservations: list("A showing's reservations", '/cinema/showings/{showingId}/reservations', Reservation, {
      filters: { status: byState.status },
      sorts: ['heldAt'],
    }),
    reservation: one('One reservation', '/cinema/showings/{showingId}/reservations/{reservationId}', Reservation),
    customerReservations: list(
      "A customer's reservations",
      '/cinema/customers/{customerId}/reservations',
      Reservation,
      {
        filters: { status: byState.status },
        sorts: ['heldAt'],
      },
    ),
  }),
  ...inView('cinema.messages', {
    customerMessages: list("A customer's messages", '/cinema/customers/{customerId}/messages', Message, {
      sorts: ['at'],
    }),
  }),
  ...inView('cinema.reviews', {
    reviews: list("A movie's reviews", '/cinema/movies/{movieId}/reviews', PublicReview, {
      sorts: ['writtenAt', 'rating'],
      personal: ['customerId', 'showingId', 'reservationId'],
    }),
    review: one("One customer's review", '/cinema/movies/{movieId}/reviews/{customerId}', Review),
  }),
};

export const overview = Strict({
  totals: Strict({ movies: Count, showings: Count, seats: Count, held: Count, sold: Count, left: Count }),
  movies: Type.Array(Movie, { maxItems: 50, description: 'By title; the rest are in /cinema/movies.' }),
  reservations: Type.Array(Reservation, { maxItems: 50, description: 'The latest changed first.' }),
});

/** How many showings or reservations one command cancels, in one append: the store takes 1 MiB. */
export const CANCELLATIONS_PER_COMMAND = 500;

export const schema = {
  name: 'cinema',
  title: 'Cinema',
  scope: { kind: 'movie', field: 'movieId' },
  events,
  commands,
  queries,
  access: {
    RegisterMovie: admin,
    EditMovie: admin,
    DeleteMovie: admin,
    ScheduleShowing: staff,
    ReserveSeat: customer(),
    CancelSeat: customer(),
    WriteReview: customer(),
    DeleteReview: customer(),
    movies: anyone,
    movie: anyone,
    showings: anyone,
    showing: anyone,
    reservations: staff,
    showingReservations: staff,
    reservation: customer(),
    customerReservations: customer(),
    customerMessages: customer(),
    // Anyone reads reviews; the guest's ids are for the guest and staff (see `personal` of the query).
    reviews: { ...customer(), ...anyone },
    review: customer(),
  },
  problems: {
    'movie-not-found': { status: 404, title: 'There is no such movie' },
    'movie-already-registered': { status: 409, title: 'A movie with this id exists already' },
    'movie-deleted': { status: 409, title: 'The movie is deleted' },
    'showing-not-found': { status: 404, title: 'There is no such showing' },
    'showing-already-exists': { status: 409, title: 'A showing with this id exists already' },
    'showing-canceled': { status: 409, title: 'The showing is cancelled' },
    'showing-full': { status: 409, title: 'No seat is left' },
    'seat-taken': { status: 409, title: 'The seat is taken' },
    'no-such-seat': { status: 422, title: 'The showing has no such seat' },
    'reservation-already-exists': { status: 409, title: 'A reservation with this id exists already' },
    'reservation-not-found': { status: 404, title: 'There is no such reservation' },
    'reservation-pending': { status: 409, title: 'The payment of the reservation is pending' },
    'reservation-refused': { status: 409, title: 'The reservation was not paid' },
    'already-canceled': { status: 409, title: 'The reservation is cancelled already' },
    'payment-declined': { status: 402, title: 'The payment was declined, and the seat is free again' },
    'payment-unavailable': {
      status: 503,
      title: 'Payments are not possible now, and no seat is held',
      retryAfter: 5,
    },
    'too-many-payments': { status: 503, title: 'Too many payments are in progress', retryAfter: 1 },
    'not-a-guest': { status: 409, title: 'The customer has no confirmed reservation' },
    'review-already-exists': { status: 409, title: 'The customer wrote a review of this movie already' },
    'review-not-found': { status: 404, title: 'There is no such review' },
  },
  overview,
} as const satisfies ContextSchema;

export type CinemaEvent = EventOf<typeof events>;
export type CinemaCommand = CommandOf<typeof commands>;

/** One hold of a reservation's seat. */
export type Hold = { showingId: string; reservationId: string; hold?: string };

/** Returns the hold in the data of an event or command. */
export const holdOf = ({ showingId, reservationId, hold }: Hold): Hold => ({
  showingId,
  reservationId,
  ...(hold === undefined ? {} : { hold }),
});

/**
 * Returns the key of everything that belongs to one hold alone.
 * @returns `{showingId}.{reservationId}.{hold}`, without the last part for a hold that has none
 */
export const holdKey = ({ showingId, reservationId, hold }: Hold): string =>
  `${showingId}.${reservationId}${hold === undefined ? '' : `.${hold}`}`;
