import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANCELLATIONS_PER_COMMAND } from '../../schemas/kernel/limited-places.ts';
import {
  appendBytes,
  holdsForEveryDecider,
  MEBIBYTE,
  play,
  restored,
  specification,
  stateAfter,
} from '../kernel/testing.ts';
import { parkingLot } from './parking-lot.ts';

const { given } = specification(parkingLot);

type Command = Parameters<typeof parkingLot.decide>[0];
type Event = Parameters<typeof parkingLot.evolve>[1];

/** The commands of lots without holds, waiting lists and arrivals, which the plain model of this file knows. */
type LotCommand = Exclude<
  Command,
  {
    type:
      | 'HoldSpot'
      | 'ReleaseSpotHold'
      | 'JoinSpotWaitingList'
      | 'LeaveSpotWaitingList'
      | 'SettleSpots'
      | 'RecordArrival'
      | 'RecordDeparture'
      | 'ExpireReservation'
      | 'ApplyCoupon'
      | 'SettleCoupon';
  }
>;

const lotId = 'lot-1';
const lotName = '정자역 주차장';
const register = (spots = 5): LotCommand => ({ type: 'RegisterLot', data: { lotId, name: lotName, spots } });
const reserve = (reservationId: string, carNumber: string): LotCommand => ({
  type: 'ReserveParking',
  data: { lotId, reservationId, customerId: 'CUST1', carNumber, amount: 5000 },
});
const cancel = (reservationId: string, reason?: string): LotCommand => ({
  type: 'CancelReservation',
  data: { lotId, reservationId, ...(reason === undefined ? {} : { reason }) },
});
const changeSpots = (spots: number): LotCommand => ({ type: 'ChangeLot', data: { lotId, spots } });
const close: LotCommand = { type: 'CloseLot', data: { lotId } };
const cancelRemaining: LotCommand = { type: 'CancelRemainingReservations', data: { lotId } };

const registered = (spots = 5): Event => ({ type: 'LotRegistered', data: { lotId, name: lotName, spots } });
const spotsChanged = (spots: number): Event => ({ type: 'LotSpotsChanged', data: { lotId, spots } });
const reserved = (reservationId: string, carNumber: string): Event => ({
  type: 'ParkingReserved',
  data: { lotId, lotName, reservationId, customerId: 'CUST1', carNumber, amount: 5000 },
});
const canceled = (reservationId: string, reason?: string): Event => ({
  type: 'ReservationCanceled',
  data: {
    lotId,
    lotName,
    reservationId,
    customerId: 'CUST1',
    ...(reason === undefined ? {} : { reason }),
    ...(reason === 'no-show' ? {} : { amount: 5000 }),
  },
});
const closed = (remaining = 0): Event => ({ type: 'LotClosed', data: { lotId, remaining } });

describe('RegisterLot', () => {
  it('opens a lot', () => given().when(register(5)).thenEvents(registered(5)));
  it('opens a lot without spots', () => given().when(register(0)).thenEvents(registered(0)));
  it('takes an unused id only', () => given(registered()).when(register()).thenRefused('lot-already-registered'));
  it('refuses the id of a closed lot', () =>
    given(registered(), closed()).when(register()).thenRefused('lot-already-registered'));
});

describe('ChangeLot', () => {
  it('changes their number', () => given(registered(5)).when(changeSpots(7)).thenEvents(spotsChanged(7)));
  it('accepts as few spots as are reserved', () =>
    given(registered(5), reserved('r-1', 'A')).when(changeSpots(1)).thenEvents(spotsChanged(1)));
  it('refuses fewer spots than are reserved', () =>
    given(registered(5), reserved('r-1', 'A')).when(changeSpots(0)).thenRefused('spots-below-reserved'));
  it('changes nothing when the number is the same', () => given(registered(5)).when(changeSpots(5)).thenNothing());
  it('needs a lot', () => given().when(changeSpots(5)).thenRefused('lot-not-found'));
  it('needs an open lot', () => given(registered(), closed()).when(changeSpots(7)).thenRefused('lot-closed'));
});

describe('ReserveParking', () => {
  it('takes a spot', () =>
    given(registered(5)).when(reserve('r-1', '10더8612')).thenEvents(reserved('r-1', '10더8612')));
  it('takes the last spot', () =>
    given(registered(2), reserved('r-1', 'A')).when(reserve('r-2', 'B')).thenEvents(reserved('r-2', 'B')));
  it('needs a free spot', () =>
    given(registered(1), reserved('r-1', 'A')).when(reserve('r-2', 'B')).thenRefused('lot-full'));
  it('finds none in a lot without spots', () => given(registered(0)).when(reserve('r-1', 'A')).thenRefused('lot-full'));
  it('takes a spot that became free', () =>
    given(registered(1), reserved('r-1', 'A'), canceled('r-1'))
      .when(reserve('r-2', 'B'))
      .thenEvents(reserved('r-2', 'B')));
  it('takes a spot that was added', () =>
    given(registered(0), spotsChanged(1)).when(reserve('r-1', 'A')).thenEvents(reserved('r-1', 'A')));
  it('gives a car one spot', () =>
    given(registered(5), reserved('r-1', 'A')).when(reserve('r-2', 'A')).thenRefused('car-already-reserved'));
  it.each(['10 더 8612', ' 10더8612', '10더8612'.normalize('NFD'), '１０더8612', '10더8612\u200b'])(
    'takes %j for the car 10더8612, and keeps it as it was given',
    (spelling) => {
      given(registered(5), reserved('r-1', '10더8612'))
        .when(reserve('r-2', spelling))
        .thenRefused('car-already-reserved');
      given(registered(5)).when(reserve('r-1', spelling)).thenEvents(reserved('r-1', spelling));
    },
  );
  it('knows a car that an old lot took twice until both reservations end', () => {
    const twice = [registered(5), reserved('r-1', '10더8612'), reserved('r-2', '10 더 8612')];
    given(...twice, canceled('r-1'))
      .when(reserve('r-3', '10더8612'))
      .thenRefused('car-already-reserved');
    given(...twice, canceled('r-1'), canceled('r-2'))
      .when(reserve('r-3', '10더8612'))
      .thenEvents(reserved('r-3', '10더8612'));
    expect([...restored(stateAfter(parkingLot, twice)).cars]).toEqual([['10더8612', 2]]);
  });
  it('gives a car another spot after the first', () =>
    given(registered(5), reserved('r-1', 'A'), canceled('r-1'))
      .when(reserve('r-2', 'A'))
      .thenEvents(reserved('r-2', 'A')));
  it('takes an id once', () =>
    given(registered(5), reserved('r-1', 'A')).when(reserve('r-1', 'B')).thenRefused('reservation-already-exists'));
  it('takes an id once, also after it was cancelled', () =>
    given(registered(5), reserved('r-1', 'A'), canceled('r-1'))
      .when(reserve('r-1', 'A'))
      .thenRefused('reservation-already-exists'));
  it('needs a lot', () => given().when(reserve('r-1', 'A')).thenRefused('lot-not-found'));
  it('needs an open lot', () => given(registered(), closed()).when(reserve('r-1', 'A')).thenRefused('lot-closed'));
});

describe('the amount of a reservation', () => {
  const priced = (price: number): Event => ({ type: 'LotRegistered', data: { lotId, name: lotName, spots: 5, price } });
  const asking = (data: object): Command => {
    const { amount: _amount, ...rest } = reserve('r-1', 'A').data as { amount: number };
    return { type: 'ReserveParking', data: { ...rest, ...data } } as Command;
  };
  const reservedFor = (amount: number): Event =>
    ({ type: 'ParkingReserved', data: { ...reserved('r-1', 'A').data, amount } }) as Event;

  it('is the price of the lot when the request has none', () => {
    given(priced(7000)).when(asking({})).thenEvents(reservedFor(7000));
    given(priced(0)).when(asking({})).thenEvents(reservedFor(0));
    expect(parkingLot.answer(asking({}), [reservedFor(7000)])).toMatchObject({ amount: 7000 });
  });
  it('is needed in a lot without a price, where it may be 0', () => {
    given(registered()).when(asking({})).thenRefused('amount-required');
    given(registered())
      .when(asking({ amount: 0 }))
      .thenEvents(reservedFor(0));
  });
  it('takes a coupon only when there is something to pay', () => {
    const couponId = 'lot-2.r-9';
    given(priced(0)).when(asking({ couponId })).thenRefused('nothing-to-pay');
    given(registered())
      .when(asking({ amount: 0, couponId }))
      .thenRefused('nothing-to-pay');
    given(registered(), reservedFor(0))
      .when({ type: 'ApplyCoupon', data: { lotId, reservationId: 'r-1', couponId } })
      .thenRefused('nothing-to-pay');
  });
});

describe('CancelReservation', () => {
  it('gives the spot back', () =>
    given(registered(), reserved('r-1', 'A')).when(cancel('r-1')).thenEvents(canceled('r-1')));
  it('keeps the reason', () =>
    given(registered(), reserved('r-1', 'A'))
      .when(cancel('r-1', 'changed plans'))
      .thenEvents(canceled('r-1', 'changed plans')));
  it('needs a reservation', () => given(registered()).when(cancel('r-1')).thenRefused('reservation-not-found'));
  it('is done once', () =>
    given(registered(), reserved('r-1', 'A'), canceled('r-1')).when(cancel('r-1')).thenRefused('already-canceled'));
  it('comes too late after the lot was closed', () =>
    given(registered(), reserved('r-1', 'A'), closed(), canceled('r-1', 'lot-closed'))
      .when(cancel('r-1'))
      .thenRefused('already-canceled'));
  it('needs a lot', () => given().when(cancel('r-1')).thenRefused('lot-not-found'));
});

describe('CloseLot', () => {
  it('closes an empty lot', () => given(registered()).when(close).thenEvents(closed()));
  it('cancels the open reservations', () =>
    given(registered(), reserved('r-1', 'A'), reserved('r-2', 'B'), canceled('r-1'))
      .when(close)
      .thenEvents(closed(), canceled('r-2', 'lot-closed')));
  it('is done once', () => given(registered(), closed()).when(close).thenRefused('lot-closed'));
  it('needs a lot', () => given().when(close).thenRefused('lot-not-found'));
});

describe('CancelRemainingReservations', () => {
  const many = CANCELLATIONS_PER_COMMAND + 1;
  const full = [registered(many), ...Array.from({ length: many }, (_, index) => reserved(`r-${index}`, `${index}`))];

  it('cancels the reservations that did not fit into the closing', () => {
    const closing = play(parkingLot, [close], stateAfter(parkingLot, full));
    expect(closing.events[0]).toEqual(closed(1));
    expect(closing.events).toHaveLength(1 + CANCELLATIONS_PER_COMMAND);

    const rest = play(parkingLot, [cancelRemaining, cancelRemaining], closing.state);
    expect(rest.events).toHaveLength(1);
    const ids = [...closing.events.slice(1), ...rest.events].map(
      ({ data }) => (data as { reservationId: string }).reservationId,
    );
    expect(new Set(ids).size).toBe(many);
  });
  it('does nothing in a lot without reservations', () =>
    given(registered(), closed()).when(cancelRemaining).thenNothing());
  it('does nothing in an open lot', () =>
    given(registered(), reserved('r-1', 'A')).when(cancelRemaining).thenNothing());
});

const id = (prefix: string, count: number) => fc.nat({ max: count - 1 }).map((n) => `${prefix}-${n}`);

const anyLotCommand: fc.Arbitrary<LotCommand> = fc.oneof(
  { weight: 1, arbitrary: fc.nat({ max: 4 }).map(register) },
  { weight: 1, arbitrary: fc.nat({ max: 4 }).map(changeSpots) },
  { weight: 6, arbitrary: fc.tuple(id('r', 12), id('car', 6)).map(([r, car]) => reserve(r, car)) },
  { weight: 4, arbitrary: id('r', 12).map((r) => cancel(r)) },
  { weight: 1, arbitrary: fc.constantFrom(close, cancelRemaining) },
);

const reserveFrom = (
  reservationId: string,
  carNumber: string,
  from: { holdId?: string; entryId?: string },
): Command => ({
  type: 'ReserveParking',
  data: { lotId, reservationId, customerId: 'CUST1', carNumber, amount: 5000, ...from },
});
const hold = (holdId: string, places = 1, customerId = 'CUST1'): Command => ({
  type: 'HoldSpot',
  data: { lotId, holdId, customerId, places },
});
const join = (entryId: string, places = 1, customerId = 'CUST1'): Command => ({
  type: 'JoinSpotWaitingList',
  data: { lotId, entryId, customerId, places },
});
const held = (holdId: string, places = 1): Event => ({
  type: 'SpotHeld',
  data: { lotId, holdId, customerId: 'CUST1', places, expiresAt: '2026-01-31T09:05:00.000Z' },
});
const joined = (entryId: string, customerId = 'CUST1'): Event => ({
  type: 'SpotWaitingListJoined',
  data: { lotId, entryId, customerId, places: 1 },
});
const offered = (entryId: string, customerId = 'CUST1'): Event => ({
  type: 'SpotOffered',
  data: { lotId, lotName, entryId, customerId, places: 1, expiresAt: '2026-01-31T09:05:00.000Z' },
});

describe('holds and the waiting list of a lot', () => {
  const reservedFrom = (
    reservationId: string,
    carNumber: string,
    from: { holdId?: string; entryId?: string },
  ): Event => ({
    type: 'ParkingReserved',
    data: { ...reserveFrom(reservationId, carNumber, from).data, lotName } as never,
  });

  it('holds spots for five minutes, or for as long as the lot says', () => {
    given(registered(2)).when(hold('h-1', 2)).thenEvents(held('h-1', 2));
    const data = { lotId, name: lotName, spots: 2, holdFor: 10 };
    given({ type: 'LotRegistered', data })
      .when(hold('h-1'))
      .thenEvents({ type: 'SpotHeld', data: { ...held('h-1').data, expiresAt: '2026-01-31T09:00:10.000Z' } as never });
  });
  it('counts held spots as taken', () => {
    given(registered(1), held('h-1')).when(reserve('r-1', 'A')).thenRefused('lot-full');
    given(registered(2), held('h-1')).when(changeSpots(0)).thenRefused('spots-below-reserved');
  });
  it('reserves one held spot for each car', () => {
    const first = reservedFrom('r-1', 'A', { holdId: 'h-1' });
    const second = reservedFrom('r-2', 'B', { holdId: 'h-1' });
    given(registered(2), held('h-1', 2))
      .when(reserveFrom('r-1', 'A', { holdId: 'h-1' }))
      .thenEvents(first);
    given(registered(2), held('h-1', 2), first)
      .when(reserveFrom('r-2', 'B', { holdId: 'h-1' }))
      .thenEvents(second);
    given(registered(2), held('h-1', 2), first, second)
      .when(reserveFrom('r-3', 'C', { holdId: 'h-1' }))
      .thenRefused('hold-ended');
  });
  it('offers the spot of a cancelled reservation to the first in line', () =>
    given(registered(1), reserved('r-1', 'A'), joined('e-1', 'CUST2'), joined('e-2', 'CUST3'))
      .when(cancel('r-1'))
      .thenEvents(canceled('r-1'), offered('e-1', 'CUST2')));
  it('offers spots that are added', () =>
    given(registered(0), joined('e-1')).when(changeSpots(1)).thenEvents(spotsChanged(1), offered('e-1')));
  it('keeps a free spot for those who wait, also before it is offered to them', () => {
    // One command offers a limited number of places; the rest follow.
    const notYetOffered = [registered(0), joined('e-1', 'CUST2'), spotsChanged(1)];
    given(...notYetOffered)
      .when(reserve('r-1', 'A'))
      .thenRefused('lot-full');
    given(registered(0), spotsChanged(1)).when(reserve('r-1', 'A')).thenEvents(reserved('r-1', 'A'));
  });
  it('reserves the offered spot', () => {
    const accepted = reservedFrom('r-2', 'B', { entryId: 'e-1' });
    given(registered(1), joined('e-1'), offered('e-1'))
      .when(reserveFrom('r-2', 'B', { entryId: 'e-1' }))
      .thenEvents(accepted);
    given(registered(1), joined('e-1'), offered('e-1'), accepted)
      .when(reserveFrom('r-3', 'C', { entryId: 'e-1' }))
      .thenRefused('entry-ended');
  });
  it.each([
    ['2026-01-31T09:05:00.000Z', 'at the moment of its end'],
    ['2026-01-31T09:05:00.001Z', 'after it'],
  ])('accepts an offer until just before its end, and not at %s, %s', (late) => {
    const accept = reserveFrom('r-2', 'B', { entryId: 'e-1' });
    const offering = [registered(1), joined('e-1'), offered('e-1')];
    specification(parkingLot, '2026-01-31T09:04:59.999Z')
      .given(...offering)
      .when(accept)
      .thenEvents(reservedFrom('r-2', 'B', { entryId: 'e-1' }));
    const expired: Event = {
      type: 'SpotOfferExpired',
      data: { lotId, lotName, entryId: 'e-1', customerId: 'CUST1', places: 1 },
    };
    const { given: givenLate } = specification(parkingLot, late);
    givenLate(...offering)
      .when(accept)
      .thenRefused('offer-expired');
    givenLate(...offering, expired)
      .when(accept)
      .thenRefused('offer-expired');
    givenLate(...offering)
      .when({ type: 'SettleSpots', data: { lotId, entryId: 'e-1' } })
      .thenEvents(expired);
  });
  it('has nothing to wait for while a spot is free', () =>
    given(registered(1)).when(join('e-1')).thenRefused('places-left'));
  it('ends with the lot', () => {
    const released: Event = {
      type: 'SpotHoldReleased',
      data: { lotId, lotName, holdId: 'h-1', customerId: 'CUST1', places: 1, reason: 'closed' },
    };
    const left: Event = {
      type: 'SpotWaitingListLeft',
      data: { lotId, lotName, entryId: 'e-1', customerId: 'CUST1', places: 1, reason: 'closed' },
    };
    given(registered(1), held('h-1'), joined('e-1')).when(close).thenEvents(closed(), released, left);
  });
  it('ends with the lot, in several appends', () => {
    const many = CANCELLATIONS_PER_COMMAND + 1;
    const waiting = Array.from({ length: many }, (_, index) => joined(`e-${index}`, `CUST${index}`));
    const first = play(parkingLot, [close], stateAfter(parkingLot, [registered(0), ...waiting]));
    expect(first.events).toHaveLength(CANCELLATIONS_PER_COMMAND + 1);
    expect(first.events[0]).toEqual(closed(1));
    expect(play(parkingLot, [cancelRemaining], first.state).events).toHaveLength(1);
  });
});

describe('a repeat without a key', () => {
  const again = reserve('r-1', 'A');
  const one = [registered(5), reserved('r-1', 'A')] as const;

  it('has the first answer while its result stands', () => {
    given(registered()).whenRepeated(register()).thenFirstAnswer();
    given(...one)
      .whenRepeated(again)
      .thenFirstAnswer();
  });
  it('is refused when the lot is closed, and while the reservation waits for its end', () => {
    given(registered(), closed()).whenRepeated(register()).thenRefused('lot-closed');
    given(...one, closed(1))
      .whenRepeated(again)
      .thenRefused('lot-closed');
  });
  it('is refused when the reservation is cancelled', () =>
    given(...one, canceled('r-1'))
      .whenRepeated(again)
      .thenRefused('already-canceled'));
  it('is refused when the car has left', () => {
    const car = {
      lotId,
      reservationId: 'r-1',
      customerId: 'CUST1',
      carNumber: 'A',
      arrivedAt: '2026-01-31T09:00:00.000Z',
    };
    const arrived: Event = { type: 'CarArrived', data: car };
    const left: Event = { type: 'CarDeparted', data: { ...car, lotName, departedAt: car.arrivedAt, due: 0 } };
    given(...one, arrived, closed())
      .whenRepeated(again)
      .thenFirstAnswer();
    given(...one, arrived, left)
      .whenRepeated(again)
      .thenRefused('already-completed');
  });
  it('is refused from the moment at which the car should have arrived', () => {
    const due: Event = { ...one[1], data: { ...one[1].data, arriveBy: '2026-01-31T09:30:00.000Z' } } as Event;
    const at = (time: string) => specification(parkingLot, `2026-01-31T${time}.000Z`).given(registered(5), due);
    at('09:29:59').whenRepeated(again).thenFirstAnswer();
    at('09:30:00').whenRepeated(again).thenRefused('already-canceled');
  });
  it('is refused when nobody remembers how the reservation ended', () =>
    given(registered(5)).whenRepeated(again).thenRefused('reservation-already-exists'));
});

describe('the settings of a lot', () => {
  const settings = { price: 5000, arriveWithin: 30, cancelUntil: 20, holdFor: 60, paidHours: 2, overtimePrice: 1000 };
  const withSettings: Event = { type: 'LotRegistered', data: { lotId, name: lotName, spots: 2, ...settings } };
  const terms = {
    arriveBy: '2026-01-31T09:30:00.000Z',
    cancelBy: '2026-01-31T09:20:00.000Z',
    paidHours: 2,
    overtimePrice: 1000,
  };
  const change = (data: object): Command => ({ type: 'ChangeLot', data: { lotId, ...data } });
  const changed = (data: object): Event => ({ type: 'LotChanged', data: { lotId, ...data } });
  const fixed: Event = { type: 'ParkingReserved', data: { ...reserved('r-1', 'A').data, ...terms } as never };
  const at = (time: string) => specification(parkingLot, `2026-01-31T${time}.000Z`).given(withSettings, fixed);
  const noShow = canceled('r-1', 'no-show');
  const arrive: Command = { type: 'RecordArrival', data: { lotId, reservationId: 'r-1' } };
  const depart: Command = { type: 'RecordDeparture', data: { lotId, reservationId: 'r-1' } };
  const arrived = (time: string): Event => ({
    type: 'CarArrived',
    data: { lotId, reservationId: 'r-1', customerId: 'CUST1', carNumber: 'A', arrivedAt: `2026-01-31T${time}.000Z` },
  });
  const departed = (from: string, to: string, due: number): Event => ({
    type: 'CarDeparted',
    data: { ...(arrived(from).data as never as object), lotName, departedAt: `2026-01-31T${to}.000Z`, due } as never,
  });
  const laterThan = (time: string, ...events: Event[]) =>
    specification(parkingLot, `2026-01-31T${time}.000Z`).given(withSettings, fixed, ...events);

  it('are gone once they are unset', () => {
    const unset = changed({ unset: ['price', 'arriveWithin', 'cancelUntil', 'paidHours', 'overtimePrice'] });
    given(withSettings, unset).when(reserve('r-1', 'A')).thenEvents(reserved('r-1', 'A'));
    given(withSettings, unset)
      .when(change({ price: null }))
      .thenNothing();
    given(withSettings, unset, changed({ price: 6000 }))
      .when(change({ price: 6000 }))
      .thenNothing();
  });

  it('are changed one by one', () => {
    given(withSettings)
      .when(change({ price: 6000 }))
      .thenEvents(changed({ price: 6000 }));
    given(withSettings)
      .when(change({ name: '정자역 지하 주차장', spots: 3, price: 5000 }))
      .thenEvents(spotsChanged(3), changed({ name: '정자역 지하 주차장' }));
    given(withSettings)
      .when(change({ price: null, arriveWithin: 20, couponDays: null }))
      .thenEvents(changed({ arriveWithin: 20, unset: ['price'] }));
    given(withSettings)
      .when(change({ ...settings, name: lotName, spots: 2 }))
      .thenNothing();
    given(withSettings, changed({ price: 6000 }))
      .when(change({ price: 6000 }))
      .thenNothing();
    given(withSettings, changed({ price: 6000 }))
      .when(reserve('r-1', 'A'))
      .thenRefused('price-changed');
  });
  it('are fixed for a reservation when it is made', () => {
    given(withSettings).when(reserve('r-1', 'A')).thenEvents(fixed);
    laterThan('09:25:00', changed({ arriveWithin: 1, cancelUntil: 60 }))
      .when(cancel('r-1'))
      .thenRefused('too-late');
  });
  it('determine the amount', () => {
    const other: Command = { type: 'ReserveParking', data: { ...reserve('r-1', 'A').data, amount: 1 } as never };
    given(withSettings).when(other).thenRefused('price-changed');
    given(registered())
      .when(other)
      .thenEvents({ type: 'ParkingReserved', data: { ...other.data, lotName } as never });
  });
  it('limit the time for cancelling', () => {
    at('09:19:59').when(cancel('r-1')).thenEvents(canceled('r-1'));
    at('09:20:00').when(cancel('r-1')).thenRefused('too-late');
  });
  it('end a missed reservation with a hold or an entry of another customer, whose answer does not show it', () => {
    const answerTo = (time: string, events: Event[], command: Command) => {
      const state = stateAfter(parkingLot, [withSettings, fixed, ...events]);
      return parkingLot.answer(command, play(parkingLot, [command], state, 9n, `2026-01-31T${time}.000Z`).events);
    };
    const asked = hold('h-1', 1, 'CUST2');
    const expiresAt = '2026-01-31T09:31:00.000Z';
    expect(answerTo('09:30:00', [], asked)).toEqual({ ...asked.data, expiresAt, status: 'held' });
    const leave = (entryId: string): Command => ({ type: 'LeaveSpotWaitingList', data: { lotId, entryId } });
    const offer: Event = { type: 'SpotOffered', data: { ...offered('e-1', 'CUST2').data, expiresAt } as never };
    expect(answerTo('09:30:00', [joined('e-1', 'CUST2'), offer], leave('e-1'))).toMatchObject({ status: 'declined' });
    expect(answerTo('09:30:00', [joined('e-1', 'CUST2')], leave('e-2'))).toMatchObject({ status: 'left' });
  });
  it('limit the time for arriving: the reservation ends with the next command, or by its timer', () => {
    const expire: Command = { type: 'ExpireReservation', data: { lotId, reservationId: 'r-1' } };
    at('09:29:59').when(expire).thenRefused('not-due');
    at('09:30:00').when(expire).thenEvents(noShow);
    at('09:30:00').when(arrive).thenRefused('already-canceled');
    laterThan('09:30:00', noShow).when(expire).thenNothing();
    // At a closed lot nobody can arrive: the amount goes back instead.
    laterThan('09:30:00', closed(1)).when(expire).thenNothing();
    laterThan('09:30:00', closed(1)).when(cancelRemaining).thenEvents(canceled('r-1', 'lot-closed'));
    laterThan('09:31:00', arrived('09:29:00')).when(expire).thenNothing();
    laterThan('09:31:00', joined('e-1', 'CUST2'))
      .when(changeSpots(1))
      .thenEvents(
        noShow,
        {
          type: 'SpotOffered',
          data: {
            lotId,
            lotName,
            entryId: 'e-1',
            customerId: 'CUST2',
            places: 1,
            expiresAt: '2026-01-31T09:32:00.000Z',
          },
        } as never,
        spotsChanged(1),
      );
  });

  it('records the arrival once', () => {
    at('09:10:00').when(arrive).thenEvents(arrived('09:10:00'));
    laterThan('09:11:00', arrived('09:10:00')).when(arrive).thenRefused('already-arrived');
    laterThan('09:11:00', arrived('09:10:00')).when(cancel('r-1')).thenRefused('already-arrived');
    given(withSettings).when(arrive).thenRefused('reservation-not-found');
    given().when(arrive).thenRefused('lot-not-found');
  });
  it.each([
    ['11:10:00', 0],
    ['11:10:01', 1000],
    ['12:10:00', 1000],
    ['13:00:00', 2000],
  ])('charges a car that came at 09:10 and leaves at %s for each started hour beyond two: %i', (time, due) =>
    laterThan(time, arrived('09:10:00'))
      .when(depart)
      .thenEvents(departed('09:10:00', time, due)),
  );
  it('charges nothing when the clock went backwards', () =>
    laterThan('08:00:00', arrived('09:10:00'))
      .when(depart)
      .thenEvents(departed('09:10:00', '08:00:00', 0)));
  it('frees the spot of a car that leaves, once', () => {
    at('09:10:00').when(depart).thenRefused('not-arrived');
    const left = departed('09:10:00', '10:00:00', 0);
    laterThan('10:00:01', arrived('09:10:00'), left).when(depart).thenRefused('already-completed');
    laterThan('10:00:01', arrived('09:10:00'), left).when(cancel('r-1')).thenRefused('already-completed');
    const state = stateAfter(parkingLot, [withSettings, fixed, arrived('09:10:00'), left]);
    expect([state.open.size, state.cars.size, state.arrived, state.arrivals.length]).toEqual([0, 0, 0, 0]);
  });
  it('keeps the reservation of a car that is in a lot when it closes', () => {
    laterThan('09:11:00', arrived('09:10:00')).when(close).thenEvents(closed());
    const left = departed('09:10:00', '10:00:00', 0);
    laterThan('10:00:00', arrived('09:10:00'), closed()).when(depart).thenEvents(left);
  });
});

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('RecordArrival' as const, 'RecordDeparture' as const, 'ExpireReservation' as const),
        id('r', 12),
      )
      .map(([type, reservationId]): Command => ({ type, data: { lotId, reservationId } })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record(
        { price: fc.constantFrom(5000, 6000), arriveWithin: fc.integer({ min: 1, max: 60 }) },
        { requiredKeys: [] },
      )
      .map((settings): Command => ({ type: 'ChangeLot', data: { lotId, ...settings } })),
  },
  { weight: 3, arbitrary: anyLotCommand },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        id('r', 12),
        id('car', 6),
        fc.oneof(
          id('h', 4).map((holdId) => ({ holdId })),
          id('e', 4).map((entryId) => ({ entryId })),
        ),
      )
      .map(([r, car, from]) => reserveFrom(r, car, from)),
  },
  { weight: 1, arbitrary: fc.tuple(id('h', 4), fc.integer({ min: 1, max: 3 })).map(([h, places]) => hold(h, places)) },
  { weight: 1, arbitrary: fc.tuple(id('e', 4), id('C', 3)).map(([e, customerId]) => join(e, 1, customerId)) },
  { weight: 1, arbitrary: id('h', 4).map((holdId): Command => ({ type: 'ReleaseSpotHold', data: { lotId, holdId } })) },
  {
    weight: 1,
    arbitrary: id('e', 4).map((entryId): Command => ({ type: 'LeaveSpotWaitingList', data: { lotId, entryId } })),
  },
);

/** A plain model of a lot: a list of the open reservations. */
const model = () => {
  let spots: number | undefined;
  let isClosed = false;
  const open: { reservationId: string; carNumber: string }[] = [];
  const used = new Set<string>();

  return {
    get spots() {
      return spots ?? 0;
    },
    open,
    takes(command: LotCommand): boolean {
      if (command.type === 'RegisterLot') {
        if (spots !== undefined) return false;
        spots = command.data.spots;
        return true;
      }
      if (spots === undefined) return false;
      switch (command.type) {
        case 'ChangeLot':
          if (isClosed || (command.data.spots ?? spots) < open.length) return false;
          spots = command.data.spots ?? spots;
          return true;
        case 'ReserveParking': {
          const { reservationId, carNumber } = command.data;
          const isFree = open.length < spots && open.every((each) => each.carNumber !== carNumber);
          if (isClosed || !isFree || used.has(reservationId)) return false;
          open.push({ reservationId, carNumber });
          used.add(reservationId);
          return true;
        }
        case 'CancelReservation': {
          const at = open.findIndex(({ reservationId }) => reservationId === command.data.reservationId);
          if (at < 0) return false;
          open.splice(at, 1);
          return true;
        }
        case 'CloseLot':
          if (isClosed) return false;
          isClosed = true;
          open.length = 0;
          return true;
        case 'CancelRemainingReservations':
          return true;
        default:
          return command satisfies never;
      }
    },
  };
};

describe('one append', () => {
  const id = (prefix: string, n: number) => `${prefix}${n}`.padEnd(64, 'x');
  const ids = { lotId: id('l', 1) };
  const many = (make: (n: number) => Event) => Array.from({ length: 400 }, (_, n) => make(n));
  /** A name is limited in characters, each of which may take four bytes. */
  const lot: Event = { type: 'LotRegistered', data: { ...ids, name: '𝄞'.repeat(100), spots: 4_400 } };
  const due = '2026-01-31T09:05:00.000Z';
  const coupon = { couponId: `${id('l', 1)}.${id('r', 1)}`, redemption: '1234567890123456789' };
  const reservedLong = (arriveBy?: string) => (n: number) => {
    const data = {
      ...ids,
      reservationId: id(arriveBy ? 'd' : 'r', n),
      customerId: id('c', n),
      amount: 10 ** 12,
      coupon,
    };
    const carNumber = `${arriveBy ?? 'car'} ${n}`.padEnd(20, '𝄞').slice(0, 20);
    return { type: 'ParkingReserved', data: { ...data, carNumber, ...(arriveBy ? { arriveBy } : {}) } } as Event;
  };
  const heldLong = (n: number): Event => ({
    type: 'SpotHeld',
    data: { ...ids, holdId: id('h', n), customerId: id('c', n), places: 9, expiresAt: due },
  });
  const waitingLong = (n: number): Event => ({
    type: 'SpotWaitingListJoined',
    data: { ...ids, entryId: id('e', n), customerId: id('c', n), places: 1 },
  });
  it.each([
    ['no-shows', many(reservedLong(due))],
    ['expired holds, whose spots are offered', [...many(heldLong), ...many(waitingLong)]],
  ])('of a lot that closes after many %s fits into the store', (_name, before) => {
    const state = stateAfter(parkingLot, [lot, ...many(reservedLong()), ...before]);
    const { events } = play(parkingLot, [{ type: 'CloseLot', data: ids }], state, 0n, due);
    expect(events.filter(({ type }) => type === 'ReservationCanceled').length).toBeGreaterThanOrEqual(
      CANCELLATIONS_PER_COMMAND,
    );
    expect(events.length).toBeGreaterThan(CANCELLATIONS_PER_COMMAND + 100);
    expect(appendBytes(events)).toBeLessThan(MEBIBYTE);
    expect(appendBytes(events)).toBeGreaterThan(MEBIBYTE / 2);
  });
});

describe('any sequence of commands', () => {
  it('keeps the rules of every decider', () => holdsForEveryDecider(parkingLot, anyCommand));

  it('accepts and refuses like a plain model, with never more cars than spots and no car twice', () => {
    fc.assert(
      fc.property(fc.array(anyLotCommand, { minLength: 1, maxLength: 60 }), (commands) => {
        const lot = model();
        let state = parkingLot.initialState;
        for (const command of commands) {
          const played = play(parkingLot, [command], state);
          expect(played.refusals[0] === undefined, JSON.stringify(command)).toBe(lot.takes(command));
          state = played.state;
          expect(state.open.size).toBeLessThanOrEqual(Math.max(lot.spots, 0));
          expect(state.cars.size).toBe(state.open.size);
          expect([...state.open.keys()].sort()).toEqual(lot.open.map(({ reservationId }) => reservationId).sort());
        }
      }),
      { numRuns: 300 },
    );
  });
});
