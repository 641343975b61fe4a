import { type Static, Type } from 'typebox';
import { admin, anyone, customer, staff } from './access.ts';
import { MAX_GROUP, rowsOf } from './cinema-seats.ts';
import { type CommandOf, type ContextSchema, command, type EventOf, event } from './kernel/context.ts';
import { defined } from './kernel/defined.ts';
import { HoldFor, keptPlaces, limitedPlaces } from './kernel/limited-places.ts';
import { Method, PAYMENT_FAILURES, Payment, PaymentFailure } from './kernel/payments.ts';
import { personal } from './kernel/personal.ts';
import { inView, list, one } from './kernel/queries.ts';
import { Count, except, Id, Money, Status, Strict, Text, Time, UtcTime, utcTime } from './kernel/values.ts';

/** The `cleaning` of showings in a hall that do not state one, in minutes. */
export const DEFAULT_CLEANING = 15;

/** The `cancelUntil` of showings that do not state one. */
export const DEFAULT_CANCEL_UNTIL = 20;

const Title = Text(200, '살인의 추억');
const Description = Text(2_000, '1986년, 두 형사가 범인을 쫓는다.');
const RunningTime = Type.Integer({ minimum: 1, maximum: 1_440, description: 'Minutes.', examples: [132] });
const StartsAt = Type.String({ ...Time, examples: ['2030-01-31T10:00:00.000Z'] });
const CancelUntil = Type.Integer({
  minimum: 0,
  maximum: 10_080,
  default: DEFAULT_CANCEL_UNTIL,
  description: 'Minutes before the start. Until then a reservation can be cancelled, for a full refund.',
  examples: [30],
});
const Seats = Type.Integer({ minimum: 1, maximum: 10_000, examples: [120] });
const Seat = Type.Integer({
  minimum: 1,
  maximum: 10_000,
  description: 'The number of a seat; left out, any seat that is free on the day.',
  examples: [12],
});
const HallMap = Type.Array(Type.String({ pattern: '^[ox_]{1,60}$', examples: ['ooo_ooo'] }), {
  minItems: 1,
  maxItems: 40,
  description:
    'The rows from the front, named A, B and so on. Each character is one place: `o` a seat, `x` a blocked seat, `_` an aisle.',
  examples: [['ooo_ooo', 'ooo_oox']],
});
const SeatName = Type.String({
  pattern: '^[A-Z]{0,2}[1-9]\\d{0,4}$',
  description: 'Row and number, such as `B7`; only the number in a showing without a hall map.',
  examples: ['B7'],
});
const SeatNames = Type.Array(SeatName, {
  minItems: 1,
  maxItems: MAX_GROUP,
  uniqueItems: true,
  description: 'Taken together or not at all, with one payment.',
  examples: [['B7', 'B8']],
});
const Total = Type.Integer({ ...Money, description: 'The price of all seats of the reservation.', examples: [24_000] });
const Cleaning = Type.Integer({
  minimum: 0,
  maximum: 1_440,
  default: DEFAULT_CLEANING,
  description: 'Minutes after the showing in which the hall is not used.',
  examples: [20],
});
const Rating = Type.Integer({ minimum: 1, maximum: 5, examples: [5] });
const ReviewText = Text(2_000, '다시 보고 싶은 영화');
const Reason = Text(200, 'changed plans');
/** The reason of cancellations that nobody wrote. */
export const SHOWING_CANCELED = 'showing-canceled';
const ofCustomer = personal('customerId');

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
const showing = {
  showingId: Id,
  movieId: Id,
  title: Title,
  startsAt: UtcTime,
  seats: Seats,
  price: Money,
  cancelUntil: Type.Optional(CancelUntil),
  holdFor: Type.Optional(HoldFor),
};
/**
 * The hall of a showing. `slot` belongs to one scheduling or move: an id may be scheduled again after a refusal, and a
 * showing may move back.
 */
const inHall = {
  hallId: Id,
  runningTime: RunningTime,
  cleaning: Cleaning,
  slot: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}(\\.\\d{1,19}){1,2}$', examples: ['movie-1.4'] }),
};
const showingWithMap = { ...showing, hallMap: Type.Optional(HallMap) };
const fullShowing = { ...showingWithMap, ...Type.Partial(Type.Object(inHall)).properties };

/**
 * Holds and waiting lists: of a number of seats, which a hold may name. Otherwise the reservation names or chooses
 * them.
 */
export const showingPlaces = limitedPlaces({
  context: 'cinema',
  prefix: 'ShowingPlace',
  key: 'showingId',
  path: '/cinema/showings/{showingId}',
  things: 'seats',
  resource: 'showing',
  full: 'showing-full',
  refusals: ['showing-not-found', 'showing-canceled', 'too-late'],
  most: MAX_GROUP,
  about: {
    movieId: Type.Optional(Id),
    title: Type.Optional(Title),
    startsAt: Type.Optional(UtcTime),
    hallId: Type.Optional(Id),
  },
  held: {
    seats: Type.Optional({
      ...SeatNames,
      description: 'The names of the held seats, as many as `places`. Left out: any seats.',
      examples: [['B2', 'B3']],
    }),
  },
  heldProblems: ['seats-differ', 'no-such-seat', 'seat-blocked', 'seat-taken'],
  versions: { Held: 2, HoldExpired: 2, HoldReleased: 2 },
});

const slotOfShowing = { hallId: fullShowing.hallId, slot: fullShowing.slot };
/** The facts that messages to the customer name, in the events of a reservation and of its payment. */
const details = {
  customerId: Id,
  title: Title,
  startsAt: Type.Optional(UtcTime),
  hallId: Type.Optional(Id),
  seat: Type.Optional(Seat),
  seats: Type.Optional(SeatNames),
};
const reservation = { showingId: Id, movieId: Id, reservationId: Id, ...details, price: Total };
const heldReservation = { ...reservation, ...hold };
const reservationRef = { showingId: Id, reservationId: Id };
const holdRef = { ...reservationRef, ...hold };
const payment = { ...holdRef, ...details, amount: Money };

const guest = { movieId: Id, customerId: Id, showingId: Id, reservationId: Id };

/** The moment at which a showing was withdrawn: it is cancelled unless it had begun. */
const withdrawn = { withdrawnAt: Type.Optional(UtcTime) };

const slotInHall = { hallId: Id, showingId: Id, movieId: Id, slot: inHall.slot };
/** The time for which a hall is wanted. */
const timeInHall = { startsAt: UtcTime, runningTime: RunningTime, cleaning: Cleaning };
const freedSlot = {
  ...slotInHall,
  movedTo: Type.Optional({ ...inHall.slot, description: 'The slot to which the showing moved.' }),
  ...withdrawn,
};

const reasonOfCustomer = personal('customerId', { except: [SHOWING_CANCELED, ...PAYMENT_FAILURES] });

/** Version 1 of these events kept `startsAt` as the client sent it, with any offset. */
const startInUtc = {
  1: (data: { startsAt: string }) => ({ ...data, startsAt: utcTime(data.startsAt) ?? data.startsAt }),
};

export const events = {
  ...showingPlaces.events,
  MovieRegistered: event('A movie was registered', Strict(movie)),
  MovieEdited: event('The title, description or running time of a movie changed', Strict(movie)),
  MovieDeleted: event(
    'The movie was deleted; showings beyond this append are withdrawn next',
    Strict({ movieId: Id, remaining: Count }),
  ),
  ShowingScheduled: event('A showing of the movie was scheduled', Strict(fullShowing), 3, startInUtc),
  ShowingWithdrawn: event(
    'A showing of the deleted movie was withdrawn',
    Strict({ movieId: Id, showingId: Id, ...slotOfShowing, ...withdrawn }),
    2,
  ),
  ShowingOpened: event('The showing is open for reservations', Strict(fullShowing), 3, startInUtc),
  ShowingRefused: event(
    "The showing's id belongs to another movie's showing; this movie withdraws its own",
    Strict({ showingId: Id, movieId: Id }),
  ),
  ShowingCanceled: event(
    'The showing was cancelled; reservations, holds and waiting entries beyond this append end next',
    Strict({ showingId: Id, movieId: Id, remaining: Count, ...slotOfShowing }),
    2,
  ),
  ShowingPlacesClosed: event(
    'The showing began; holds and waiting entries beyond this append end next',
    Strict({ showingId: Id, movieId: Id, remaining: Count }),
  ),
  HallBooked: event(
    'The hall is kept for the showing, which is opened next',
    Strict({ ...showingWithMap, ...inHall, until: UtcTime, bookedAt: Time }),
  ),
  HallRefused: event('Another showing has the hall at that time; the showing is withdrawn next', Strict(slotInHall)),
  HallRebooked: event(
    'The hall is kept at another time too, to which the showing moves next',
    Strict({ ...slotInHall, startsAt: UtcTime, until: UtcTime, bookedAt: UtcTime }),
  ),
  HallFreed: event('The hall is free at the time of the showing', Strict(freedSlot)),
  ShowingMoved: event(
    'The showing starts at another time; its guests beyond this append are told next',
    Strict({
      showingId: Id,
      movieId: Id,
      title: Title,
      startsAt: UtcTime,
      before: UtcTime,
      remaining: Count,
      ...slotOfShowing,
      formerSlot: slotOfShowing.slot,
    }),
  ),
  ShowingMoveVoided: event(
    'The showing has not moved to this slot of its hall, and never will; the slot is freed next',
    Strict(slotInHall),
  ),
  SeatHeld: event(
    'A seat is held until its payment has an outcome',
    Strict({ ...heldReservation, ...keptPlaces.fields, heldAt: Time }),
    3,
  ),
  ReservationConfirmed: event('The payment was approved and the seat is reserved', Strict(heldReservation), 3),
  SeatReleased: event(
    'The payment failed and the seat is free',
    Strict({ ...heldReservation, reason: PaymentFailure }),
    3,
  ),
  SeatReservationCanceled: event(
    'A paid reservation was cancelled; its payment is refunded next',
    Strict({ ...heldReservation, reason: Type.Optional(reasonOfCustomer(Reason)) }),
    3,
  ),
  SeatReservationMoved: event(
    'A paid reservation moved with its showing; `before` is the start that its customer knew',
    Strict({ ...heldReservation, before: UtcTime }),
  ),
  PaymentRequested: event('The payment provider is called next', Strict({ ...payment, method: Method }), 3),
  PaymentApproved: event('The provider approved the payment', Strict(payment), 3),
  PaymentDeclined: event('The payment failed', Strict({ ...payment, reason: PaymentFailure }), 3),
  PaymentRefunded: event('The payment was refunded', Strict(payment), 3),
  PaymentVoided: event('The provider never charged and refuses a later charge', Strict(payment), 3),
  ReviewWritten: event(
    'A guest wrote a review of the movie',
    Strict({ ...guest, rating: Rating, text: ofCustomer(ReviewText) }),
  ),
  ReviewDeleted: event('The review was deleted', Strict({ movieId: Id, customerId: Id, rating: Rating })),
};

const MovieStatus = Status('on', 'deleted');
const ReservationStatus = Status('held', 'confirmed', 'refused', 'canceled');

export const commands = {
  RegisterMovie: command(
    'Put a movie on',
    Strict(movie),
    { route: 'POST /cinema/movies', id: 'movieId', answer: Strict({ ...movie, status: MovieStatus }) },
    ['movie-already-registered', 'movie-deleted'],
  ),
  EditMovie: command(
    'Tell about a movie in other words',
    Strict(movie),
    { route: 'PUT /cinema/movies/{movieId}', answer: Strict({ ...movie, status: MovieStatus }) },
    ['movie-not-found', 'movie-deleted'],
  ),
  DeleteMovie: command(
    'Delete a movie: its showings are cancelled and their reservations refunded',
    Strict({ movieId: Id }),
    { route: 'DELETE /cinema/movies/{movieId}', answer: Strict({ movieId: Id, status: MovieStatus }) },
    ['movie-not-found', 'movie-deleted'],
  ),
  WithdrawRemainingShowings: command('Withdraw the next showings of a deleted movie', Strict({ movieId: Id })),
  WithdrawShowing: command(
    "Withdraw a showing whose id belongs to another movie's showing",
    Strict({ movieId: Id, showingId: Id, slot: slotOfShowing.slot }),
  ),
  BookHall: command('Keep a hall for a showing', Strict({ ...showingWithMap, ...inHall })),
  CheckHall: command('Refuse unless the showing has its hall', Strict({ hallId: Id, slot: inHall.slot })),
  CheckHallTime: command(
    'Refuse a time at which another showing has the hall',
    Strict({ hallId: Id, showingId: Id, movieId: Id, ...timeInHall }),
  ),
  RebookHall: command('Keep a hall for a showing at another time too', Strict({ ...slotInHall, ...timeInHall })),
  ReadMovie: command('Read the running time of a movie', Strict({ movieId: Id })),
  ReadShowing: command('Read the start and the hall of a showing', Strict({ showingId: Id })),
  SettleMove: command(
    'Give up a slot to which the showing has not moved',
    Strict({ showingId: Id, slot: inHall.slot }),
  ),
  FreeHall: command('Free the hall of a showing', Strict(freedSlot)),
  ScheduleShowing: command(
    'Schedule a showing of a movie',
    Strict({
      movieId: Id,
      showingId: Id,
      startsAt: StartsAt,
      seats: Type.Optional({
        ...Seats,
        description: 'With a hall map: left out, or the number of its seats without the blocked ones.',
        examples: [11],
      }),
      hallMap: Type.Optional(HallMap),
      hallId: Type.Optional(Id),
      cleaning: Type.Optional(Cleaning),
      price: { ...Money, examples: [12_000] },
      cancelUntil: Type.Optional(CancelUntil),
      holdFor: Type.Optional(HoldFor),
    }),
    {
      route: 'POST /cinema/movies/{movieId}/showings',
      id: 'showingId',
      location: '/cinema/showings/{showingId}',
      answer: Strict({ ...fullShowing, status: Status('open') }),
    },
    [
      'no-seats',
      'movie-not-found',
      'movie-deleted',
      'showing-already-exists',
      'showing-canceled',
      'hall-in-use',
      'too-late',
    ],
  ),
  OpenShowing: command('Open a showing for reservations', Strict(fullShowing)),
  CheckShowing: command(
    "Refuse the id of another movie's showing or of a cancelled one",
    Strict({ showingId: Id, movieId: Id }),
  ),
  CancelShowing: command(
    'Cancel a showing: its reservations are cancelled and refunded',
    Strict({ showingId: Id }),
    { route: 'DELETE /cinema/showings/{showingId}', answer: Strict({ showingId: Id, status: Status('canceled') }) },
    ['showing-not-found', 'showing-canceled'],
  ),
  CancelWithdrawnShowing: command(
    'Cancel a showing of a deleted movie, and its reservations, unless it had begun',
    Strict({ showingId: Id, movieId: Id, ...withdrawn }),
  ),
  CancelRemainingSeats: command(
    'End the next reservations, holds and waiting entries of a showing that is cancelled or began',
    Strict({ showingId: Id }),
  ),
  MoveRemainingSeats: command('Move the next reservations of a showing that was moved', Strict({ showingId: Id })),
  MoveShowing: command(
    'Move a showing to another time; customers may cancel until the new start',
    Strict({ showingId: Id, startsAt: StartsAt }),
    { route: 'PATCH /cinema/showings/{showingId}', answer: Strict({ showingId: Id, startsAt: UtcTime }) },
    ['showing-not-found', 'showing-canceled', 'hall-in-use', 'hall-unavailable', 'too-late'],
  ),
  ...showingPlaces.commands,
  ReserveSeat: command(
    'Reserve up to eight seats and pay for them: free ones, or those kept by `holdId` or for `entryId`',
    Strict({
      ...reservationRef,
      customerId: Id,
      seat: Type.Optional({ ...Seat, examples: [] }),
      seats: Type.Optional({ ...SeatNames, examples: [['B2', 'B3']] }),
      places: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: MAX_GROUP,
          description: 'Seats beside each other in one row, which Plaza chooses.',
          examples: [],
        }),
      ),
      ...keptPlaces.fields,
      amount: Type.Optional({ ...Total, description: 'The price that the customer saw, for all seats.' }),
      payment: Type.Optional({ ...Payment, description: 'A free showing needs none.' }),
    }),
    {
      route: 'POST /cinema/showings/{showingId}/reservations',
      id: 'reservationId',
      mayTakeLonger: true,
      answer: Strict({
        ...reservationRef,
        customerId: Id,
        seat: Type.Optional(Seat),
        seats: Type.Optional(SeatNames),
        price: Total,
        status: ReservationStatus,
      }),
    },
    [
      'showing-not-found',
      'showing-canceled',
      'too-late',
      'showing-full',
      ...keptPlaces.problems,
      'seat-taken',
      'seat-blocked',
      'seats-apart',
      'no-such-seat',
      'choice-ambiguous',
      'seats-differ',
      'price-changed',
      'price-too-high',
      'reservation-already-exists',
      'already-canceled',
      'payment-required',
      'payment-declined',
      'payment-unavailable',
      'too-many-payments',
    ],
  ),
  ConfirmReservation: command('Confirm a paid reservation', Strict(holdRef)),
  ReleaseSeat: command(
    'Release the seat of a reservation that was not paid',
    Strict({ ...holdRef, reason: PaymentFailure }),
  ),
  CheckReservationId: command('Refuse the id of an existing reservation', Strict(reservationRef)),
  CheckReservation: command(
    'Refuse unless the reservation is confirmed; for a repeat, unless it was when it ended',
    Strict({ ...holdRef, isRepeat: Type.Optional(Type.Boolean()) }),
  ),
  CancelSeat: command(
    'Cancel a reservation: the seat is free at once, and the payment is refunded',
    Strict({
      ...reservationRef,
      reason: Type.Optional(except(Reason, [SHOWING_CANCELED])),
    }),
    {
      route: 'DELETE /cinema/showings/{showingId}/reservations/{reservationId}',
      answer: Strict({ ...reservationRef, status: ReservationStatus }),
    },
    [
      'showing-not-found',
      'reservation-not-found',
      'reservation-pending',
      'reservation-refused',
      'already-canceled',
      'too-late',
    ],
  ),
  RequestPayment: command('Record that the payment provider is called next', Strict({ ...payment, method: Method })),
  ApprovePayment: command('Record that the provider approved the payment', Strict(payment)),
  DeclinePayment: command('Record that the payment failed', Strict({ ...payment, reason: PaymentFailure })),
  RecordRefund: command(
    'Record that the payment was refunded or never charged',
    Strict({ ...payment, charged: Type.Boolean() }),
  ),
  ProveGuest: command('Refuse a customer without a confirmed reservation for a showing that has begun', Strict(guest)),
  WriteReview: command(
    'Write a review of a movie',
    Strict({ ...guest, rating: Rating, text: ReviewText }),
    {
      route: 'POST /cinema/movies/{movieId}/reviews',
      status: 201,
      location: '/cinema/movies/{movieId}/reviews/{customerId}',
      answer: Strict({ movieId: Id, customerId: Id, rating: Rating, text: ReviewText }),
    },
    ['not-a-guest', 'showing-not-begun', 'review-already-exists'],
  ),
  WithdrawReview: command('Delete the review of a cancelled reservation', Strict(guest)),
  DeleteReview: command(
    'Delete a review',
    Strict({ movieId: Id, customerId: Id }),
    {
      route: 'DELETE /cinema/movies/{movieId}/reviews/{customerId}',
      location: '/cinema/movies/{movieId}',
      answer: Strict({ movieId: Id, customerId: Id }),
    },
    ['review-not-found'],
  ),
};

const ShowingStatus = Status('open', 'canceled');

const Showing = Strict({
  ...showing,
  hallId: fullShowing.hallId,
  status: ShowingStatus,
  held: Type.Integer({ minimum: 0, description: 'Seats whose payment is pending.' }),
  sold: Count,
  onHold: Type.Integer({ minimum: 0, description: 'Seats that are held, or offered to waiting customers.' }),
  waiting: Type.Integer({ minimum: 0, description: 'Entries in the waiting list.' }),
  left: Count,
});

/** The seats of a showing as they are stored: each row is a text, so that one event changes little. */
export type StoredSeats = {
  showingId: string;
  status: 'open' | 'canceled';
  /** The hall map with `h` for a held seat and `s` for a sold one; undefined names of rows are those of a hall map. */
  rows: string[];
  hasMap: boolean;
};

const SEAT_STATUS = { o: 'free', h: 'held', s: 'sold', x: 'blocked' } as const;

const SeatMap = Strict({
  showingId: Id,
  status: ShowingStatus,
  rows: Type.Array(
    Strict({
      row: Type.String({ description: 'Empty in a showing without a hall map.', examples: ['B'] }),
      seats: Type.Array(
        Strict({
          seat: SeatName,
          status: Status('free', 'held', 'sold', 'blocked'),
          column: Type.Integer({ minimum: 1, description: 'The place in the row, counting aisles.' }),
        }),
      ),
    }),
  ),
});

/** Returns the answer for stored seats. */
export const presentSeats = ({ showingId, status, rows, hasMap }: StoredSeats): Static<typeof SeatMap> => ({
  showingId,
  status,
  rows: (hasMap ? rowsOf(rows, 0) : rowsOf(undefined, rows[0]?.length ?? 0)).map(({ row, seats }, index) => ({
    row,
    seats: seats.map(({ name, column }) => ({
      seat: name,
      status: SEAT_STATUS[rows[index]![column - 1] as keyof typeof SEAT_STATUS],
      column,
    })),
  })),
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
  payment: {
    ...Status('awaited', 'requested', 'approved', 'declined', 'unknown', 'refunded', 'voided'),
    description: '`unknown`: the provider may have charged; the undo is pending. `voided`: nothing was charged.',
  },
  reason: Type.Optional(reasonOfCustomer(Text(200, 'timed-out'))),
  heldAt: Time,
  since: {
    ...Time,
    description:
      'The time of the last change of state. A reservation that stays long in `held`, or canceled and `approved`, is stuck.',
  },
});

const review = { movieId: Id, rating: Rating, text: ofCustomer(ReviewText), writtenAt: Time };

const Review = Strict({ ...review, ...guest });
const GuestsOwn = Type.Optional({ ...Id, description: 'Only the guest and staff see it.' });
const PublicReview = Strict({ ...review, customerId: GuestsOwn, showingId: GuestsOwn, reservationId: GuestsOwn });

const byState = { status: Reservation.properties.status, payment: Reservation.properties.payment };

/** An edited title and a moved start are shown at once, also for what was reserved before. */
const currentTitle = { title: { view: 'cinema.movies', by: 'movieId' } };
const ofReservation = { ...currentTitle, startsAt: { view: 'cinema.showings', by: 'showingId' } };

export const queries = {
  ...showingPlaces.queries,
  ...inView('cinema.movies', {
    movies: list('The movies with their showings, reservations and reviews', '/cinema/movies', Movie, {
      closed: ['deleted'],
      filters: { status: MovieStatus },
      sorts: ['title', 'averageRating'],
      prefix: 'title',
    }),
    movie: one('One movie', '/cinema/movies/{movieId}', Movie, { search: { title: 'name', movieId: 'id' } }),
  }),
  ...inView('cinema.showings', {
    showings: list("A movie's showings", '/cinema/movies/{movieId}/showings', Showing, {
      closed: ['canceled'],
      range: 'startsAt',
      current: currentTitle,
    }),
    hallShowings: list('The showings in a hall', '/cinema/halls/{hallId}/showings', Showing, {
      closed: ['canceled'],
      range: 'startsAt',
      current: currentTitle,
    }),
    showing: one('One showing', '/cinema/showings/{showingId}', Showing, {
      current: currentTitle,
      search: { showingId: 'id' },
    }),
  }),
  ...inView('cinema.seats', {
    seats: one('The seats of a showing', '/cinema/showings/{showingId}/seats', SeatMap, {
      present: (stored) => presentSeats(stored as StoredSeats),
      hasHistory: false,
    }),
  }),
  ...inView('cinema.reservations', {
    reservations: list('Reservations by their state and its age', '/cinema/reservations', Reservation, {
      filters: { ...byState, customerId: Reservation.properties.customerId, movieId: Id },
      range: 'since',
      current: ofReservation,
    }),
    showingReservations: list("A showing's reservations", '/cinema/showings/{showingId}/reservations', Reservation, {
      filters: { status: byState.status },
      range: 'heldAt',
      current: ofReservation,
    }),
    reservation: one('One reservation', '/cinema/showings/{showingId}/reservations/{reservationId}', Reservation, {
      current: ofReservation,
      search: { reservationId: 'id' },
    }),
    customerReservations: list(
      "A customer's reservations",
      '/cinema/customers/{customerId}/reservations',
      Reservation,
      {
        filters: { status: byState.status },
        range: 'heldAt',
        current: ofReservation,
      },
    ),
  }),
  ...inView('cinema.reviews', {
    reviews: list("A movie's reviews", '/cinema/movies/{movieId}/reviews', PublicReview, {
      sorts: ['writtenAt', 'rating'],
      range: 'writtenAt',
      personal: ['customerId', 'showingId', 'reservationId'],
    }),
    review: one("One customer's review", '/cinema/movies/{movieId}/reviews/{customerId}', Review),
  }),
};

const overview = Strict({
  totals: Strict({ movies: Count, showings: Count, seats: Count, held: Count, sold: Count, left: Count }),
  movies: Type.Array(Movie, { maxItems: 50, description: 'By title; the rest are in /cinema/movies.' }),
  reservations: Type.Array(Reservation, { maxItems: 50, description: 'The latest changed first.' }),
});

export const schema = {
  name: 'cinema',
  title: 'Cinema',
  scope: { kind: 'movie', field: 'movieId' },
  events,
  commands,
  queries,
  access: {
    ...showingPlaces.access,
    RegisterMovie: admin,
    EditMovie: admin,
    DeleteMovie: admin,
    ScheduleShowing: staff,
    CancelShowing: staff,
    MoveShowing: staff,
    ReserveSeat: customer(),
    CancelSeat: customer(),
    WriteReview: customer(),
    DeleteReview: customer(),
    movies: anyone,
    movie: anyone,
    showings: anyone,
    showing: anyone,
    hallShowings: anyone,
    seats: anyone,
    reservations: staff,
    showingReservations: staff,
    reservation: customer(),
    customerReservations: customer(),
    // Anyone reads reviews; the guest's ids are for the guest and staff (see `personal` of the query).
    reviews: { ...customer(), ...anyone },
    review: customer(),
  },
  problems: {
    ...showingPlaces.problems,
    'movie-not-found': { status: 404, title: 'There is no such movie' },
    'movie-already-registered': { status: 409, title: 'A movie with this id exists already' },
    'movie-deleted': { status: 409, title: 'The movie is deleted' },
    'showing-not-found': { status: 404, title: 'There is no such showing' },
    'showing-already-exists': { status: 409, title: 'A showing with this id exists already' },
    'showing-canceled': { status: 409, title: 'The showing is cancelled' },
    'too-late': { status: 409, title: 'The time for this has passed' },
    'hall-in-use': { status: 409, title: 'Another showing has the hall at that time' },
    'hall-unavailable': { status: 503, title: 'The hall is not kept at that time yet', retryAfter: 60 },
    'showing-full': { status: 409, title: 'No seat is left' },
    'seat-taken': { status: 409, title: 'The seat is taken' },
    'seat-blocked': { status: 409, title: 'The seat is blocked' },
    'seats-apart': { status: 409, title: 'The seats that are left are not beside each other' },
    'choice-ambiguous': { status: 422, title: 'Only one of seat, seats and places can be given' },
    'seats-differ': { status: 422, title: 'The seats differ from the places, or from those of the hold' },
    'price-changed': { status: 409, title: 'The price differs from the amount that the customer saw' },
    'price-too-high': { status: 422, title: 'The price of all seats is over the limit of one payment' },
    'no-seats': { status: 422, title: 'A showing needs a number of seats, or a hall map with a seat' },
    'no-such-seat': { status: 422, title: 'The showing has no such seat' },
    'reservation-already-exists': { status: 409, title: 'A reservation with this id exists already' },
    'reservation-not-found': { status: 404, title: 'There is no such reservation' },
    'reservation-pending': { status: 409, title: 'The payment of the reservation is pending' },
    'reservation-refused': { status: 409, title: 'The reservation was not paid' },
    'already-canceled': { status: 409, title: 'The reservation is cancelled already' },
    'payment-required': { status: 402, title: 'The seats must be paid for' },
    'payment-declined': { status: 402, title: 'The payment was declined, and the seat is free again' },
    'payment-unavailable': {
      status: 503,
      title: 'Payments are not possible now, and no seat is held',
      retryAfter: 5,
    },
    'too-many-payments': { status: 503, title: 'Too many payments are in progress', retryAfter: 1 },
    'not-a-guest': { status: 409, title: 'The customer has no confirmed reservation' },
    'showing-not-begun': { status: 409, title: 'The showing has not begun yet' },
    'review-already-exists': { status: 409, title: 'The customer wrote a review of this movie already' },
    'review-not-found': { status: 404, title: 'There is no such review' },
  },
  overview,
  report: {
    occupancy: 'sold seats of all seats of the open showings that start in the day or hour.',
    places: { view: 'cinema.showings', at: 'startsAt', taken: 'sold', capacity: 'seats', only: { status: ['open'] } },
  },
} as const satisfies ContextSchema;

export type CinemaEvent = EventOf<typeof events>;
export type CinemaCommand = CommandOf<typeof commands>;

/** Returns the slot of a showing's scheduling, from that or the slot of a later move. */
export const schedulingOf = (slot: string): string => slot.split('.', 2).join('.');

/** Returns the names of a reservation's seats; none when any seat on the day will do. */
export const seatNamesOf = ({ seat, seats }: { seat?: number; seats?: string[] }): string[] =>
  seats ?? (seat === undefined ? [] : [`${seat}`]);

/** Returns the number of a reservation's seats. */
export const placesOf = ({ seats }: { seats?: string[] }): number => seats?.length ?? 1;

/** One hold of a reservation's seat. */
export type Hold = { showingId: string; reservationId: string; hold?: string };

/** Returns the hold in the data of an event or command. */
export const holdOf = ({ showingId, reservationId, hold }: Hold): Hold => defined({ showingId, reservationId, hold });

type Details = Hold & Pick<Static<typeof Reservation>, keyof typeof details>;

/** Returns the data of the payment of a reservation, from one of its events or of its payment's. */
export const paymentOf = (of: Details & ({ price: number } | { amount: number })) => {
  const { customerId, title, startsAt, hallId, seat, seats } = of;
  const amount = 'amount' in of ? of.amount : of.price;
  return defined({ ...holdOf(of), customerId, title, startsAt, hallId, seat, seats, amount });
};

/**
 * Returns the key of everything that belongs to one hold alone.
 * @returns `{showingId}.{reservationId}.{hold}`, without the last part for a hold that has none
 */
export const holdKey = ({ showingId, reservationId, hold }: Hold): string =>
  `${showingId}.${reservationId}${hold === undefined ? '' : `.${hold}`}`;
