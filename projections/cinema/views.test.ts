import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { type CinemaEvent, presentSeats, queries, type StoredSeats } from '../../schemas/cinema.ts';
import type { Projection } from '../kernel/projection.ts';
import { documentsAfter } from '../kernel/testing.ts';
import { projections } from './index.ts';
import { movies } from './movies.ts';
import { reservations } from './reservations.ts';
import { reviews } from './reviews.ts';
import { seats } from './seats.ts';
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
  data: { showingId, movieId, title, startsAt: '2027-01-31T19:00:00.000Z', seats: 3, price, cancelUntil: 90 },
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
const everything: readonly CinemaEvent[] = [
  registered,
  { type: 'MovieEdited', data: { ...film, title: 'The Host' } },
  opened,
  held('a', 1),
  requested('a'),
  approved('a'),
  confirmed('a', 1),
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
      {
        showingId,
        startsAt: '2027-01-31T19:00:00.000Z',
        seats: 3,
        price,
        cancelUntil: 90,
        status: 'open',
        held: 1,
        sold: 1,
        onHold: 0,
        waiting: 0,
        left: 1,
      },
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
    showings: [{ status: 'canceled', left: 0 }],
  });
});

it('a movie without reviews has no average', () =>
  expect(viewAfter(movies, [registered, review('a', 3), unreviewed('a', 3)])[movieId]).toMatchObject({
    reviewCount: 0,
    averageRating: 0,
  }));

it('showings tell the seats that are held, sold and left', () =>
  expect(viewAfter(showings, everything)[showingId]).toMatchObject({
    seats: 3,
    held: 1,
    sold: 1,
    left: 1,
    cancelUntil: 90,
  }));

it('a free reservation has no payment, and waits for no refund', () => {
  const free = ({ type, data }: CinemaEvent) => ({ type, data: { ...data, price: 0 } }) as CinemaEvent;
  const sold = [free(held('a')), free(confirmed('a'))];
  const id = `${showingId}.a`;
  expect(viewAfter(reservations, sold)[id]).toMatchObject({ status: 'confirmed', payment: 'voided' });
  for (const before of [sold, [free(held('a')), requested('a'), approved('a'), free(confirmed('a'))]])
    expect(viewAfter(reservations, [...before, free(canceled('a'))])[id]).toMatchObject({
      status: 'canceled',
      payment: 'voided',
    });
});

describe('seats', () => {
  const hallMap = ['oo_xo', 'oo'];
  const withMap: CinemaEvent = {
    type: 'ShowingOpened',
    data: { showingId, movieId, title, startsAt: '2027-01-31T19:00:00.000Z', seats: 5, price, hallMap },
  };
  const ofGroup = ({ type, data }: CinemaEvent, ...names: string[]) =>
    ({ type, data: { ...data, seats: names, price: names.length * price } }) as CinemaEvent;
  const shown = (...events: CinemaEvent[]) =>
    presentSeats(viewAfter(seats, events)[showingId] as StoredSeats).rows.flatMap((row) =>
      row.seats.map(({ seat, status, column }) => `${seat} ${status} ${column}`),
    );

  it('are free, held, sold or blocked, with their places in the row', () => {
    const before = [withMap, ofGroup(held('a'), 'A2', 'A4'), ofGroup(held('b'), 'B1'), ofGroup(held('c'), 'B2')];
    const after = [ofGroup(confirmed('a'), 'A2', 'A4'), ofGroup(released('c', 'declined'), 'B2')];
    expect(shown(...before, ...after)).toEqual([
      'A1 free 1',
      'A2 sold 2',
      'A3 blocked 4',
      'A4 sold 5',
      'B1 held 1',
      'B2 free 2',
    ]);
    expect(shown(...before, ...after, ofGroup(canceled('a'), 'A2', 'A4'))).toContain('A4 free 5');
  });
  it('are held by a hold that names them, until it ends or a reservation takes them', () => {
    const hold = { showingId, movieId, holdId: 'h-1', customerId, places: 2, seats: ['A1', 'B2'] };
    const before = [withMap, { type: 'ShowingPlaceHeld', data: { ...hold, expiresAt: timeOf(9) } } as CinemaEvent];
    expect(shown(...before).filter((seat) => seat.includes('held'))).toEqual(['A1 held 1', 'B2 held 2']);
    for (const type of ['ShowingPlaceHoldExpired', 'ShowingPlaceHoldReleased'] as const)
      expect(shown(...before, { type, data: hold }).filter((seat) => seat.includes('held'))).toEqual([]);
    const taken = ofGroup(held('a'), 'A1', 'B2');
    const sold = ofGroup(confirmed('a'), 'A1', 'B2');
    expect(shown(...before, taken, sold).filter((seat) => seat.includes('sold'))).toEqual(['A1 sold 1', 'B2 sold 2']);
  });
  it('are numbered in a showing without a hall map', () =>
    expect(shown(opened, held('a', 2), held('b'))).toEqual(['1 free 1', '2 held 2', '3 free 3']));
  it('have the names of rows beyond Z', () => {
    const many = {
      ...withMap,
      data: { ...withMap.data, hallMap: Array.from({ length: 40 }, () => 'o') },
    } as CinemaEvent;
    const names = shown(many, ofGroup(held('a'), 'AN1'));
    expect([names.at(25), names.at(26), names.at(39)]).toEqual(['Z1 free 1', 'AA1 free 1', 'AN1 held 1']);
  });
  it('count in the views of the showing and its movie', () => {
    const events = [registered, withMap, ofGroup(held('a'), 'A2', 'A4'), ofGroup(held('b'), 'B1', 'B2')];
    const all = [...events, ofGroup(confirmed('a'), 'A2', 'A4')];
    expect(viewAfter(showings, all)[showingId]).toMatchObject({ seats: 5, held: 2, sold: 2, left: 1 });
    expect(viewAfter(movies, all)[movieId]).toMatchObject({
      showings: [{ held: 2, sold: 2, left: 1 }],
      reservations: { held: 1, confirmed: 1 },
    });
    expect(viewAfter(reservations, all)['s-1.a']).toMatchObject({ seats: ['A2', 'A4'], price: 2 * price });
  });
  it('name the seat that was reserved by its number', () =>
    expect(viewAfter(reservations, [held('a', 2)])).toMatchObject({ 's-1.a': { seat: 2, seats: ['2'] } }));
  it('have the shape of their query', () => {
    const isItem = ajv.compile(queries.seats.item);
    isItem(presentSeats(viewAfter(seats, [withMap, ofGroup(held('a'), 'A2')])[showingId] as StoredSeats));
    expect(isItem.errors).toBeNull();
  });
});

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

it('a moved showing has its new start', () => {
  const startsAt = '2027-02-01T19:00:00.000Z';
  const moved: CinemaEvent = {
    type: 'ShowingMoved',
    data: { showingId, movieId, title, startsAt, before: '2027-01-31T19:00:00.000Z', remaining: 0 },
  };
  expect(viewAfter(showings, [...everything, moved])[showingId]).toMatchObject({ startsAt });
  expect(viewAfter(movies, [...everything, moved])[movieId]).toMatchObject({ showings: [{ startsAt }] });
});

it('a cancelled showing has no seat left, also when its reservations are cancelled', () => {
  const off: CinemaEvent[] = [
    { type: 'ShowingCanceled', data: { showingId, movieId, remaining: 0 } },
    canceled('a', 1),
  ];
  expect(viewAfter(showings, [...everything, ...off])[showingId]).toMatchObject({
    status: 'canceled',
    sold: 0,
    left: 0,
  });
  expect(viewAfter(movies, [...everything, ...off])[movieId]).toMatchObject({ showings: [{ sold: 0, left: 0 }] });
});

describe('held and offered seats', () => {
  const kept = { showingId, movieId, customerId: 'CUST7' };
  const expiresAt = '2026-01-31T09:30:00.000Z';
  const holds: CinemaEvent[] = [
    registered,
    opened,
    { type: 'ShowingPlaceHeld', data: { ...kept, holdId: 'h1', places: 2, expiresAt } },
    held('a'),
    { type: 'ShowingPlaceWaitingListJoined', data: { ...kept, entryId: 'e1', places: 2 } },
    { type: 'ShowingPlaceWaitingListJoined', data: { ...kept, entryId: 'e2', places: 1, customerId: 'CUST8' } },
  ];
  const used: CinemaEvent = {
    type: 'SeatHeld',
    data: { ...told('b'), seats: ['1', '2'], holdId: 'h1', heldAt: timeOf(0) },
  };
  const freed: CinemaEvent[] = [
    released('a', 'declined'),
    { type: 'ShowingPlaceOffered', data: { ...kept, entryId: 'e2', places: 1, customerId: 'CUST8', expiresAt } },
  ];
  const counts = (...events: CinemaEvent[]) => {
    const showing = viewAfter(showings, [...holds, ...events])[showingId];
    expect(viewAfter(movies, [...holds, ...events])[movieId]).toMatchObject({
      showings: [{ onHold: (showing as { onHold: number }).onHold, left: (showing as { left: number }).left }],
    });
    return showing;
  };
  const view = (name: string) => projections.find((one) => one.name === name)!;

  it('are not left, and a reservation takes its seats from its hold', () => {
    expect(counts()).toMatchObject({ held: 1, onHold: 2, waiting: 2, left: 0 });
    expect(counts(used)).toMatchObject({ held: 3, onHold: 0, waiting: 2, left: 0 });
    expect(counts(used, ...freed)).toMatchObject({ held: 2, onHold: 1, waiting: 1, left: 0 });
  });
  it('are free after the hold or the offer', () => {
    const expired: CinemaEvent = { type: 'ShowingPlaceHoldExpired', data: { ...kept, holdId: 'h1', places: 2 } };
    const declined: CinemaEvent = { type: 'ShowingPlaceOfferDeclined', data: { ...kept, entryId: 'e2', places: 1 } };
    expect(counts(expired, ...freed, declined)).toMatchObject({ onHold: 0, waiting: 1, left: 3 });
  });
  it('are none in a cancelled showing', () => {
    const off: CinemaEvent = { type: 'ShowingCanceled', data: { showingId, movieId, remaining: 3 } };
    const left: CinemaEvent = {
      type: 'ShowingPlaceWaitingListLeft',
      data: { ...kept, entryId: 'e1', places: 2, reason: 'closed' },
    };
    expect(counts(off)).toMatchObject({ left: 0 });
    expect(counts(off, left)).toMatchObject({ waiting: 1, left: 0 });
  });
  it('are used up by a reservation of as many seats', () => {
    expect(viewAfter(view('cinema.holds'), [...holds, used])['s-1.h1']).toMatchObject({ used: 2, status: 'used' });
    expect(viewAfter(view('cinema.waitingList'), [...holds, ...freed])).toMatchObject({
      's-1.e1': { status: 'waiting', movieId },
      's-1.e2': { status: 'offered', expiresAt },
    });
  });
  it.each([
    ['cinema.holds', queries.hold],
    ['cinema.waitingList', queries.waitingListEntry],
  ])('%s has documents of the shape of its query', (name, query) => {
    const isItem = ajv.compile(query.item);
    for (const document of Object.values(viewAfter(view(name), [...holds, used, ...freed]))) {
      isItem(document);
      expect(isItem.errors).toBeNull();
    }
  });
});

it('reviews are gone when they are deleted', () =>
  expect(Object.keys(viewAfter(reviews, everything))).toEqual(['m-1.CUST1', 'm-1.CUST2']));

it.each([
  [movies, queries.movie, 1],
  [showings, queries.showing, 1],
  [reservations, queries.reservation, 5],
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
  [seats, held('a', 1)],
  [reservations, confirmed('a')],
] as const)('$name parks an event of what never began', (projection, event) =>
  expect(() => viewAfter(projection, [event])).toThrow(),
);
