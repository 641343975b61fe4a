import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import { schema as parking, queries } from '../../schemas/parking.ts';
import { history } from '../kernel/history.ts';
import { documentsAfter } from '../kernel/testing.ts';
import { coupons } from './coupons.ts';
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
  const lot = { lotId: 'lot-1', name: '정자역 주차장', status: 'open', spots: 5, reserved: 0, free: 5 };

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

  test('a closed lot is closed', () => {
    const closed = { type: 'LotClosed', data: { lotId: 'lot-1', remaining: 0 } };
    expect(documentsAfter(lots, registered, closed)).toEqual({ 'lot-1': { ...lot, status: 'closed' } });
  });

  test('an event of a lot that was never registered cannot be', () => {
    expect(() => documentsAfter(lots, reserved)).toThrow('never registered');
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

describe('coupons', () => {
  const issued = { type: 'CouponIssued', data: coupon, time: '2026-01-31T09:00:03.000Z' };

  test.each([
    ['CouponRevoked', 'revoked', 'revokedAt'],
    ['CouponRedeemed', 'redeemed', 'redeemedAt'],
  ])('after %s a coupon is %s', (type, status, when) => {
    const time = '2026-01-31T09:00:04.000Z';
    expect(documentsAfter(coupons, issued, { type, data: coupon, time })).toEqual({
      'lot-1.r-1': { ...coupon, status, issuedAt: issued.time, [when]: time },
    });
  });
});

describe('what the views hold', () => {
  test.each([
    ['lots', lots, queries.lot.item, [registered, reserved]],
    ['reservations', reservations, queries.lotReservation.item, [reserved, canceled]],
    ['coupons', coupons, queries.coupon.item, [{ type: 'CouponIssued', data: coupon }]],
  ])('%s are as the queries promise', (_, projection, schema, events) => {
    const [document] = Object.values(documentsAfter(projection, ...events));
    const check = Compile(schema);
    expect([...check.Errors(document)]).toEqual([]);
  });
});

describe('history', () => {
  test('has a document for every event, found by the resources that it names', () => {
    const documents = documentsAfter(history(parking), registered, reserved, { type: 'CouponIssued', data: coupon });
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
