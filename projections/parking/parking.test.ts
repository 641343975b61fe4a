import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import type { EntryView } from '../../schemas/kernel/limited-places.ts';
import { schema as parking, queries, spots } from '../../schemas/parking.ts';
import { history } from '../kernel/history.ts';
import { limitedPlaces } from '../kernel/limited-places.ts';
import type { Projection } from '../kernel/projection.ts';
import { documentsAfter, type Given } from '../kernel/testing.ts';
import { coupons } from './coupons.ts';
import { projections } from './index.ts';
import { lots } from './lots.ts';
import { reservations } from './reservations.ts';

const registered = { type: 'LotRegistered', data: { lotId: 'lot-1', name: '정자역 주차장', spots: 5 } };
const reserved = {
  type: 'ParkingReserved',
  data: { lotId: 'lot-1', reservationId: 'r-1', customerId: 'CUST1', carNumber: '10더8612', amount: 5000 },
  time: '2026-01-31T09:00:01.000Z',
};
const canceled = {
  type: 'ReservationCanceled',
  data: { lotId: 'lot-1', reservationId: 'r-1', customerId: 'CUST1', reason: 'changed plans' },
  time: '2026-01-31T09:00:02.000Z',
};
const coupon = { couponId: 'lot-1.r-1', lotId: 'lot-1', reservationId: 'r-1', customerId: 'CUST1' };

describe('lots', () => {
  const lot = {
    lotId: 'lot-1',
    name: '정자역 주차장',
    status: 'open',
    spots: 5,
    reserved: 0,
    parked: 0,
    onHold: 0,
    waiting: 0,
    free: 5,
  };

  test('a registered lot is open and free', () => {
    expect(documentsAfter(lots, registered)).toEqual({ 'lot-1': lot });
  });

  test('a reservation takes a spot, its cancellation gives it back', () => {
    expect(documentsAfter(lots, registered, reserved)).toEqual({ 'lot-1': { ...lot, reserved: 1, free: 4 } });
    expect(documentsAfter(lots, registered, reserved, canceled)).toEqual({ 'lot-1': lot });
  });

  test('a change of spots leaves the reserved ones', () => {
    const changed = { type: 'LotSpotsChanged', data: { lotId: 'lot-1', spots: 2 } };
    const expected = { ...lot, spots: 2, reserved: 1, free: 1 };
    expect(documentsAfter(lots, registered, reserved, changed)).toEqual({ 'lot-1': expected });
  });

  test('a closed lot has no free spot', () => {
    const closed = { type: 'LotClosed', data: { lotId: 'lot-1', remaining: 0 } };
    expect(documentsAfter(lots, registered, closed)).toEqual({
      'lot-1': { ...lot, status: 'closed', free: 0 },
    });
  });

  test('rejects an event of a lot that was never registered', () => {
    expect(() => documentsAfter(lots, reserved)).toThrow('never registered');
  });
});

const spot = { lotId: 'lot-1', customerId: 'CUST1', places: 2 };
const expiresAt = '2026-01-31T09:05:00.000Z';
const held = { type: 'SpotHeld', data: { ...spot, holdId: 'h-1', expiresAt } };
const joined = { type: 'SpotWaitingListJoined', data: { ...spot, entryId: 'e-1' } };
const offered = { type: 'SpotOffered', data: { ...spot, entryId: 'e-1', expiresAt } };
const reservedFrom = (from: object) => ({ ...reserved, data: { ...reserved.data, ...from } });
const [holds, waitingList] = limitedPlaces(parking, spots, 'ParkingReserved') as [Projection, Projection];

describe('holds', () => {
  const hold = { ...spot, holdId: 'h-1', used: 0, status: 'held', heldAt: '2026-01-31T09:00:00.000Z', expiresAt };
  const ended = (type: string) => ({ type, data: { ...spot, holdId: 'h-1' }, time: '2026-01-31T09:03:00.000Z' });

  test('count as taken until they are used or end', () => {
    const figures = (...events: Given[]) => documentsAfter(lots, registered, ...events)['lot-1'];
    expect(figures(held)).toMatchObject({ reserved: 0, onHold: 2, free: 3 });
    expect(figures(held, reservedFrom({ holdId: 'h-1' }))).toMatchObject({ reserved: 1, onHold: 1, free: 3 });
    expect(figures(held, ended('SpotHoldExpired'))).toMatchObject({ onHold: 0, free: 5 });
    expect(figures(joined, offered)).toMatchObject({ onHold: 2, waiting: 0, free: 3 });
    expect(figures(joined)).toMatchObject({ onHold: 0, waiting: 1, free: 5 });
  });

  test.each([
    ['SpotHoldExpired', 'expired'],
    ['SpotHoldReleased', 'released'],
  ])('after %s a hold is %s', (type, status) => {
    expect(documentsAfter(holds, held)).toEqual({ 'lot-1.h-1': hold });
    const endedAt = '2026-01-31T09:03:00.000Z';
    expect(documentsAfter(holds, held, ended(type))).toEqual({ 'lot-1.h-1': { ...hold, status, endedAt } });
  });

  test('a hold is used once each of its spots is reserved', () => {
    const first = reservedFrom({ holdId: 'h-1' });
    const second = reservedFrom({ holdId: 'h-1', reservationId: 'r-2' });
    expect(documentsAfter(holds, held, first)).toEqual({ 'lot-1.h-1': { ...hold, used: 1 } });
    const used = { ...hold, used: 2, status: 'used', endedAt: reserved.time };
    expect(documentsAfter(holds, held, first, second)).toEqual({ 'lot-1.h-1': used });
    expect(documentsAfter(holds, held, reserved)).toEqual({ 'lot-1.h-1': hold });
  });
});

describe('the waiting list', () => {
  const entry = { ...spot, entryId: 'e-1', used: 0, status: 'waiting', order: 1, joinedAt: '2026-01-31T09:00:00.000Z' };
  const ended = (type: string) => ({ type, data: { ...spot, entryId: 'e-1' }, time: '2026-01-31T09:03:00.000Z' });

  test('has the order in which customers came', () => {
    const [first, second] = Object.values(
      documentsAfter(waitingList, joined, { ...joined, data: { ...joined.data, entryId: 'e-2' } }),
    ) as [EntryView, EntryView];
    expect(first.status).toBe('waiting');
    expect(second.order).toBeGreaterThan(first.order);
  });

  test.each([
    ['SpotOfferExpired', 'expired'],
    ['SpotOfferDeclined', 'declined'],
    ['SpotWaitingListLeft', 'left'],
  ])('after %s an entry is %s', (type, status) => {
    const [found] = Object.values(documentsAfter(waitingList, joined, offered, ended(type)));
    expect(found).toMatchObject({ status, offeredAt: entry.joinedAt, expiresAt, endedAt: '2026-01-31T09:03:00.000Z' });
  });

  test('a reservation that names a hold takes nothing of an entry, which may not exist', () => {
    const both = { ...reserved, data: { ...reserved.data, holdId: 'h-1', entryId: 'e-1' } };
    expect(documentsAfter(waitingList, both)).toEqual({});
    expect(documentsAfter(waitingList, joined, offered, both)).toEqual(documentsAfter(waitingList, joined, offered));
  });

  test('an entry is accepted once each of its spots is reserved', () => {
    const first = reservedFrom({ entryId: 'e-1' });
    const second = reservedFrom({ entryId: 'e-1', reservationId: 'r-2' });
    const later = (...events: Given[]) => Object.values(documentsAfter(waitingList, joined, offered, ...events))[0];
    expect(later()).toMatchObject({ status: 'offered', used: 0 });
    expect(later(first)).toMatchObject({ status: 'offered', used: 1 });
    expect(later(first, second)).toMatchObject({ status: 'accepted', used: 2 });
  });
});

describe('reservations', () => {
  const reservation = { ...reserved.data, status: 'reserved', reservedAt: reserved.time };

  test('carry what was reserved, and when', () => {
    expect(documentsAfter(reservations, registered, reserved)).toEqual({ 'lot-1.r-1': reservation });
  });

  test('tell that and why they were cancelled', () => {
    const { reason } = canceled.data;
    const expected = { ...reservation, status: 'canceled', reason, canceledAt: canceled.time };
    expect(documentsAfter(reservations, reserved, canceled)).toEqual({ 'lot-1.r-1': expected });
  });
});

describe('arrivals', () => {
  const parked = { lotId: 'lot-1', reservationId: 'r-1', customerId: 'CUST1', carNumber: '10더8612' };
  const [arrivedAt, departedAt] = ['2026-01-31T09:10:00.000Z', '2026-01-31T12:00:00.000Z'];
  const arrived = { type: 'CarArrived', data: { ...parked, arrivedAt } };
  const departed = { type: 'CarDeparted', data: { ...parked, arrivedAt, departedAt, due: 1000 } };
  const terms = { arriveBy: '2026-01-31T09:30:01.000Z', cancelBy: '2026-01-31T09:20:01.000Z', paidHours: 2 };

  test('complete a reservation, and free its spot', () => {
    const reservation = reservedFrom(terms);
    const statusAfter = (...events: Given[]) => Object.values(documentsAfter(reservations, reservation, ...events))[0];
    expect(statusAfter()).toMatchObject({ status: 'reserved', ...terms });
    expect(statusAfter(arrived)).toMatchObject({ status: 'arrived', arrivedAt });
    expect(statusAfter(arrived, departed)).toMatchObject({ status: 'completed', arrivedAt, departedAt, due: 1000 });
    const lotAfter = (...events: Given[]) => documentsAfter(lots, registered, reservation, ...events)['lot-1'];
    expect(lotAfter(arrived)).toMatchObject({ reserved: 1, parked: 1, free: 4 });
    expect(lotAfter(arrived, departed)).toMatchObject({ reserved: 0, parked: 0, free: 5 });
  });

  test('a lot shows its settings, also after a change', () => {
    const settings = { price: 5000, arriveWithin: 30, holdFor: 60 };
    const withSettings = { ...registered, data: { ...registered.data, ...settings } };
    const changed = { type: 'LotChanged', data: { lotId: 'lot-1', name: '정자역 지하 주차장', price: 6000 } };
    expect(documentsAfter(lots, withSettings)['lot-1']).toMatchObject(settings);
    const expected = { ...settings, name: '정자역 지하 주차장', price: 6000, spots: 5 };
    expect(documentsAfter(lots, withSettings, changed)['lot-1']).toMatchObject(expected);
    const unset = { type: 'LotChanged', data: { lotId: 'lot-1', holdFor: 90, unset: ['price', 'arriveWithin'] } };
    const lot = documentsAfter(lots, withSettings, changed, unset)['lot-1'];
    expect(lot).toMatchObject({ name: '정자역 지하 주차장', holdFor: 90, spots: 5 });
    for (const field of ['price', 'arriveWithin', 'unset']) expect(lot).not.toHaveProperty(field);
  });
});

describe('coupons', () => {
  const issued = { type: 'CouponIssued', data: coupon, time: '2026-01-31T09:00:03.000Z' };

  test.each([
    ['CouponRevoked', 'revoked', 'revokedAt'],
    ['CouponRedeemed', 'redeemed', 'redeemedAt'],
  ])('after %s a coupon is %s', (type, status, when) => {
    const time = '2026-01-31T09:00:04.000Z';
    expect(documentsAfter(coupons, issued, { type, data: coupon, time })).toEqual({
      'lot-1.r-1': { ...coupon, value: 1_000, status, issuedAt: issued.time, [when]: time },
    });
  });

  test('a coupon that was redeemed before it was revoked is owed', () => {
    const redeemed = { type: 'CouponRedeemed', data: coupon, time: '2026-01-31T09:00:04.000Z' };
    const revoked = { type: 'CouponRevoked', data: { ...coupon, redeemed: true }, time: '2026-01-31T09:00:05.000Z' };
    const [found] = Object.values(documentsAfter(coupons, issued, redeemed, revoked));
    expect(found).toMatchObject({ status: 'owed', redeemedAt: redeemed.time, revokedAt: revoked.time });
  });
});

describe('a used coupon', () => {
  const used = { couponId: 'lot-1.r-1', redemption: '1' };
  const redeemedOn = { lotId: 'lot-1', reservationId: 'r-2', redemption: '1', redeemedAt: '2026-01-31T09:00:04.000Z' };
  const issued = { type: 'CouponIssued', data: { ...coupon, value: 500, expiresAt: '2026-03-02T15:00:00.000Z' } };
  const redeemed = { type: 'CouponRedeemed', data: { ...coupon, redeemedOn } };
  const returned = { type: 'CouponReturned', data: { ...coupon, redeemedOn } };
  const statusAfter = (...events: (typeof issued | typeof redeemed | { type: string; data: object })[]) =>
    documentsAfter(coupons, issued, ...events)['lot-1.r-1'];

  test('shows the reservation until it is returned', () => {
    expect(statusAfter(redeemed)).toMatchObject({ status: 'redeemed', value: 500 });
    expect(statusAfter(redeemed)).toHaveProperty('redeemedOn', { lotId: 'lot-1', reservationId: 'r-2' });
    expect([...Compile(queries.coupon.item).Errors(statusAfter(redeemed))]).toEqual([]);
    const after = statusAfter(redeemed, returned);
    expect(after).toMatchObject({ status: 'issued', value: 500, expiresAt: issued.data.expiresAt });
    expect(after).not.toHaveProperty('redeemedOn');
    expect(after).not.toHaveProperty('redeemedAt');
  });

  test('is not owed once it is returned', () => {
    const claimed = { type: 'CouponRevoked', data: { ...coupon, redeemed: true } };
    expect(statusAfter(redeemed, claimed)).toMatchObject({ status: 'owed' });
    expect(statusAfter(redeemed, claimed, returned)).toMatchObject({ status: 'revoked' });
  });

  test('lowers the amount of a reservation, with the coupon shown', () => {
    const lower = { amount: 4_000, discount: 1_000, coupon: used };
    const made = { ...reserved, data: { ...reserved.data, ...lower } };
    const { lotId, reservationId, customerId } = reserved.data;
    const later = { type: 'ReservationDiscounted', data: { lotId, reservationId, customerId, ...lower } };
    for (const documents of [documentsAfter(reservations, made), documentsAfter(reservations, reserved, later)]) {
      const [found] = Object.values(documents);
      expect(found).toMatchObject({ amount: 4_000, discount: 1_000, couponId: 'lot-1.r-1' });
      expect([...Compile(queries.lotReservation.item).Errors(found)]).toEqual([]);
    }
  });
});

describe('what the views hold', () => {
  test.each([
    ['lots', lots, queries.lot.item, [registered, reserved]],
    ['holds', holds, queries.hold.item, [held]],
    ['waiting lists', waitingList, queries.waitingListEntry.item, [joined, offered]],
    ['reservations', reservations, queries.lotReservation.item, [reserved, canceled]],
    [
      'completed reservations',
      reservations,
      queries.lotReservation.item,
      [
        reserved,
        {
          type: 'CarDeparted',
          data: {
            ...reserved.data,
            arrivedAt: reserved.time,
            departedAt: reserved.time,
            due: 0,
          },
        },
      ],
    ],
    ['coupons', coupons, queries.coupon.item, [{ type: 'CouponIssued', data: coupon }]],
  ])('%s are as the queries promise', (_, projection, schema, events) => {
    const [document] = Object.values(documentsAfter(projection, ...events));
    const check = Compile(schema);
    expect([...check.Errors(document)]).toEqual([]);
  });
});

describe('history', () => {
  test('has a document for every event, found by the resources that it names', () => {
    const documents = documentsAfter(history(parking, []), registered, reserved, {
      type: 'CouponIssued',
      data: coupon,
    });
    expect(Object.keys(documents)).toEqual(['00000000000000000001', '00000000000000000002', '00000000000000000003']);
    expect(documents).toMatchObject({
      '00000000000000000001': { type: 'LotRegistered', resources: ['/parking/lots/lot-1'], position: '1' },
      '00000000000000000002': {
        resources: ['/parking/lots/lot-1', '/parking/lots/lot-1/reservations/r-1'],
        time: reserved.time,
        actor: 'anonymous',
      },
      '00000000000000000003': {
        resources: ['/parking/lots/lot-1', '/parking/lots/lot-1/reservations/r-1', '/parking/coupons/lot-1.r-1'],
      },
    });
  });
});

describe('the report', () => {
  const report = projections.find(({ name }) => name === 'parking.report')!;
  const sums = (data: object, version?: number) => {
    const ended = { ...canceled, data: { ...canceled.data, ...data }, ...(version === undefined ? {} : { version }) };
    return documentsAfter(report, reserved, ended)['day.2026-01-31'] as { cells: (object | null)[] };
  };

  test('counts the amount of a cancelled reservation as a refund', () => {
    expect(sums({ amount: 5000 }).cells.at(-1)).toMatchObject({ revenue: 5000, cancellations: 1, refunds: 5000 });
  });

  test('counts no refund for a car that did not arrive', () => {
    const cell = sums({ reason: 'no-show' }).cells.at(-1);
    expect(cell).toMatchObject({ revenue: 5000, noShows: 1 });
    expect(cell).not.toHaveProperty('refunds');
  });

  test('counts no refund for a cancellation that was stored without an amount', () => {
    const cell = sums({}, 1).cells.at(-1);
    expect(cell).toMatchObject({ cancellations: 1 });
    expect(cell).not.toHaveProperty('refunds');
  });
});
