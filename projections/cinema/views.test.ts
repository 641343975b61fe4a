import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { type CinemaEvent, queries } from '../../schemas/cinema.ts';
import type { Projection } from '../kernel/projection.ts';
import { documentsAfter } from '../kernel/testing.ts';
import { messages } from './messages.ts';
import { movies } from './movies.ts';
import { reservations } from './reservations.ts';
import { reviews } from './reviews.ts';
import { showings } from './showings.ts';

const ajv = new Ajv({ strict: true });
formats.default(ajv, ['date-time']);

const timeOf = (index: number) => new Date(Date.parse('2026-01-31T09:00:00.000Z') + index * 60_000).toISOString();

/** A view after events: its documents by their `_id`. */
const viewAfter = (projection: Projection, events: readonly CinemaEvent[]): Record<string, object> =>
  documentsAfter(projection, ...events.map((event, index) => ({ ...event, time: timeOf(index) })));

const [movieId, showingId, customerId, title, price] = ['m-1', 's-1', 'CUST1', '괴물', 12_000];
const film = { movieId, title, description: '한강', runningTime: 119 };
const told = (reservationId: string, seat?: number) => ({
  showingId,
  movieId,
  reservationId,
  customerId,
  title,
  ...(seat === undefined ? {} : { seat }),
  price,
});
const paid = (reservationId: string) => ({ showingId, reservationId, customerId, title, amount: price });

const registered: CinemaEvent = { type: 'MovieRegistered', data: film };
const opened: CinemaEvent = {
  type: 'ShowingOpened',
  data: { showingId, movieId, title, startsAt: '2027-01-31T19:00:00.000Z', seats: 3, price },
};
const held = (id: string, seat?: number): CinemaEvent => ({
  type: 'SeatHeld',
  data: { ...told(id, seat), heldAt: timeOf(0) },
});
const requested = (id: string): CinemaEvent => ({ type: 'PaymentRequested', data: { ...paid(id), method: 'card' } });
const approved = (id: string): CinemaEvent => ({ type: 'PaymentApproved', data: paid(id) });
const confirmed = (id: string, seat?: number): CinemaEvent => ({ type: 'ReservationConfirmed', data: told(id, seat) });
const declined = (id: string, reason: 'declined' | 'timed-out'): CinemaEvent => ({
  type: 'PaymentDeclined',
  data: { ...paid(id), reason },
});
const released = (id: string, reason: 'declined' | 'timed-out'): CinemaEvent => ({
  type: 'SeatReleased',
  data: { ...told(id), reason },
});
const canceled = (id: string, seat?: number): CinemaEvent => ({
  type: 'SeatReservationCanceled',
  data: { ...told(id, seat), reason: 'changed plans' },
});
const refunded = (id: string): CinemaEvent => ({ type: 'PaymentRefunded', data: paid(id) });
const review = (customer: string, rating: number): CinemaEvent => ({
  type: 'ReviewWritten',
  data: { movieId, customerId: customer, showingId, reservationId: 'a', rating, text: '좋다' },
});
const unreviewed = (customer: string, rating: number): CinemaEvent => ({
  type: 'ReviewDeleted',
  data: { movieId, customerId: customer, rating },
});
const sent: CinemaEvent = {
  type: 'MessageSent',
  data: { kind: 'confirmed', showingId, reservationId: 'a', customerId },
};

const everything: readonly CinemaEvent[] = [
  registered,
  { type: 'MovieEdited', data: { ...film, title: 'The Host' } },
  opened,
  held('a', 1),
  requested('a'),
  approved('a'),
  confirmed('a', 1),
  sent,
  held('b'),
  requested('b'),
  declined('b', 'declined'),
  released('b', 'declined'),
  held('c'),
  declined('c', 'timed-out'),
  released('c', 'timed-out'),
  { type: 'PaymentVoided', data: paid('c') },
  held('d'),
  requested('d'),
  approved('d'),
  confirmed('d'),
  canceled('d'),
  refunded('d'),
  held('e', 2),
  review(customerId, 4),
  review('CUST2', 5),
  review('CUST3', 1),
  unreviewed('CUST3', 1),
];

it('movies are one page: showings with their seats, reservations by status, reviews', () => {
  expect(viewAfter(movies, everything)[movieId]).toEqual({
    ...film,
    title: 'The Host',
    status: 'on',
    showings: [
      { showingId, startsAt: '2027-01-31T19:00:00.000Z', seats: 3, price, status: 'open', held: 1, sold: 1, left: 1 },
    ],
    reservations: { held: 1, confirmed: 1, refused: 2, canceled: 1 },
    reviewCount: 2,
    averageRating: 4.5,
    ratingSum: 9,
  });
  const off: CinemaEvent[] = [
    { type: 'MovieDeleted', data: { movieId, remaining: 0 } },
    { type: 'ShowingCanceled', data: { showingId, movieId, remaining: 0 } },
  ];
  expect(viewAfter(movies, [...everything, ...off])[movieId]).toMatchObject({
    status: 'deleted',
    showings: [{ status: 'canceled' }],
  });
});

it('a movie without reviews has no average', () =>
  expect(viewAfter(movies, [registered, review('a', 3), unreviewed('a', 3)])[movieId]).toMatchObject({
    reviewCount: 0,
    averageRating: 0,
  }));

it('showings tell the seats that are held, sold and left', () =>
  expect(viewAfter(showings, everything)[showingId]).toMatchObject({ seats: 3, held: 1, sold: 1, left: 1 }));

describe('reservations', () => {
  it('tell how they and their payments stand', () => {
    const view = viewAfter(reservations, everything) as Record<string, { status: string; payment: string }>;
    const states = Object.entries(view).map(([id, { status, payment }]) => `${id} ${status} ${payment}`);
    expect(states).toEqual([
      's-1.a confirmed approved',
      's-1.b refused declined',
      's-1.c refused voided',
      's-1.d canceled refunded',
      's-1.e held awaited',
    ]);
  });
  it('tell what is not at its end, and since when', () => {
    const one = (...events: CinemaEvent[]) => viewAfter(reservations, events)['s-1.a'];
    expect(one(held('a'), requested('a'))).toMatchObject({ status: 'held', payment: 'requested', since: timeOf(1) });
    expect(one(held('a'), declined('a', 'timed-out'), released('a', 'timed-out'))).toMatchObject({
      status: 'refused',
      payment: 'unknown',
      reason: 'timed-out',
    });
    expect(one(held('a'), approved('a'), confirmed('a'), canceled('a'))).toMatchObject({
      status: 'canceled',
      payment: 'approved',
      reason: 'changed plans',
    });
  });
});

it('a reservation shows its latest hold, and ignores what comes late for an earlier one', () => {
  const ofHold = (hold: string, { type, data }: CinemaEvent) => ({ type, data: { ...data, hold } }) as CinemaEvent;
  const first = [held('a'), requested('a'), approved('a'), confirmed('a'), canceled('a')];
  const late = refunded('a');
  const again = ofHold('9', held('a'));
  expect(viewAfter(reservations, [...first, again, late])['s-1.a']).toMatchObject({
    status: 'held',
    payment: 'awaited',
  });
  expect(
    viewAfter(reservations, [...first.map((event) => ofHold('1', event)), again, ofHold('1', late)])['s-1.a'],
  ).toMatchObject({ status: 'held', payment: 'awaited' });
  expect(viewAfter(reservations, [...first, again, late, ofHold('9', approved('a'))])['s-1.a']).toMatchObject({
    status: 'held',
    payment: 'approved',
  });
});

it('messages are kept until they are sent', () => {
  const view = viewAfter(messages, everything);
  expect(Object.keys(view)).toEqual(['confirmed.s-1.a', 'confirmed.s-1.d', 'canceled.s-1.d', 'refunded.s-1.d']);
  expect(view['confirmed.s-1.a']).toMatchObject({ status: 'sent', sentAt: timeOf(7), at: timeOf(6), customerId });
  expect(view['refunded.s-1.d']).toMatchObject({
    status: 'kept',
    text: '12000 for your reservation d for 괴물 was refunded.',
  });
});

it('reviews are gone when they are deleted', () =>
  expect(Object.keys(viewAfter(reviews, everything))).toEqual(['m-1.CUST1', 'm-1.CUST2']));

it.each([
  [movies, queries.movie, 1],
  [showings, queries.showing, 1],
  [reservations, queries.reservation, 5],
  [messages, queries.customerMessages, 4],
  [reviews, queries.review, 2],
])('$name has documents of the shape that its queries tell', (projection, query, count) => {
  const isItem = ajv.compile(query.item);
  const documents = Object.values(viewAfter(projection, everything));
  expect(documents).toHaveLength(count);
  for (const { ratingSum: _sum, hold: _hold, ...document } of documents as { ratingSum?: number; hold?: string }[]) {
    isItem(document);
    expect(isItem.errors).toBeNull();
  }
});

it.each([
  [movies, confirmed('a')],
  [showings, held('a')],
  [reservations, confirmed('a')],
  [messages, sent],
] as const)('$name parks an event of what never began', (projection, event) =>
  expect(() => viewAfter(projection, [event])).toThrow(),
);
