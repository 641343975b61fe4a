import { describe, expect, it } from 'vitest';
import { policies, timers } from './policies.ts';

const plan = (type: string, data: object) =>
  timers
    .filter(({ events }) => events.includes(type))
    .flatMap((each) => each.plan({ type, data, revision: '0', time: '2026-01-31T09:00:00.000Z' }));

const reservation = { lotId: 'lot-1', reservationId: 'r-1', customerId: 'C', carNumber: 'A', amount: 1 };
const at = '2026-01-31T09:30:00.000Z';

it('cancels a reservation at the time by which its car must arrive, unless it arrives or is cancelled', () => {
  const expire = { key: 'lot-1 r-1', task: 'ExpireReservation', at, data: { lotId: 'lot-1', reservationId: 'r-1' } };
  expect(plan('ParkingReserved', reservation)).toEqual([]);
  expect(plan('ParkingReserved', { ...reservation, arriveBy: at })).toEqual([expire]);
  for (const type of ['CarArrived', 'ReservationCanceled'])
    expect(plan(type, reservation)).toEqual([{ key: 'lot-1 r-1', task: null }]);
});

const spot = { lotId: 'lot-1', customerId: 'C', places: 1 };

it.each([
  ['hold', { holdId: 'x' }, 'SpotHeld', ['SpotHoldExpired', 'SpotHoldReleased']],
  ['entry', { entryId: 'x' }, 'SpotOffered', ['SpotOfferExpired', 'SpotOfferDeclined']],
])('ends a %s at its time, unless it ends before', (word, id, begin, ends) => {
  const key = `lot-1 ${word} x`;
  const settle = { key, task: 'SettleSpots', at, data: { lotId: 'lot-1', ...id } };
  expect(plan(begin, { ...spot, ...id, expiresAt: at })).toEqual([settle]);
  for (const type of ends) expect(plan(type, { ...spot, ...id })).toEqual([{ key, task: null }]);
});

it('makes the offers that did not fit into one append', () => {
  const offers = policies.find(({ name }) => name === 'parking.offers');
  const data = { ...spot, entryId: 'x', expiresAt: at };
  expect(offers?.react({ type: 'SpotOffered', data, revision: '1' })).toEqual([]);
  const settle = { type: 'SettleSpots', data: { lotId: 'lot-1' } };
  expect(offers?.react({ type: 'SpotOffered', data: { ...data, more: true }, revision: '1' })).toEqual([settle]);
});

describe('the coupon of a reservation', () => {
  const couponsOf = (data: object) =>
    policies
      .find(({ name }) => name === 'parking.coupons')
      ?.react({ type: 'ParkingReserved', data: { ...reservation, ...data }, revision: '1' })
      .map(({ type }) => type);

  it('is issued for what was to be paid before a coupon lowered it', () => {
    expect(couponsOf({})).toEqual(['IssueCoupon']);
    expect(couponsOf({ amount: 0, discount: 1_000, couponValue: 500 })).toEqual(['IssueCoupon']);
  });
  it('is not issued for a free reservation, or where coupons have no value', () => {
    expect(couponsOf({ amount: 0 })).toEqual([]);
    expect(couponsOf({ amount: 0, couponValue: 500 })).toEqual([]);
    expect(couponsOf({ couponValue: 0 })).toEqual([]);
  });
});
