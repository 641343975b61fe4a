import { describe, test } from 'vitest';
import { apiSpecification, endpointContract, inStream } from '../testing.ts';
import { writeSide } from './index.ts';

/** The time of the specifications' requests. */
const NOW = '2026-01-31T09:00:00.000Z';
const IN_FIVE_MINUTES = '2026-01-31T09:05:00.000Z';

type Event = { type: string; data: object };
const lot = (...events: Event[]) => inStream('parkingLot-1', ...events);

const registered = { type: 'LotRegistered', data: { lotId: '1', name: '정자역', spots: 1 } };
const closed = { type: 'LotClosed', data: { lotId: '1', remaining: 0 } };
const reservation = { reservationId: 'r1', customerId: 'CUST1', carNumber: '10더8612', amount: 5000 };
const reserved = { type: 'ParkingReserved', data: { lotId: '1', lotName: '정자역', ...reservation } };
const canceled = {
  type: 'ReservationCanceled',
  data: { lotId: '1', lotName: '정자역', reservationId: 'r1', customerId: 'CUST1', amount: 5000 },
};
const named = { lotId: '1', reservationId: 'r1' };
const parked = { ...named, customerId: 'CUST1', carNumber: '10더8612' };
const arrived = { type: 'CarArrived', data: { ...parked, arrivedAt: NOW } };
const hold = { holdId: 'h1', customerId: 'CUST1', places: 1 };
const held = { type: 'SpotHeld', data: { lotId: '1', ...hold, expiresAt: IN_FIVE_MINUTES } };
const released = { type: 'SpotHoldReleased', data: { lotId: '1', lotName: '정자역', ...hold } };
const entry = { entryId: 'e1', customerId: 'CUST1', places: 1 };
const joined = { type: 'SpotWaitingListJoined', data: { lotId: '1', ...entry } };
const left = { type: 'SpotWaitingListLeft', data: { lotId: '1', lotName: '정자역', ...entry } };

/** A coupon of a reservation in another lot. */
const coupon = {
  couponId: '2.r0',
  lotId: '2',
  reservationId: 'r0',
  customerId: 'CUST1',
  lotRevision: '1',
  value: 1000,
  expiresAt: '2026-03-02T15:00:00.000Z',
};
const ofCoupon = (type: string, more: object = {}) => inStream('coupon-2.r0', { type, data: { ...coupon, ...more } });
const issued = ofCoupon('CouponIssued');
const redemption = { couponId: '2.r0', redemption: '1' };
const redeemedFor = ofCoupon('CouponRedeemed', { redeemedOn: { ...named, redemption: '1', redeemedAt: NOW } });
const discounted = {
  type: 'ReservationDiscounted',
  data: { ...named, customerId: 'CUST1', amount: 4000, discount: 1000, coupon: redemption },
};

const LOTS = '/parking/lots/{lotId}';
const RESERVATION = `${LOTS}/reservations/{reservationId}`;

endpointContract(writeSide, {
  'POST /parking/lots': {
    data: { lotId: '1', name: '정자역', spots: 1 },
    answer: { lotId: '1', name: '정자역', spots: 1, status: 'open' },
    stored: lot(registered),
    refused: { 'lot-already-registered': lot({ ...registered, data: { ...registered.data, name: '야탑역' } }) },
  },
  [`PATCH ${LOTS}`]: {
    given: lot(registered),
    data: { lotId: '1', spots: 3 },
    answer: { lotId: '1', spots: 3 },
    stored: lot({ type: 'LotSpotsChanged', data: { lotId: '1', spots: 3 } }),
    refused: { 'lot-closed': lot(closed) },
  },
  [`DELETE ${LOTS}`]: {
    given: lot(registered),
    data: { lotId: '1' },
    answer: { lotId: '1', status: 'closed' },
    stored: lot(closed),
    refused: { 'lot-closed': lot(closed) },
  },
  [`POST ${LOTS}/holds`]: {
    given: lot(registered),
    data: { lotId: '1', ...hold },
    answer: { lotId: '1', ...hold, expiresAt: IN_FIVE_MINUTES, status: 'held' },
    stored: lot(held),
    refused: { 'lot-full': lot(reserved) },
  },
  [`DELETE ${LOTS}/holds/{holdId}`]: {
    given: lot(registered, held),
    data: { lotId: '1', holdId: 'h1' },
    answer: { lotId: '1', holdId: 'h1', status: 'released' },
    stored: lot(released),
    refused: { 'hold-ended': lot(released) },
  },
  [`POST ${LOTS}/waiting-list`]: {
    given: lot(registered, reserved),
    data: { lotId: '1', ...entry },
    answer: { lotId: '1', ...entry, status: 'waiting' },
    stored: lot(joined),
    refused: { 'places-left': lot(canceled) },
  },
  [`DELETE ${LOTS}/waiting-list/{entryId}`]: {
    given: lot(registered, reserved, joined),
    data: { lotId: '1', entryId: 'e1' },
    answer: { lotId: '1', entryId: 'e1', status: 'left' },
    stored: lot(left),
    refused: { 'entry-ended': lot(left) },
  },
  [`POST ${LOTS}/reservations`]: {
    given: lot(registered),
    data: { lotId: '1', ...reservation },
    answer: { lotId: '1', ...reservation, status: 'reserved' },
    stored: lot(reserved),
    refused: { 'lot-full': lot(held), 'reservation-already-exists': lot(reserved, canceled) },
  },
  [`DELETE ${RESERVATION}`]: {
    given: lot(registered, reserved),
    data: named,
    answer: { ...named, status: 'canceled' },
    stored: lot(canceled),
    refused: { 'already-canceled': lot(canceled), 'already-arrived': lot(arrived) },
  },
  [`POST ${RESERVATION}/coupon`]: {
    given: [...lot(registered, reserved), ...issued],
    data: { ...named, couponId: '2.r0' },
    answer: { ...named, couponId: '2.r0', amount: 4000, discount: 1000 },
    stored: [...redeemedFor, ...lot(discounted)],
    refused: { 'coupon-revoked': ofCoupon('CouponRevoked') },
  },
  [`POST ${RESERVATION}/arrival`]: {
    given: lot(registered, reserved),
    data: named,
    answer: { ...named, arrivedAt: NOW, status: 'arrived' },
    stored: lot(arrived),
    refused: { 'already-arrived': lot(arrived) },
  },
  [`POST ${RESERVATION}/departure`]: {
    given: lot(registered, reserved, arrived),
    data: named,
    answer: { ...named, departedAt: NOW, due: 0, status: 'completed' },
    stored: lot({
      type: 'CarDeparted',
      data: { ...parked, lotName: '정자역', arrivedAt: NOW, departedAt: NOW, due: 0 },
    }),
  },
  'POST /parking/coupons/{couponId}/redemption': {
    given: issued,
    data: { couponId: '2.r0' },
    answer: { couponId: '2.r0', status: 'redeemed' },
    stored: ofCoupon('CouponRedeemed'),
    refused: { 'coupon-already-redeemed': ofCoupon('CouponRedeemed') },
  },
});

describe('POST /parking/lots/{lotId}/reservations', () => {
  const { given } = apiSpecification(writeSide);
  const reserve = (body: unknown) => given(...lot(registered)).when('POST', '/parking/lots/1/reservations', body);

  test('refuses JSON that ends early', () => reserve('{"customerId":').thenRefused(400, 'malformed-json'));
  test('refuses a negative amount', () =>
    reserve({ ...reservation, amount: -1 }).thenRefused(422, 'out-of-range', { errors: [{ pointer: '/amount' }] }));
  test('refuses a car that has a reservation under another spelling of its plate', () =>
    given(...lot({ ...registered, data: { ...registered.data, spots: 2 } }, reserved))
      .when('POST', '/parking/lots/1/reservations', { ...reservation, reservationId: 'r2', carNumber: '10 더8612' })
      .thenRefused(409, 'car-already-reserved'));
});
