import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANCELLATIONS_PER_COMMAND } from '../../schemas/cinema.ts';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
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
const cancelShowing: Command = { type: 'CancelShowing', data: { showingId, movieId } };
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

describe('CheckReservation', () => {
  const check = (hold?: string): Command => ({
    type: 'CheckReservation',
    data: { showingId, reservationId: 'r-1', ...(hold === undefined ? {} : { hold }) },
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
  it('refuses a reservation that its customer or its showing cancelled', () => {
    const canceledAs4 = ofHold('4', canceled());
    given(opened(), heldAs4, confirmedAs4, canceledAs4).when(check('4')).thenRefused('already-canceled');
    given(opened(), heldAs4, showingCanceled(), confirmedAs4, canceledAs4)
      .when(check('4'))
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
  it('happens once', () => given(opened(), showingCanceled()).when(cancelShowing).thenNothing());
  it('does not cancel a showing of another movie', () =>
    given(opened(), held(), confirmed())
      .when({ type: 'CancelShowing', data: { showingId, movieId: 'm-2' } })
      .thenNothing());
  it('cancels as many reservations as fit into one append, then the others', () => {
    const many = Array.from({ length: CANCELLATIONS_PER_COMMAND + 1 }, (_, index) => `r-${index}`);
    const before = [opened(many.length), ...many.map((id) => held(id)), ...many.map((id) => confirmed(id))];
    const first = showing.decide(cancelShowing, stateAfter(showing, before), { now: NOW, revision: 0n }) as Event[];
    expect(first[0]).toEqual(showingCanceled(1));
    expect(first).toHaveLength(1 + CANCELLATIONS_PER_COMMAND);
    const rest = showing.decide(cancelRemaining, stateAfter(showing, [...before, ...first]), {
      now: NOW,
      revision: 0n,
    });
    expect(rest).toHaveLength(1);
  });
});

describe('ProveGuest', () => {
  const guest = given(opened(), held(), confirmed());
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
  );
  const withCancellation = fc.oneof(
    { weight: 10, arbitrary: anyCommand },
    { weight: 1, arbitrary: fc.constant(cancelShowing) },
  );

  it('keeps the rules of every decider', () => holdsForEveryDecider(showing, withCancellation));

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
