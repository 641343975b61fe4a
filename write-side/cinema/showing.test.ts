import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plus } from '../../schemas/kernel/calendar.ts';
import { CANCELLATIONS_PER_COMMAND } from '../../schemas/kernel/limited-places.ts';
import { appendBytes, holdsForEveryDecider, MEBIBYTE, play, specification, stateAfter } from '../kernel/testing.ts';
import { showing } from './showing.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const { given } = specification(showing, NOW);

type Command = Parameters<typeof showing.decide>[0];
type Event = Parameters<typeof showing.evolve>[1];

const [showingId, movieId, title, price] = ['s-1', 'm-1', '괴물', 12_000];
const about = { showingId, movieId, title, startsAt: '2027-01-31T19:00:00.000Z', seats: 2, price };

const open = (data = {}): Command => ({ type: 'OpenShowing', data: { ...about, ...data } });
const reserve = (reservationId = 'r-1', seat?: number, customerId = 'CUST1'): Command => ({
  type: 'ReserveSeat',
  data: {
    showingId,
    reservationId,
    customerId,
    ...(seat === undefined ? {} : { seat }),
    payment: { method: 'card', token: 'approve' },
  },
});
const confirm = (reservationId = 'r-1'): Command => ({
  type: 'ConfirmReservation',
  data: { showingId, reservationId },
});
const release = (reservationId = 'r-1'): Command => ({
  type: 'ReleaseSeat',
  data: { showingId, reservationId, reason: 'declined' },
});
const cancel = (reservationId = 'r-1'): Command => ({ type: 'CancelSeat', data: { showingId, reservationId } });
const cancelShowing: Command = { type: 'CancelShowing', data: { showingId } };
const cancelWithdrawn = (of = movieId): Command => ({
  type: 'CancelWithdrawnShowing',
  data: { showingId, movieId: of },
});
const cancelRemaining: Command = { type: 'CancelRemainingSeats', data: { showingId } };
const prove = (data = {}): Command => ({
  type: 'ProveGuest',
  data: { movieId, showingId, reservationId: 'r-1', customerId: 'CUST1', ...data },
});

const reservationData = (reservationId = 'r-1', seat?: number, customerId = 'CUST1') => ({
  showingId,
  movieId,
  reservationId,
  customerId,
  title,
  startsAt: about.startsAt,
  ...(seat === undefined ? {} : { seat }),
  price,
});
/** The same event of a hold: the fixtures without one are events from before this field. */
const ofHold = (hold: string, { type, data }: Event) => ({ type, data: { ...data, hold } }) as Event;
const opened = (seats = 2): Event => ({ type: 'ShowingOpened', data: { ...about, seats } });
const held = (...of: Parameters<typeof reservationData>): Event => ({
  type: 'SeatHeld',
  data: { ...reservationData(...of), heldAt: NOW },
});
const confirmed = (...of: Parameters<typeof reservationData>): Event => ({
  type: 'ReservationConfirmed',
  data: reservationData(...of),
});
const released = (...of: Parameters<typeof reservationData>): Event => ({
  type: 'SeatReleased',
  data: { ...reservationData(...of), reason: 'declined' },
});
const canceled = (reservationId = 'r-1', seat?: number, reason?: string): Event => ({
  type: 'SeatReservationCanceled',
  data: { ...reservationData(reservationId, seat), ...(reason === undefined ? {} : { reason }) },
});
const showingCanceled = (remaining = 0): Event => ({
  type: 'ShowingCanceled',
  data: { showingId, movieId, remaining },
});

describe('OpenShowing', () => {
  it('opens it', () => given().when(open()).thenEvents(opened()));
  it('opens it once', () => given(opened()).when(open()).thenNothing());
  it("refuses another movie's showing of the same id, once", () => {
    const refused: Event = { type: 'ShowingRefused', data: { showingId, movieId: 'm-2' } };
    given(opened())
      .when(open({ movieId: 'm-2' }))
      .thenEvents(refused);
    given(opened(), refused)
      .when(open({ movieId: 'm-2' }))
      .thenNothing();
  });
  it('does not open a cancelled showing', () => given(opened(), showingCanceled()).when(open()).thenNothing());
});

describe('CheckShowing', () => {
  const check = (of = movieId): Command => ({ type: 'CheckShowing', data: { showingId, movieId: of } });
  it('passes an unused id and an open showing of the movie', () => {
    given().when(check()).thenNothing();
    given(opened()).when(check()).thenNothing();
  });
  it("refuses another movie's showing and a cancelled one", () => {
    given(opened()).when(check('m-2')).thenRefused('showing-already-exists');
    given(opened(), showingCanceled()).when(check()).thenRefused('showing-canceled');
  });
});

describe('ReserveSeat', () => {
  it('holds a seat by its number', () =>
    given(opened())
      .when(reserve('r-1', 2))
      .thenEvents(ofHold('1', held('r-1', 2))));
  it('holds any seat', () => given(opened()).when(reserve()).thenEvents(ofHold('1', held())));
  it('needs a showing', () => given().when(reserve()).thenRefused('showing-not-found'));
  it('needs a showing that is not cancelled', () =>
    given(opened(), showingCanceled()).when(reserve()).thenRefused('showing-canceled'));
  it('needs an existing seat', () => given(opened()).when(reserve('r-1', 3)).thenRefused('no-such-seat'));
  it('needs a free seat: neither held nor paid', () => {
    given(opened(), held('r-1', 1)).when(reserve('r-2', 1)).thenRefused('seat-taken');
    given(opened(), held('r-1', 1), confirmed('r-1', 1)).when(reserve('r-2', 1)).thenRefused('seat-taken');
  });
  it('needs a seat in a showing that is not full', () =>
    given(opened(), held('r-1', 1), held('r-2')).when(reserve('r-3', 2)).thenRefused('showing-full'));
  it('takes a seat that was released or cancelled', () => {
    given(opened(), held('r-1', 1), released('r-1', 1))
      .when(reserve('r-2', 1))
      .thenEvents(ofHold('3', held('r-2', 1)));
    given(opened(), held('r-1', 1), confirmed('r-1', 1), canceled('r-1', 1))
      .when(reserve('r-2', 1))
      .thenEvents(ofHold('4', held('r-2', 1)));
  });
  it('needs an unused id', () => {
    given(opened(), held()).when(reserve()).thenRefused('reservation-already-exists');
    given(opened(), held(), released()).when(reserve()).thenRefused('reservation-already-exists');
  });
});

describe('a reservation without a payment', () => {
  const unpaid: Command = { type: 'ReserveSeat', data: { showingId, reservationId: 'r-1', customerId: 'CUST1' } };
  const openedFree: Event = { type: 'ShowingOpened', data: { ...about, price: 0 } };
  const free = (event: Event): Event => ofHold('1', { ...event, data: { ...event.data, price: 0 } } as Event);

  it('is refused where the seats have a price', () => given(opened()).when(unpaid).thenRefused('payment-required'));
  it('is confirmed at once where they are free, also with a payment', () => {
    for (const command of [unpaid, reserve()])
      given(openedFree).when(command).thenEvents(free(held()), free(confirmed()));
    expect(showing.answer(unpaid, [free(held()), free(confirmed())])).toMatchObject({ price: 0, status: 'confirmed' });
  });
});

/** `B3` is blocked; an aisle separates the seats 2 and 3 of each row. */
const HALL = ['oo_oo', 'oo_xo', 'ooo'];
const openedWithMap: Event = { type: 'ShowingOpened', data: { ...about, seats: 10, hallMap: HALL } };
const group = (rest: object, reservationId = 'r-1'): Command => ({
  type: 'ReserveSeat',
  data: { showingId, reservationId, customerId: 'CUST1', payment: { method: 'card', token: 'approve' }, ...rest },
});
const heldSeats = (seats: string[], reservationId = 'r-1', hold?: string): Event => ({
  type: 'SeatHeld',
  data: {
    ...reservationData(reservationId),
    seats,
    price: seats.length * price,
    ...(hold === undefined ? {} : { hold }),
    heldAt: NOW,
  },
});

describe('a repeat without a key', () => {
  it('has the first answer while the reservation is paid or stands', () => {
    given(opened(), held()).whenRepeated(reserve()).thenFirstAnswer();
    given(opened(), held(), confirmed()).whenRepeated(reserve()).thenFirstAnswer();
    given(opened(), held(), showingCanceled(1)).whenRepeated(reserve()).thenFirstAnswer();
  });
  it('is refused when the reservation has ended', () => {
    given(opened(), held(), released()).whenRepeated(reserve()).thenRefused('payment-declined');
    given(opened(), held(), confirmed(), canceled()).whenRepeated(reserve()).thenRefused('already-canceled');
    given(opened(), held(), confirmed(), showingCanceled(1)).whenRepeated(reserve()).thenRefused('showing-canceled');
    given(opened()).whenRepeated(reserve()).thenRefused('reservation-already-exists');
  });
});

describe('a showing with a hall map', () => {
  const hall = given(openedWithMap);
  it('sells seats by their names, as one reservation for the price of all', () =>
    hall.when(group({ seats: ['A2', 'C1'] })).thenEvents(heldSeats(['A2', 'C1'], 'r-1', '1')));
  it.each(['A5', 'D1', 'AA1', '1', 'C4'])('has no seat %s', (seat) =>
    hall.when(group({ seats: [seat] })).thenRefused('no-such-seat'),
  );
  it('has no seat by number alone', () => hall.when(group({ seat: 1 })).thenRefused('no-such-seat'));
  it('does not sell a blocked seat', () => hall.when(group({ seats: ['B2', 'B3'] })).thenRefused('seat-blocked'));
  it('takes no seat of a group of which one is taken', () =>
    given(openedWithMap, heldSeats(['C2']))
      .when(group({ seats: ['C1', 'C2', 'C3'] }, 'r-2'))
      .thenRefused('seat-taken'));
  it('chooses a seat for a customer who names none', () =>
    hall.when(group({})).thenEvents(heldSeats(['B4'], 'r-1', '1')));
});

describe('a group', () => {
  const hall = given(openedWithMap);
  it('sits together in the shortest row of free seats that has room', () => {
    hall.when(group({ places: 2 })).thenEvents(heldSeats(['A1', 'A2'], 'r-1', '1'));
    hall.when(group({ places: 3 })).thenEvents(heldSeats(['C1', 'C2', 'C3'], 'r-1', '1'));
  });
  it('is not separated by an aisle, a blocked seat or another customer', () =>
    given(openedWithMap, heldSeats(['C2']))
      .when(group({ places: 3 }, 'r-2'))
      .thenRefused('seats-apart'));
  it('is offered the longest rows that are left', () => {
    const decision = showing.decide(group({ places: 5 }), stateAfter(showing, [openedWithMap]), {
      now: NOW,
      timeZone: 'UTC',
      revision: 1n,
    });
    expect(decision).toEqual({ refused: 'seats-apart', detail: 'seats that are left: C1, C2, C3 and A1, A2' });
  });
  it('is refused when fewer seats are left than it needs', () =>
    given(openedWithMap, heldSeats(['A1', 'A2', 'A3', 'A4', 'B1', 'B2', 'B4', 'C1']))
      .when(group({ places: 3 }, 'r-2'))
      .thenRefused('showing-full'));
  it('sits together in the only row of a showing without a hall map', () => {
    given(opened(5), held('r-1', 2))
      .when(group({ places: 3 }, 'r-2'))
      .thenEvents(heldSeats(['3', '4', '5'], 'r-2', '2'));
    given(opened(5), held('r-1', 2))
      .when(group({ seats: ['1', '3'] }, 'r-2'))
      .thenEvents(heldSeats(['1', '3'], 'r-2', '2'));
  });
  it('leaves a seat for each customer who has any seat on the day', () =>
    given(opened(3), held('r-1'))
      .when(group({ places: 3 }, 'r-2'))
      .thenRefused('showing-full'));
  it.each([
    { seat: 1, places: 1 },
    { seat: 1, seats: ['1'] },
    { seats: ['1'], places: 1 },
  ])('names its seats in one way, not as %o', (choice) =>
    given(opened(5)).when(group(choice)).thenRefused('choice-ambiguous'),
  );
  it('is refused when the price differs from the amount that the customer saw', () => {
    hall.when(group({ places: 2, amount: price })).thenRefused('price-changed');
    hall.when(group({ places: 2, amount: 2 * price })).thenEvents(heldSeats(['A1', 'A2'], 'r-1', '1'));
  });
  it('is refused when the price of all seats is more than one payment can be', () => {
    const dear: Event = { type: 'ShowingOpened', data: { ...about, price: 10 ** 12 } };
    given(dear)
      .when(group({ places: 1 }))
      .thenEvents({
        type: 'SeatHeld',
        data: { ...reservationData(), hold: '1', seats: ['1'], price: 10 ** 12, heldAt: NOW },
      });
    given(dear)
      .when(group({ places: 2 }))
      .thenRefused('price-too-high');
  });
  it('is free again as a whole when it is released or cancelled', () => {
    const before = [openedWithMap, heldSeats(['C1', 'C2', 'C3'])];
    const again = (...events: Event[]) =>
      given(...before, ...events)
        .when(group({ places: 3 }, 'r-2'))
        .thenEvents(heldSeats(['C1', 'C2', 'C3'], 'r-2', `${before.length + events.length}`));
    again(released());
    again(confirmed(), canceled());
  });
  it('keeps its seats and its price in each of its events', () =>
    given(openedWithMap, heldSeats(['C1', 'C2']))
      .when(confirm())
      .thenEvents({
        type: 'ReservationConfirmed',
        data: { ...reservationData(), seats: ['C1', 'C2'], price: 2 * price },
      }));
});

describe('sales and refunds end with the start of the showing', () => {
  const { startsAt } = about;
  const earlier = (minutes: number) => plus(startsAt, { minutes: -minutes });
  const at = (now: string) => specification(showing, now).given;

  it('sells until the start, and refuses from the start on', () => {
    at(plus(startsAt, { seconds: -1 }))(opened())
      .when(reserve())
      .thenEvents({
        type: 'SeatHeld',
        data: { ...reservationData(), hold: '1', heldAt: plus(startsAt, { seconds: -1 }) },
      });
    at(startsAt)(opened()).when(reserve()).thenRefused('too-late');
    at('2030-01-01T00:00:00.000Z')(opened()).when(reserve()).thenRefused('too-late');
  });
  it('confirms after the start what was held before it', () =>
    at(plus(startsAt, { minutes: 1 }))(opened(), held())
      .when(confirm())
      .thenEvents(confirmed()));
  it('cancels until 20 minutes before the start, also in a showing from before the setting', () => {
    at(earlier(20))(opened(), held(), confirmed()).when(cancel()).thenEvents(canceled());
    at(earlier(19))(opened(), held(), confirmed()).when(cancel()).thenRefused('too-late');
  });
  it.each([0, 90])('cancels until %i minutes before the start when the showing says so', (cancelUntil) => {
    const before: Event[] = [{ type: 'ShowingOpened', data: { ...about, cancelUntil } }, held(), confirmed()];
    at(earlier(cancelUntil))(...before)
      .when(cancel())
      .thenEvents(canceled());
    at(plus(earlier(cancelUntil), { seconds: 1 }))(...before)
      .when(cancel())
      .thenRefused('too-late');
  });
  it('refunds everybody when the showing itself is cancelled late', () =>
    at(earlier(1))(opened(), held(), confirmed())
      .when(cancelShowing)
      .thenEvents(showingCanceled(), canceled('r-1', undefined, 'showing-canceled')));
});

describe('MoveShowing', () => {
  const later = plus(about.startsAt, { hours: 2 });
  const move = (startsAt = later): Command => ({ type: 'MoveShowing', data: { showingId, startsAt } });
  const moved = (startsAt = later, before = about.startsAt, remaining = 0): Event => ({
    type: 'ShowingMoved',
    data: { showingId, movieId, title, startsAt, before, remaining },
  });
  const seatMoved = (reservationId = 'r-1', startsAt = later, before = about.startsAt): Event => ({
    type: 'SeatReservationMoved',
    data: { ...reservationData(reservationId), startsAt, before },
  });
  const moveRemaining: Command = { type: 'MoveRemainingSeats', data: { showingId } };
  const at = (now: string) => specification(showing, now).given;

  it('moves a showing', () => given(opened()).when(move()).thenEvents(moved()));
  it('moves it once to the same time', () => given(opened(), moved()).when(move()).thenNothing());
  it('needs an open showing', () => {
    given().when(move()).thenRefused('showing-not-found');
    given(opened(), showingCanceled()).when(move()).thenRefused('showing-canceled');
  });
  it('moves the paid reservations with it, and those that are being paid when they are confirmed', () => {
    const before = [opened(3), held(), confirmed(), held('r-2'), held('r-3'), released('r-3')];
    given(...before)
      .when(move())
      .thenEvents(moved(), seatMoved());
    given(...before, moved(), seatMoved())
      .when(moveRemaining)
      .thenNothing();
    const { data } = confirmed('r-2');
    given(...before, moved(), seatMoved())
      .when(confirm('r-2'))
      .thenEvents({ type: 'ReservationConfirmed', data: { ...data, startsAt: later } } as Event);
  });
  it('tells customers nothing who know the start already', () => {
    const back = moved(about.startsAt, later);
    given(opened(), held(), confirmed(), moved(), back).when(moveRemaining).thenNothing();
    given(opened(), held(), confirmed(), moved(), seatMoved(), showingCanceled()).when(moveRemaining).thenNothing();
    given(opened(), held(), confirmed(), moved(), seatMoved())
      .when(move(about.startsAt))
      .thenEvents(back, seatMoved('r-1', about.startsAt, later));
  });
  it('moves as many reservations as fit into one append, then the others, each once', () => {
    const many = Array.from({ length: 500 }, (_, index) => `r-${index}`);
    const before = [opened(many.length), ...many.map((id) => held(id)), ...many.map((id) => confirmed(id))];
    const first = play(showing, [move()], stateAfter(showing, before));
    expect(first.events[0]).toEqual(moved(later, about.startsAt, many.length - CANCELLATIONS_PER_COMMAND));
    expect(first.events).toHaveLength(1 + CANCELLATIONS_PER_COMMAND);
    const rest = play(showing, Array<Command>(4).fill(moveRemaining), first.state);
    const told = [...first.events, ...rest.events].flatMap(({ type, data }) =>
      type === 'SeatReservationMoved' ? [data.reservationId] : [],
    );
    expect(told.sort()).toEqual(many.sort());
  });
  it('moves only from and to the future', () => {
    at(about.startsAt)(opened()).when(move()).thenRefused('too-late');
    given(opened()).when(move(NOW)).thenRefused('too-late');
  });
  it('sells until the new start', () => {
    at(plus(later, { seconds: -1 }))(opened(), moved())
      .when(cancel())
      .thenRefused('reservation-not-found');
    at(later)(opened(), moved()).when(reserve()).thenRefused('too-late');
    at(about.startsAt)(opened(), moved()).when(prove()).thenRefused('not-a-guest');
  });
  it('lets customers cancel until the new start who reserved before', () => {
    const before = [opened(), held(), confirmed(), moved()];
    const { data } = canceled();
    at(later)(...before)
      .when(cancel())
      .thenEvents({
        type: 'SeatReservationCanceled',
        data: { ...data, startsAt: later },
      } as Event);
    at(plus(later, { seconds: 1 }))(...before)
      .when(cancel())
      .thenRefused('too-late');
  });
  it('keeps the deadline of those who reserved for the new time', () => {
    const before = [opened(), moved(), held(), confirmed()];
    at(plus(later, { minutes: -19 }))(...before)
      .when(cancel())
      .thenRefused('too-late');
  });
});

it('ReadShowing reads, also while the end of a hold is due', () =>
  specification(showing, UNTIL)
    .given(opened(), placesHeld('h1', 'CUST1'))
    .when({ type: 'ReadShowing', data: { showingId } })
    .thenNothing());

describe('MoveShowing in a hall', () => {
  const later = plus(about.startsAt, { hours: 2 });
  const inHall = { hallId: 'h-1', runningTime: 100, cleaning: 20, slot: 'm-1.4' };
  const openedInHall: Event = { type: 'ShowingOpened', data: { ...about, ...inHall } };
  const slot = 'm-1.4.1';
  const move: Command = { type: 'MoveShowing', data: { showingId, startsAt: later } };
  const moved: Event = {
    type: 'ShowingMoved',
    data: {
      showingId,
      movieId,
      title,
      startsAt: later,
      before: about.startsAt,
      remaining: 0,
      hallId: 'h-1',
      slot,
      formerSlot: 'm-1.4',
    },
  };
  const settle = (of = slot): Command => ({ type: 'SettleMove', data: { showingId, slot: of } });
  const voided: Event = { type: 'ShowingMoveVoided', data: { hallId: 'h-1', showingId, movieId, slot } };

  it('needs the hall, which names the slot', () => {
    given(openedInHall).when(move).thenRefused('hall-unavailable');
    given(openedInHall)
      .when(move, { hall: { refused: 'hall-in-use' } })
      .thenRefused('hall-in-use');
    given(openedInHall).when(move, { hall: { slot } }).thenEvents(moved);
    given(openedInHall, moved)
      .when(move, { hall: { slot: 'm-1.4.2' } })
      .thenNothing();
  });
  it('frees the new slot when it is cancelled', () =>
    given(openedInHall, moved)
      .when(cancelShowing)
      .thenEvents({ type: 'ShowingCanceled', data: { showingId, movieId, remaining: 0, hallId: 'h-1', slot } }));
  it('gives a slot up once, unless the showing has or had it', () => {
    given(openedInHall).when(settle()).thenEvents(voided);
    given(openedInHall, voided).when(settle()).thenNothing();
    given(openedInHall, moved).when(settle()).thenNothing();
    given(openedInHall, moved).when(settle('m-1.4')).thenNothing();
    given(openedInHall, showingCanceled()).when(settle()).thenEvents(voided);
    given(opened()).when(settle()).thenNothing();
  });
  it('never moves to a slot that was given up', () =>
    given(openedInHall, voided).when(move, { hall: { slot } }).thenRefused('hall-unavailable'));
});

describe('CheckReservation', () => {
  const check = (hold?: string, isRepeat = false): Command => ({
    type: 'CheckReservation',
    data: { showingId, reservationId: 'r-1', isRepeat, ...(hold === undefined ? {} : { hold }) },
  });
  const [heldAs4, confirmedAs4] = [ofHold('4', held()), ofHold('4', confirmed())];
  const endedAs = (reason: 'declined' | 'timed-out' | 'unavailable'): Event =>
    ofHold('4', { type: 'SeatReleased', data: { ...reservationData(), reason } });

  it('passes a confirmed reservation', () => given(opened(), heldAs4, confirmedAs4).when(check('4')).thenNothing());
  it('refuses a reservation during its payment', () =>
    given(opened(), heldAs4).when(check('4')).thenRefused('reservation-pending'));
  it.each([
    ['declined', 'payment-declined'],
    ['timed-out', 'payment-declined'],
    ['unavailable', 'payment-unavailable'],
  ] as const)('refuses one whose payment was %s', (reason, refused) =>
    given(opened(), heldAs4, endedAs(reason)).when(check('4')).thenRefused(refused),
  );
  const canceledAs4 = ofHold('4', canceled());
  it('refuses a reservation that its customer or its showing cancelled, except for a repeat', () => {
    const byCustomer = given(opened(), heldAs4, confirmedAs4, canceledAs4);
    byCustomer.when(check('4')).thenRefused('already-canceled');
    byCustomer.when(check('4', true)).thenNothing();
    const byShowing = given(opened(), heldAs4, confirmedAs4, showingCanceled(1), canceledAs4);
    byShowing.when(check('4')).thenRefused('showing-canceled');
    byShowing.when(check('4', true)).thenNothing();
  });
  it('refuses a reservation whose showing was cancelled during its payment, also for a repeat', () => {
    given(opened(), heldAs4, showingCanceled(), confirmedAs4, canceledAs4)
      .when(check('4', true))
      .thenRefused('showing-canceled');
  });
  it('does not find another hold of the id', () => {
    given(opened(), heldAs4, confirmedAs4).when(check('3')).thenRefused('reservation-not-found');
    given(opened(), heldAs4, confirmedAs4).when(check()).thenRefused('reservation-not-found');
    given(opened(), heldAs4, endedAs('declined')).when(check('3')).thenRefused('reservation-not-found');
    given(opened()).when(check('3')).thenRefused('reservation-not-found');
  });
});

describe('CheckReservationId', () => {
  const check: Command = { type: 'CheckReservationId', data: { showingId, reservationId: 'r-1' } };
  it('passes an unused id', () => given(opened()).when(check).thenNothing());
  it('refuses the id of a reservation, open or ended', () => {
    given(opened(), held()).when(check).thenRefused('reservation-already-exists');
    given(opened(), held(), released()).when(check).thenRefused('reservation-already-exists');
  });
});

describe('a reservation id that is held again', () => {
  const again = given(opened(), ofHold('1', held()), ofHold('1', released()), ofHold('8', held()));
  const step = (type: 'ConfirmReservation' | 'ReleaseSeat', hold?: string) =>
    ({
      type,
      data: {
        showingId,
        reservationId: 'r-1',
        ...(hold === undefined ? {} : { hold }),
        ...(type === 'ReleaseSeat' ? { reason: 'declined' } : {}),
      },
    }) as Command;

  it('follows the payment of its own hold', () => {
    again.when(step('ConfirmReservation', '8')).thenEvents(ofHold('8', confirmed()));
    again.when(step('ReleaseSeat', '8')).thenEvents(ofHold('8', released()));
  });
  it.each(['1', undefined])('ignores the payment of hold %s', (hold) => {
    again.when(step('ConfirmReservation', hold)).thenNothing();
    again.when(step('ReleaseSeat', hold)).thenNothing();
  });
});

describe('ConfirmReservation', () => {
  it('confirms a held reservation', () => given(opened(), held()).when(confirm()).thenEvents(confirmed()));
  it('confirms it once', () => given(opened(), held(), confirmed()).when(confirm()).thenNothing());
  it('does not confirm a released reservation', () =>
    given(opened(), held(), released()).when(confirm()).thenNothing());
  it('cancels it at once when the showing was cancelled meanwhile, so that the payment is refunded', () =>
    given(opened(), held(), showingCanceled())
      .when(confirm())
      .thenEvents(confirmed(), canceled('r-1', undefined, 'showing-canceled')));
});

describe('ReleaseSeat', () => {
  it('frees a held seat', () => given(opened(), held()).when(release()).thenEvents(released()));
  it('frees it once', () => given(opened(), held(), released()).when(release()).thenNothing());
  it('keeps a paid seat', () => given(opened(), held(), confirmed()).when(release()).thenNothing());
});

describe('CancelSeat', () => {
  it('frees a paid seat', () => given(opened(), held(), confirmed()).when(cancel()).thenEvents(canceled()));
  it('waits for the payment', () => given(opened(), held()).when(cancel()).thenRefused('reservation-pending'));
  it('needs a reservation', () => given(opened()).when(cancel()).thenRefused('reservation-not-found'));
  it('needs a paid reservation', () =>
    given(opened(), held(), released()).when(cancel()).thenRefused('reservation-refused'));
  it('happens once', () =>
    given(opened(), held(), confirmed(), canceled()).when(cancel()).thenRefused('already-canceled'));
});

describe('CancelShowing', () => {
  it('cancels its paid reservations, and not those during their payment', () =>
    given(opened(), held('r-1'), confirmed('r-1'), held('r-2'))
      .when(cancelShowing)
      .thenEvents(showingCanceled(), canceled('r-1', undefined, 'showing-canceled')));
  it('happens once', () => {
    given(opened(), showingCanceled()).when(cancelShowing).thenRefused('showing-canceled');
    given(opened(), showingCanceled()).when(cancelWithdrawn()).thenNothing();
    given().when(cancelShowing).thenRefused('showing-not-found');
  });
  it('follows the deletion of its movie', () =>
    given(opened(), held('r-1'), confirmed('r-1'))
      .when(cancelWithdrawn())
      .thenEvents(showingCanceled(), canceled('r-1', undefined, 'showing-canceled')));
  it('leaves a showing that had begun when its movie was deleted, and refunds nobody', () => {
    const before = [opened(), held(), confirmed()];
    const late = specification(showing, plus(about.startsAt, { hours: 3_000 })).given(...before);
    const withdrawnAt = (at: string): Command => ({
      type: 'CancelWithdrawnShowing',
      data: { showingId, movieId, withdrawnAt: at },
    });
    late.when(cancelWithdrawn()).thenNothing();
    late.when(withdrawnAt(about.startsAt)).thenNothing();
    late
      .when(withdrawnAt(plus(about.startsAt, { minutes: -1 })))
      .thenEvents(showingCanceled(), canceled('r-1', undefined, 'showing-canceled'));
  });
  it('does not cancel a showing of another movie', () =>
    given(opened(), held(), confirmed()).when(cancelWithdrawn('m-2')).thenNothing());
  it('cancels as many reservations as fit into one append, then the others', () => {
    const many = Array.from({ length: CANCELLATIONS_PER_COMMAND + 1 }, (_, index) => `r-${index}`);
    const before = [opened(many.length), ...many.map((id) => held(id)), ...many.map((id) => confirmed(id))];
    const first = showing.decide(cancelShowing, stateAfter(showing, before), {
      now: NOW,
      timeZone: 'UTC',
      revision: 0n,
    }) as Event[];
    expect(first[0]).toEqual(showingCanceled(1));
    expect(first).toHaveLength(1 + CANCELLATIONS_PER_COMMAND);
    const rest = showing.decide(cancelRemaining, stateAfter(showing, [...before, ...first]), {
      now: NOW,
      timeZone: 'UTC',
      revision: 0n,
    });
    expect(rest).toHaveLength(1);
  });
});

const UNTIL = plus(NOW, { minutes: 5 });
const hold = (holdId: string, customerId: string, places = 1, seats?: string[]): Command => ({
  type: 'HoldShowingPlace',
  data: { showingId, holdId, customerId, places, ...(seats === undefined ? {} : { seats }) },
});
const join = (entryId: string, customerId: string, places = 1): Command => ({
  type: 'JoinShowingPlaceWaitingList',
  data: { showingId, entryId, customerId, places },
});
const releaseHold = (holdId: string): Command => ({ type: 'ReleaseShowingPlaceHold', data: { showingId, holdId } });
const leave = (entryId: string): Command => ({ type: 'LeaveShowingPlaceWaitingList', data: { showingId, entryId } });
const named = { title, startsAt: about.startsAt };
const keptPlaces = (customerId: string, places: number) => ({ showingId, movieId, customerId, places });
const placesHeld = (holdId: string, customerId: string, places = 1, expiresAt = UNTIL): Event => ({
  type: 'ShowingPlaceHeld',
  data: { ...keptPlaces(customerId, places), holdId, expiresAt },
});
const joined = (entryId: string, customerId: string, places = 1): Event => ({
  type: 'ShowingPlaceWaitingListJoined',
  data: { ...keptPlaces(customerId, places), entryId },
});
const offered = (entryId: string, customerId: string, places = 1): Event => ({
  type: 'ShowingPlaceOffered',
  data: { ...keptPlaces(customerId, places), entryId, ...named, expiresAt: UNTIL },
});
const left = (entryId: string, customerId: string, places = 1): Event => ({
  type: 'ShowingPlaceWaitingListLeft',
  data: { ...keptPlaces(customerId, places), ...named, entryId, reason: 'closed' },
});
const placesReleased = (holdId: string, customerId: string, places = 1): Event => ({
  type: 'ShowingPlaceHoldReleased',
  data: { ...keptPlaces(customerId, places), ...named, holdId, reason: 'closed' },
});
const placesClosed = (remaining: number): Event => ({
  type: 'ShowingPlacesClosed',
  data: { showingId, movieId, remaining },
});
/** A reservation of places, of a hold or an offer. */
const take = (
  reservationId: string,
  customerId: string,
  rest: { holdId?: string; entryId?: string; places?: number; seats?: string[] },
): Command => ({
  type: 'ReserveSeat',
  data: { showingId, reservationId, customerId, ...rest, payment: { method: 'card', token: 'approve' } },
});
const ofKept = (event: Event, rest: { holdId: string } | { entryId: string }) =>
  ({ ...event, data: { ...event.data, ...rest } }) as Event;

describe('holds and the waiting list', () => {
  it('holds seats, which then only its customer reserves', () => {
    given(opened())
      .when(hold('h1', 'CUST1', 2))
      .thenEvents(placesHeld('h1', 'CUST1', 2));
    const holding = given(opened(), placesHeld('h1', 'CUST1', 2));
    holding.when(reserve('r-2', undefined, 'CUST2')).thenRefused('showing-full');
    holding.when(hold('h2', 'CUST2')).thenRefused('showing-full');
    holding.when(take('r-2', 'CUST2', { holdId: 'h1' })).thenRefused('hold-not-found');
    holding.when(take('r-1', 'CUST1', { holdId: 'h1', places: 3 })).thenRefused('too-few-kept');
    holding.when(take('r-1', 'CUST1', { holdId: 'h1', places: 2 })).thenEvents(
      ofKept(
        {
          type: 'SeatHeld',
          data: { ...reservationData(), hold: '2', seats: ['1', '2'], price: 2 * price, heldAt: NOW },
        },
        { holdId: 'h1' },
      ),
    );
  });
  it('keeps the seats that a reservation leaves of its hold', () =>
    given(opened(), placesHeld('h1', 'CUST1', 2), ofKept(held(), { holdId: 'h1' }))
      .when(reserve('r-2', undefined, 'CUST2'))
      .thenRefused('showing-full'));
  it('holds a number of seats: the named ones must be free', () =>
    given(opened(3), placesHeld('h1', 'CUST1', 1), held('r-2', 1, 'CUST2'))
      .when(take('r-1', 'CUST1', { holdId: 'h1', seats: ['1'] }))
      .thenRefused('seat-taken'));

  describe('with names of seats', () => {
    const seats = ['A1', 'A2'];
    const withSeats = (event: Event) => ({ ...event, data: { ...event.data, seats } }) as Event;
    const heldA1A2 = withSeats(placesHeld('h1', 'CUST1', 2));
    const expired = (holdId: string): Event => ({
      type: 'ShowingPlaceHoldExpired',
      data: { ...keptPlaces('CUST1', 2), ...named, holdId, seats },
    });
    const holding = given(openedWithMap, heldA1A2);
    const after = (...commands: Command[]) =>
      play(showing, commands, stateAfter(showing, [openedWithMap, heldA1A2]), 2n).events;

    it('holds exactly these, and nobody else gets them', () => {
      given(openedWithMap)
        .when(hold('h1', 'CUST1', 2, seats))
        .thenEvents(heldA1A2);
      holding.when(hold('h2', 'CUST1', 1, ['A2'])).thenRefused('seat-taken');
      holding.when(group({ seats: ['A2'] })).thenRefused('seat-taken');
      holding.when(group({ places: 2 })).thenEvents(heldSeats(['A3', 'A4'], 'r-1', '2'));
      holding.when(take('r-1', 'CUST2', { holdId: 'h1' })).thenRefused('hold-not-found');
    });
    it('refuses seats that are taken, blocked or not there, or are not as many as the places', () => {
      given(openedWithMap, heldSeats(['A1']))
        .when(hold('h1', 'CUST1', 2, seats))
        .thenRefused('seat-taken');
      given(openedWithMap)
        .when(hold('h1', 'CUST1', 1, ['B3']))
        .thenRefused('seat-blocked');
      given(openedWithMap)
        .when(hold('h1', 'CUST1', 1, ['D1']))
        .thenRefused('no-such-seat');
      given(openedWithMap)
        .when(hold('h1', 'CUST1', 1, seats))
        .thenRefused('seats-differ');
      given(openedWithMap)
        .when(hold('h1', 'CUST1', 3, seats))
        .thenRefused('seats-differ');
    });
    it.each([{}, { places: 2 }, { seats: ['A2', 'A1'] }])('gives all of them to a reservation of %j', (choice) => {
      expect(after(take('r-1', 'CUST1', { holdId: 'h1', ...choice }))).toMatchObject([
        { type: 'SeatHeld', data: { seats, holdId: 'h1', price: 2 * price } },
      ]);
    });
    it.each([{ places: 1 }, { seats: ['A1'] }, { seats: ['A1', 'A3'] }])('refuses a part and others: %j', (choice) =>
      holding.when(take('r-1', 'CUST1', { holdId: 'h1', ...choice })).thenRefused('seats-differ'),
    );
    it('frees them with the hold, and with the reservation that took them', () => {
      const late = specification(showing, UNTIL).given(openedWithMap, heldA1A2);
      late
        .when(hold('h2', 'CUST2', 2, seats))
        .thenEvents(expired('h1'), withSeats(placesHeld('h2', 'CUST2', 2, plus(UNTIL, { minutes: 5 }))));
      holding.when(releaseHold('h1')).thenEvents({
        type: 'ShowingPlaceHoldReleased',
        data: { ...keptPlaces('CUST1', 2), ...named, holdId: 'h1', seats },
      });
      const [heldAs2, releasedAs2] = [heldSeats(seats, 'r-1', '2'), { ...reservationData(), hold: '2', seats }];
      given(openedWithMap, heldA1A2, ofKept(heldAs2, { holdId: 'h1' }), {
        type: 'SeatReleased',
        data: { ...releasedAs2, reason: 'declined' },
      })
        .when(hold('h2', 'CUST2', 2, seats))
        .thenEvents(withSeats(placesHeld('h2', 'CUST2', 2)));
    });
    it('releases them when the showing is cancelled', () =>
      holding.when(cancelShowing).thenEvents(showingCanceled(), withSeats(placesReleased('h1', 'CUST1', 2))));
    it('names the numbers of seats in a showing without a hall map', () => {
      const numbered = given(opened(3), { ...heldA1A2, data: { ...heldA1A2.data, seats: ['1', '3'] } } as Event);
      numbered.when(reserve('r-1', 3)).thenRefused('seat-taken');
      given(opened(3))
        .when(hold('h1', 'CUST1', 1, ['4']))
        .thenRefused('no-such-seat');
    });
  });

  it('keeps them for as long as the showing says', () =>
    given({ type: 'ShowingOpened', data: { ...about, holdFor: 60 } })
      .when(hold('h1', 'CUST1'))
      .thenEvents(placesHeld('h1', 'CUST1', 1, plus(NOW, { minutes: 1 }))));
  it('frees them at the end of the hold, in the decision that comes next', () => {
    const late = specification(showing, UNTIL).given(opened(1), placesHeld('h1', 'CUST1'));
    late.when(take('r-1', 'CUST1', { holdId: 'h1' })).thenRefused('hold-expired');
    late
      .when(hold('h2', 'CUST2'))
      .thenEvents(
        { type: 'ShowingPlaceHoldExpired', data: { ...keptPlaces('CUST1', 1), ...named, holdId: 'h1' } },
        placesHeld('h2', 'CUST2', 1, plus(UNTIL, { minutes: 5 })),
      );
  });
  it('lets customers wait for seats of a full showing only', () => {
    given(opened()).when(join('e1', 'CUST1')).thenRefused('places-left');
    given(opened(1), held())
      .when(join('e2', 'CUST2', 2))
      .thenEvents(joined('e2', 'CUST2', 2));
  });

  const full = [opened(1), held(), confirmed(), joined('e2', 'CUST2'), joined('e3', 'CUST3')];
  it('offers a cancelled seat to the first who waits, and keeps it for that customer', () => {
    given(...full)
      .when(cancel())
      .thenEvents(canceled(), offered('e2', 'CUST2'));
    const offering = given(...full, canceled(), offered('e2', 'CUST2'));
    offering.when(take('r-3', 'CUST3', { entryId: 'e3' })).thenRefused('not-offered');
    offering.when(take('r-3', 'CUST3', { entryId: 'e2' })).thenRefused('entry-not-found');
    offering.when(reserve('r-4', undefined, 'CUST4')).thenRefused('showing-full');
    offering
      .when(take('r-2', 'CUST2', { entryId: 'e2' }))
      .thenEvents(ofKept(ofHold('7', held('r-2', undefined, 'CUST2')), { entryId: 'e2' }));
  });
  it('offers the seat of a declined payment, also one that was taken from an offer', () => {
    given(opened(1), held(), joined('e2', 'CUST2')).when(release()).thenEvents(released(), offered('e2', 'CUST2'));
    const accepted = ofKept(held('r-2', undefined, 'CUST2'), { entryId: 'e2' });
    given(...full, canceled(), offered('e2', 'CUST2'), accepted)
      .when(release('r-2'))
      .thenEvents(released('r-2', undefined, 'CUST2'), offered('e3', 'CUST3'));
  });
  it('takes an offer once', () => {
    const accepted = ofKept(held('r-2', undefined, 'CUST2'), { entryId: 'e2' });
    given(...full, canceled(), offered('e2', 'CUST2'), accepted)
      .when(take('r-4', 'CUST2', { entryId: 'e2' }))
      .thenRefused('entry-ended');
  });
  it.each([0, 1])('takes an offer until just before its end, and not %i ms after it', (late) => {
    const offering = [...full, canceled(), offered('e2', 'CUST2')];
    const accept = take('r-2', 'CUST2', { entryId: 'e2' });
    const takenBefore = ofKept(ofHold('7', held('r-2', undefined, 'CUST2')), { entryId: 'e2' });
    const before = plus(UNTIL, { milliseconds: -1 });
    specification(showing, before)
      .given(...offering)
      .when(accept)
      .thenEvents({ ...takenBefore, data: { ...takenBefore.data, heldAt: before } } as Event);
    const expired = { type: 'ShowingPlaceOfferExpired', data: { ...keptPlaces('CUST2', 1), ...named, entryId: 'e2' } };
    const { given: givenLate } = specification(showing, plus(UNTIL, { milliseconds: late }));
    givenLate(...offering)
      .when(accept)
      .thenRefused('offer-expired');
    givenLate(...offering, expired as Event)
      .when(accept)
      .thenRefused('offer-expired');
  });
  it('offers the seat of an expired offer to the next', () =>
    specification(showing, UNTIL)
      .given(...full, canceled(), offered('e2', 'CUST2'))
      .when({ type: 'SettleShowingPlaces', data: { showingId, entryId: 'e2' } })
      .thenEvents(
        { type: 'ShowingPlaceOfferExpired', data: { ...keptPlaces('CUST2', 1), ...named, entryId: 'e2' } },
        ofKept(offered('e3', 'CUST3'), { expiresAt: plus(UNTIL, { minutes: 5 }) } as never),
      ));

  it('needs a showing that is open and has not begun', () => {
    given().when(hold('h1', 'CUST1')).thenRefused('showing-not-found');
    given(opened(), showingCanceled()).when(join('e1', 'CUST1')).thenRefused('showing-canceled');
    const begun = specification(showing, about.startsAt).given(opened());
    begun.when(hold('h1', 'CUST1')).thenRefused('too-late');
    begun.when(join('e1', 'CUST1')).thenRefused('too-late');
  });
  it('ends with a cancelled showing, and makes no offer', () => {
    given(...full)
      .when(cancelShowing)
      .thenEvents(
        showingCanceled(),
        canceled('r-1', undefined, 'showing-canceled'),
        left('e2', 'CUST2'),
        left('e3', 'CUST3'),
      );
    given(opened(2), placesHeld('h1', 'CUST1', 2), joined('e2', 'CUST2'))
      .when(cancelWithdrawn())
      .thenEvents(showingCanceled(), placesReleased('h1', 'CUST1', 2), left('e2', 'CUST2'));
  });
  it('ends when the showing begins: first it closes, then everything ends', () => {
    const begun = specification(showing, about.startsAt).given;
    const lasting = placesHeld('h1', 'CUST1', 1, plus(about.startsAt, { minutes: 1 }));
    const before = [opened(1), lasting, joined('e2', 'CUST2')];
    begun(...before)
      .when(cancelRemaining)
      .thenEvents(placesClosed(2), placesReleased('h1', 'CUST1'), left('e2', 'CUST2'));
    begun(...before, placesClosed(2))
      .when(cancelRemaining)
      .thenEvents(placesReleased('h1', 'CUST1'), left('e2', 'CUST2'));
    begun(...before)
      .when(take('r-1', 'CUST1', { holdId: 'h1' }))
      .thenRefused('too-late');
    begun(opened(1)).when(cancelRemaining).thenNothing();
    given(...before)
      .when(cancelRemaining)
      .thenRefused('not-due');
  });
  it('offers no seat that is cancelled after the showing began', () => {
    const free: Event = { type: 'ShowingOpened', data: { ...about, seats: 1, cancelUntil: 0 } };
    specification(showing, about.startsAt)
      .given(free, held(), confirmed(), joined('e2', 'CUST2'))
      .when(cancel())
      .thenEvents(placesClosed(1), canceled());
  });
  it('ends as many entries in one append as fit, then the others', () => {
    const many = Array.from({ length: CANCELLATIONS_PER_COMMAND + 1 }, (_, index) => joined(`e${index}`, `C${index}`));
    const first = play(showing, [cancelShowing], stateAfter(showing, [opened(0), ...many]));
    expect(first.events[0]).toEqual(showingCanceled(1));
    expect(first.events).toHaveLength(1 + CANCELLATIONS_PER_COMMAND);
    expect(play(showing, [cancelRemaining, cancelRemaining], first.state).events).toHaveLength(1);
  });
});

describe('one append', () => {
  const longest = (name: string, n: number) => `${name}${n}`.padEnd(64, 'x');
  const id = longest('s', 1);
  /** A title is limited in characters, each of which may take four bytes. */
  const facts = {
    showingId: id,
    movieId: longest('m', 1),
    title: '𝄞'.repeat(200),
    startsAt: '2026-01-31T10:00:00.000Z',
    hallId: longest('h', 1),
  };
  const hall = { runningTime: 1, cleaning: 1, slot: `${longest('m', 1)}.1234567890123456789` };
  const many = 400;
  const seats = Array.from({ length: 8 }, (_, n) => `AN${n + 10}`);
  const openedWide: Event = {
    type: 'ShowingOpened',
    data: { ...facts, ...hall, seats: 2 * 8 * many, price: 10 ** 11 },
  };
  const of = (n: number) => ({ customerId: longest('c', n), places: 8, showingId: id, movieId: facts.movieId });
  const each = (make: (n: number) => Event[]) => Array.from({ length: many }, (_, n) => make(n)).flat();
  const reserved = each((n) => {
    const data = { ...facts, reservationId: longest('r', n), customerId: longest('c', n), hold: '1234567890123456789' };
    const named = { ...data, seats, price: 10 ** 12 };
    return [
      { type: 'SeatHeld', data: { ...named, heldAt: NOW } },
      { type: 'ReservationConfirmed', data: named },
    ];
  });
  const holds = each((n) => [
    { type: 'ShowingPlaceHeld', data: { ...of(n), holdId: longest('h', n), seats, expiresAt: UNTIL } },
  ]);
  const waiting = each((n) => [
    { type: 'ShowingPlaceWaitingListJoined', data: { ...of(n), places: 1, entryId: longest('e', n) } },
  ]);

  it('of a showing that closes after many holds were due and are offered fits into the store', () => {
    const state = stateAfter(showing, [openedWide, ...reserved, ...holds, ...waiting]);
    const { events } = play(showing, [{ type: 'CancelShowing', data: { showingId: id } }], state, 0n, UNTIL);
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['ShowingPlaceHoldExpired', 'ShowingPlaceOffered', 'ShowingCanceled', 'SeatReservationCanceled']),
    );
    expect(appendBytes(events)).toBeLessThan(MEBIBYTE);
    expect(appendBytes(events)).toBeGreaterThan(MEBIBYTE / 2);
  });
  it('of a showing that begins with many holds and waiting entries fits into the store', () => {
    const lasting = { ...facts, startsAt: UNTIL };
    const begins: Event = { type: 'ShowingOpened', data: { ...openedWide.data, ...lasting } as never };
    const state = stateAfter(showing, [begins, ...holds, ...waiting]);
    const { events } = play(showing, [{ type: 'CancelRemainingSeats', data: { showingId: id } }], state, 0n, UNTIL);
    expect(events.length).toBeGreaterThan(CANCELLATIONS_PER_COMMAND);
    expect(appendBytes(events)).toBeLessThan(MEBIBYTE);
  });
  it('of a showing that is moved fits into the store', () => {
    const { slot: _slot, ...withoutHall } = openedWide.data as Extract<Event, { type: 'ShowingOpened' }>['data'];
    const state = stateAfter(showing, [
      { type: 'ShowingOpened', data: withoutHall },
      ...reserved,
      ...holds,
      ...waiting,
    ]);
    const data = { showingId: id, startsAt: '2026-01-31T12:00:00.000Z' };
    const { events } = play(showing, [{ type: 'MoveShowing', data }], state, 0n, UNTIL);
    expect(events.filter(({ type }) => type === 'SeatReservationMoved')).toHaveLength(CANCELLATIONS_PER_COMMAND);
    expect(appendBytes(events)).toBeLessThan(MEBIBYTE);
  });
});

describe('ProveGuest', () => {
  const given = specification(showing, about.startsAt).given;
  const guest = given(opened(), held(), confirmed());
  it('refuses a guest until the showing begins', () =>
    specification(showing, plus(about.startsAt, { seconds: -1 }))
      .given(opened(), held(), confirmed())
      .when(prove())
      .thenRefused('showing-not-begun'));
  it('accepts a guest', () => guest.when(prove()).thenNothing());
  it.each([{ customerId: 'CUST2' }, { movieId: 'm-2' }, { reservationId: 'r-2' }])('refuses %o', (other) =>
    guest.when(prove(other)).thenRefused('not-a-guest'),
  );
  it('refuses a customer who has not paid or has cancelled', () => {
    given().when(prove()).thenRefused('not-a-guest');
    given(opened(), held()).when(prove()).thenRefused('not-a-guest');
    given(opened(), held(), confirmed(), canceled()).when(prove()).thenRefused('not-a-guest');
  });
});

describe('any sequence of commands', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const customer = fc.constantFrom('CUST1', 'CUST2', 'CUST3', 'CUST4');
  const places = fc.integer({ min: 1, max: 3 });
  const seatNames = (...names: string[]) => fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 4 });
  const anyOfPlaces = fc.oneof(
    fc.tuple(id, customer, places).map(([h, c, n]) => hold(h, c, n)),
    fc.tuple(id, customer, seatNames('1', '2', '3')).map(([h, c, seats]) => hold(h, c, seats.length, seats)),
    fc.tuple(id, id, customer).map(([r, holdId, c]) => take(r, c, { holdId })),
    fc.tuple(id, customer, places).map(([e, c, n]) => join(e, c, n)),
    fc.tuple(id, customer, places).map(([e, c, n]) => join(e, c, n)),
    fc.tuple(id, id, customer, places).map(([r, holdId, c, n]) => take(r, c, { holdId, places: n })),
    fc.tuple(id, id, customer, places).map(([r, entryId, c, n]) => take(r, c, { entryId, places: n })),
    id.map(releaseHold),
    id.map(leave),
  );
  const anyCommand = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(open({ seats: 3 }), open({ seats: 3, movieId: 'm-2' })) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(id, fc.option(fc.nat(3), { nil: undefined }))
        .map(([r, seat]) => reserve(r, seat === 0 ? undefined : seat)),
    },
    { weight: 3, arbitrary: id.map((r) => confirm(r)) },
    { weight: 1, arbitrary: id.map((r) => release(r)) },
    { weight: 1, arbitrary: id.map((r) => cancel(r)) },
    { weight: 4, arbitrary: anyOfPlaces },
  );
  const withCancellation = fc.oneof(
    { weight: 10, arbitrary: anyCommand },
    { weight: 1, arbitrary: fc.constantFrom(cancelShowing, cancelWithdrawn(), cancelWithdrawn('m-2')) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Command>(
        { type: 'MoveShowing', data: { showingId, startsAt: '2027-02-01T19:00:00.000Z' } },
        { type: 'MoveShowing', data: { showingId, startsAt: '2020-02-01T19:00:00.000Z' } },
      ),
    },
  );

  it('keeps the rules of every decider', () => holdsForEveryDecider(showing, withCancellation));

  it('sells no named seat twice, splits no group, and sells no more seats than the hall has', () => {
    const names = seatNames('A1', 'A2', 'A3', 'A4', 'B1', 'B3', 'C1', 'C2', 'C3', 'C4');
    const anyGroup = fc
      .tuple(
        id,
        fc.oneof(
          fc.constant({}),
          fc.integer({ min: 1, max: 4 }).map((places) => ({ places })),
          names.map((seats) => ({ seats })),
        ),
      )
      .map(([reservationId, choice]) => group(choice, reservationId));
    const anyHold = fc.oneof(
      fc.tuple(id, names).map(([h, seats]) => hold(h, 'CUST1', seats.length, seats)),
      fc.tuple(id, id).map(([r, holdId]) => take(r, 'CUST1', { holdId })),
    );
    const openWithMap = open({ seats: 10, hallMap: HALL });
    const anyOf = fc.oneof(
      { weight: 3, arbitrary: anyGroup },
      { weight: 2, arbitrary: anyHold },
      { weight: 3, arbitrary: withCancellation },
    );
    let used = 0;
    holdsForEveryDecider(
      showing,
      fc.oneof({ weight: 1, arbitrary: fc.constant(openWithMap) }, { weight: 9, arbitrary: anyOf }),
    );
    fc.assert(
      fc.property(fc.array(anyOf, { maxLength: 80, size: 'max' }), (commands) => {
        const taken = new Map<string, readonly string[]>();
        let seatsSold = 0;
        let charged = 0;
        for (const { type, data } of play(showing, [openWithMap, ...commands]).events) {
          if (type === 'ShowingPlaceHeld' && data.seats) {
            for (const seat of data.seats) expect([...taken.values()].flat()).not.toContain(seat);
            taken.set(`hold ${data.holdId}`, data.seats);
          }
          if (type === 'ShowingPlaceHoldReleased') {
            expect(data.seats).toEqual(taken.get(`hold ${data.holdId}`));
            taken.delete(`hold ${data.holdId}`);
          }
          if (type === 'SeatHeld') {
            const ofHold = taken.get(`hold ${data.holdId}`);
            if (ofHold) {
              expect(data.seats).toEqual(ofHold);
              taken.delete(`hold ${data.holdId}`);
              used += 1;
            }
            expect(new Set(data.seats).size).toBe(data.seats!.length);
            expect(data.price).toBe(data.seats!.length * price);
            for (const seat of data.seats!) {
              expect(['A1', 'A2', 'A3', 'A4', 'B1', 'B2', 'B4', 'C1', 'C2', 'C3']).toContain(seat);
              expect([...taken.values()].flat()).not.toContain(seat);
            }
            taken.set(data.reservationId, data.seats!);
          }
          if (type === 'ReservationConfirmed' || type === 'SeatReleased' || type === 'SeatReservationCanceled')
            expect(data.seats).toEqual(taken.get(data.reservationId));
          if (type === 'SeatReleased' || type === 'SeatReservationCanceled') taken.delete(data.reservationId);
          if (type === 'ReservationConfirmed') {
            seatsSold += data.seats!.length;
            charged += data.price;
          }
          if (type === 'SeatReservationCanceled') {
            seatsSold -= data.seats!.length;
            charged -= data.price;
          }
          expect(charged).toBe(seatsSold * price);
        }
      }),
    );
    expect(used).toBeGreaterThan(0);
  });

  it('never sells and keeps more seats than there are, and offers them in order', () => {
    const many = fc.array(
      fc.tuple(fc.oneof({ weight: 2, arbitrary: anyOfPlaces }, { weight: 3, arbitrary: anyCommand }), fc.nat(120)),
      { minLength: 20, maxLength: 120, size: 'max' },
    );
    let offers = 0;
    fc.assert(
      fc.property(many, fc.boolean(), (steps, isCanceled) => {
        const startsAt = plus(NOW, { minutes: 100 });
        const begin = play(showing, [open({ seats: 3, startsAt, holdFor: 300, cancelUntil: 0 })]);
        let { state, revision } = begin;
        let now = NOW;
        let isOver = false;
        const taken = new Map<string, number>();
        const kept = new Map<string, { customerId: string; places: number; expiresAt: string }>();
        const waiting: { entryId: string; places: number }[] = [];
        const sum = (counts: number[]) => counts.reduce((all, count) => all + count, 0);
        const free = () => 3 - sum([...taken.values()]) - sum([...kept.values()].map((each) => each.places));
        const firstThatFits = () => waiting.find((each) => each.places <= free());
        const stopWaiting = (entryId: string) => {
          const at = waiting.findIndex((each) => each.entryId === entryId);
          expect(at).toBeGreaterThanOrEqual(0);
          waiting.splice(at, 1);
        };
        const apply = ({ type, data }: Event) => {
          switch (type) {
            case 'ShowingPlaceHeld':
              expect(firstThatFits()).toBeUndefined();
              kept.set(`hold ${data.holdId}`, data);
              break;
            case 'ShowingPlaceHoldExpired':
            case 'ShowingPlaceHoldReleased':
              expect(kept.delete(`hold ${data.holdId}`)).toBe(true);
              break;
            case 'ShowingPlaceWaitingListJoined':
              waiting.push(data);
              break;
            case 'ShowingPlaceWaitingListLeft':
              stopWaiting(data.entryId);
              break;
            case 'ShowingPlaceOffered':
              expect(isOver).toBe(false);
              expect(firstThatFits()?.entryId).toBe(data.entryId);
              stopWaiting(data.entryId);
              kept.set(`entry ${data.entryId}`, data);
              offers += 1;
              break;
            case 'ShowingPlaceOfferExpired':
            case 'ShowingPlaceOfferDeclined':
              expect(kept.delete(`entry ${data.entryId}`)).toBe(true);
              break;
            case 'SeatHeld': {
              const count = data.seats?.length ?? 1;
              const named = data.holdId === undefined ? data.entryId && `entry ${data.entryId}` : `hold ${data.holdId}`;
              if (named === undefined) expect(firstThatFits()).toBeUndefined();
              else {
                const before = kept.get(named)!;
                expect(before.customerId).toBe(data.customerId);
                expect(now < before.expiresAt).toBe(true);
                expect(before.places).toBeGreaterThanOrEqual(count);
                if (before.places === count) kept.delete(named);
                else kept.set(named, { ...before, places: before.places - count });
              }
              taken.set(data.reservationId, count);
              break;
            }
            case 'SeatReleased':
            case 'SeatReservationCanceled':
              taken.delete(data.reservationId);
              break;
            case 'ShowingCanceled':
            case 'ShowingPlacesClosed':
              isOver = true;
          }
          expect(free()).toBeGreaterThanOrEqual(0);
        };
        const give = (command: Command) => {
          const next = play(showing, [command], state, revision, now);
          for (const event of next.events) apply(event);
          ({ state, revision } = next);
          if (next.refusals[0] === undefined && !isOver) expect(firstThatFits()).toBeUndefined();
        };
        for (const [command, seconds] of steps) {
          now = plus(now, { seconds });
          give(command);
        }
        if (!isCanceled) now = plus(startsAt, { minutes: 200 });
        give(isCanceled ? cancelShowing : cancelRemaining);
        expect([waiting.length, kept.size]).toEqual([0, 0]);
      }),
    );
    expect(offers).toBeGreaterThan(0);
  });

  it('sells no seat twice, and no more seats than the showing has', () => {
    fc.assert(
      fc.property(fc.array(withCancellation, { maxLength: 80, size: 'max' }), (commands) => {
        const taken = new Map<string, number | undefined>();
        for (const { type, data } of play(showing, commands).events) {
          if (type === 'SeatHeld') {
            if (data.seat !== undefined) expect([...taken.values()]).not.toContain(data.seat);
            taken.set(data.reservationId, data.seat);
            expect(taken.size).toBeLessThanOrEqual(3);
          }
          if (type === 'SeatReleased' || type === 'SeatReservationCanceled') taken.delete(data.reservationId);
        }
      }),
    );
  });
});
