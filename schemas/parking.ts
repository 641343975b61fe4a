import { Type } from 'typebox';
import { admin, anyone, customer, staff } from './access.ts';
import { type CommandOf, type ContextSchema, command, type EventOf, event } from './kernel/context.ts';
import { HoldFor, keptPlaces, limitedPlaces } from './kernel/limited-places.ts';
import { personal } from './kernel/personal.ts';
import { inView, list, one } from './kernel/queries.ts';
import { unsettables } from './kernel/settings.ts';
import { Count, except, Id, Money, RevisionText, Status, Strict, Text, Time, UtcTime } from './kernel/values.ts';

const Spots = Type.Integer({ minimum: 0, maximum: 100_000, examples: [5] });
const LotName = Text(100, '정자역 주차장');
const CarNumber = Text(20, '10더8612');
const Reason = Text(200, 'changed plans');
/** The reasons of cancellations that nobody wrote. */
export const REASONS = { noShow: 'no-show', lotClosed: 'lot-closed' };
const ofCustomer = personal('customerId');
const reasonOfCustomer = personal('customerId', { except: Object.values(REASONS) });
/** The ids of the lot and the reservation, joined by `.`, which no id contains. */
const CouponId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}\\.[A-Za-z0-9_-]{1,64}$', examples: ['lot-1.r-1'] });

/** The value and the days of coupons where a lot does not determine them. */
export const DEFAULT_COUPON_VALUE = 1_000;
export const DEFAULT_COUPON_DAYS = 30;

const reservationRef = { lotId: Id, reservationId: Id };
const coupon = { couponId: CouponId, ...reservationRef, customerId: Id };
/** One use of a coupon. A returned coupon may be used again on the same reservation; a redemption is never repeated. */
const redemption = { couponId: CouponId, redemption: RevisionText };
const RedeemedOn = Strict({ ...reservationRef, redemption: RevisionText, redeemedAt: UtcTime });
/**
 * The revision of the lot's event that a coupon follows: a reservation id may be used again, a revision is not. Events
 * of version 1 do not have it.
 */
const couponEvent = Strict({
  ...coupon,
  lotRevision: Type.Optional(RevisionText),
  value: Type.Optional(Money),
  expiresAt: Type.Optional(UtcTime),
});
const couponCommand = Strict({ ...coupon, lotRevision: RevisionText });

/** The name of the lot at that time, in the events that make messages. */
const lotName = { lotName: Type.Optional(LotName) };

export const spots = limitedPlaces({
  context: 'parking',
  prefix: 'Spot',
  key: 'lotId',
  path: '/parking/lots/{lotId}',
  things: 'spots',
  resource: 'lot',
  full: 'lot-full',
  refusals: ['lot-not-found', 'lot-closed'],
  messageFields: lotName,
  versions: { HoldExpired: 2, HoldReleased: 2, WaitingListLeft: 2, Offered: 2, OfferExpired: 2, OfferDeclined: 2 },
});

/** The most of a price, and the most minutes of a time limit, that a lot may set. */
const MAX_PRICE = 1_000_000_000;
const MAX_MINUTES = 525_600;

const setting = (minimum: number, maximum: number, example: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, examples: [example], description }));

/** The most hours that a reservation can pay for. */
const MAX_HOURS = 8_760;

/** The hours that a reservation pays for, and the price of staying longer: fixed when the spot is reserved. */
const overtime = {
  paidHours: setting(
    0,
    MAX_HOURS,
    2,
    'Hours from the arrival that the amount pays for. Left out: 1, if there is an overtimePrice.',
  ),
  overtimePrice: setting(
    0,
    MAX_PRICE,
    1000,
    'The price of each started hour beyond the paid ones. Left out: staying longer is free.',
  ),
};

/** The value of a reservation's coupon and its days: fixed when the spot is reserved. */
const couponTerms = {
  couponValue: setting(
    0,
    MAX_PRICE,
    1000,
    `The value of a reservation's coupon. Left out: ${DEFAULT_COUPON_VALUE}. With 0, and for a free reservation, there is no coupon.`,
  ),
  couponDays: setting(
    1,
    3_650,
    30,
    `Days after which a coupon expires, at the end of the day. Left out: ${DEFAULT_COUPON_DAYS}.`,
  ),
};

/** The settings of a lot. Each is optional: a lot without it behaves as lots did before there was such a setting. */
const settings = {
  price: setting(0, MAX_PRICE, 5000, 'The amount of every reservation. Left out: the request determines it.'),
  arriveWithin: setting(
    1,
    MAX_MINUTES,
    30,
    'Minutes after which a reservation without an arrival expires. Left out: never.',
  ),
  cancelUntil: setting(
    1,
    MAX_MINUTES,
    30,
    'Minutes for which a reservation can be cancelled. Left out: until the arrival.',
  ),
  holdFor: Type.Optional(HoldFor),
  ...overtime,
  ...couponTerms,
};

const lot = { lotId: Id, name: LotName, spots: Spots, ...settings };
const lotChange = { lotId: Id, name: Type.Optional(LotName), spots: Type.Optional(Spots) };
/** The settings that a change unset. Version 1 could not unset any. */
const unset = {
  unset: Type.Optional(Type.Array(Status(...(Object.keys(settings) as (keyof typeof settings)[])), { minItems: 1 })),
};

/** The sum that a coupon took off an amount. */
const Discount = Type.Optional({ ...Money, description: 'The sum that a coupon took off the amount.' });

const parked = { ...reservationRef, customerId: Id, carNumber: ofCustomer(CarNumber) };

export const events = {
  ...spots.events,
  LotRegistered: event('A lot was registered with its number of spots', Strict(lot), 2),
  LotSpotsChanged: event('The number of spots of the lot changed', Strict({ lotId: Id, spots: Spots })),
  LotChanged: event(
    'The name or settings of the lot changed',
    Strict({ lotId: Id, name: Type.Optional(LotName), ...settings, ...unset }),
    2,
  ),
  LotClosed: event(
    'The lot is closed; open reservations beyond this append are cancelled next',
    Strict({ lotId: Id, remaining: Count }),
  ),
  ParkingReserved: event(
    'A spot was reserved for a car',
    Strict({
      ...parked,
      amount: Money,
      ...lotName,
      ...keptPlaces.fields,
      arriveBy: Type.Optional(UtcTime),
      cancelBy: Type.Optional(UtcTime),
      ...overtime,
      ...couponTerms,
      discount: Discount,
      coupon: Type.Optional(Strict(redemption)),
    }),
    3,
  ),
  ReservationDiscounted: event(
    'A coupon lowered the amount of an open reservation',
    Strict({
      ...reservationRef,
      customerId: Id,
      amount: Money,
      discount: Money,
      coupon: Strict(redemption),
    }),
  ),
  ReservationCanceled: event(
    'The reservation was cancelled and its spot is free',
    Strict({
      ...reservationRef,
      customerId: Id,
      ...lotName,
      reason: Type.Optional(reasonOfCustomer(Reason)),
      amount: Type.Optional({
        ...Money,
        description: 'The amount that goes back to the customer. A no-show has none.',
      }),
      coupon: Type.Optional({
        ...Strict(redemption),
        description: 'The coupon that goes back to the customer. A no-show has none.',
      }),
    }),
    3,
  ),
  CouponUnused: event(
    'The reservation for which a coupon was redeemed did not use it, and will not',
    Strict({ ...reservationRef, ...redemption }),
  ),
  CarArrived: event('The car arrived', Strict({ ...parked, arrivedAt: UtcTime })),
  CarDeparted: event(
    'The car left: the reservation is completed and its spot is free',
    Strict({ ...parked, ...lotName, arrivedAt: UtcTime, departedAt: UtcTime, due: Money }),
    2,
  ),
  CouponIssued: event('A discount coupon was issued to the customer', couponEvent, 3),
  CouponRevoked: event(
    'The coupon was revoked. With `redeemed` it had been used, and the customer owes its value',
    Strict({ ...couponEvent.properties, redeemed: Type.Optional(Type.Literal(true)) }),
    3,
  ),
  CouponRedeemed: event(
    'The coupon was used: with `redeemedOn`, for that reservation',
    Strict({ ...couponEvent.properties, redeemedOn: Type.Optional(RedeemedOn) }),
    3,
  ),
  CouponReturned: event(
    'The coupon was returned: the reservation for which it was redeemed was cancelled or never made',
    Strict({ ...couponEvent.properties, redeemedOn: RedeemedOn }),
  ),
};

const reserve = Strict({
  ...reservationRef,
  customerId: Id,
  carNumber: CarNumber,
  amount: Type.Optional({ ...Money, description: "Left out: the lot's price. A lot without a price needs it." }),
  couponId: Type.Optional({ ...CouponId, examples: [] }),
  ...keptPlaces.fields,
});

const applyCoupon = Strict({ ...reservationRef, couponId: CouponId });

const couponRefusals = ['coupon-not-found', 'coupon-revoked', 'coupon-already-redeemed', 'coupon-expired'] as const;

export const commands = {
  ...spots.commands,
  RegisterLot: command(
    'Open a lot',
    Strict(lot),
    { route: 'POST /parking/lots', id: 'lotId', answer: Strict({ ...lot, status: Status('open') }) },
    ['lot-already-registered', 'lot-closed'],
  ),
  ChangeLot: command(
    'Change the name, the number of spots or the settings of a lot; `null` unsets a setting. They apply to later reservations. The spots never fall below those that are reserved, held or offered.',
    Strict({ ...lotChange, ...unsettables(settings) }),
    { route: 'PATCH /parking/lots/{lotId}', answer: Strict({ ...lotChange, ...settings }) },
    ['lot-not-found', 'lot-closed', 'spots-below-reserved'],
  ),
  CloseLot: command(
    'Close a lot and cancel its open reservations',
    Strict({ lotId: Id }),
    { route: 'DELETE /parking/lots/{lotId}', answer: Strict({ lotId: Id, status: Status('closed') }) },
    ['lot-not-found', 'lot-closed'],
  ),
  CancelRemainingReservations: command(
    'End the next open reservations, holds and waiting entries of a closed lot',
    Strict({ lotId: Id }),
  ),
  ReserveParking: command(
    'Reserve a spot for a car: a free one, or one of those that `holdId` holds or that were offered to `entryId`. A coupon of an earlier reservation (`couponId`) lowers the amount',
    reserve,
    {
      route: 'POST /parking/lots/{lotId}/reservations',
      id: 'reservationId',
      answer: Strict({ ...reserve.properties, amount: Money, discount: Discount, status: Status('reserved') }),
    },
    [
      'lot-not-found',
      'lot-closed',
      'lot-full',
      'car-already-reserved',
      'reservation-already-exists',
      'already-canceled',
      'already-completed',
      'price-changed',
      'amount-required',
      ...keptPlaces.problems,
      ...couponRefusals,
      'coupon-of-reservation',
      'nothing-to-pay',
    ],
  ),
  ApplyCoupon: command(
    'Lower the amount of an open reservation by a coupon of the same customer',
    applyCoupon,
    {
      route: 'POST /parking/lots/{lotId}/reservations/{reservationId}/coupon',
      answer: Strict({ ...applyCoupon.properties, amount: Type.Optional(Money), discount: Discount }),
    },
    [
      'lot-not-found',
      'reservation-not-found',
      'already-canceled',
      'already-completed',
      'coupon-already-applied',
      ...couponRefusals,
      'coupon-of-reservation',
      'nothing-to-pay',
    ],
  ),
  SettleCoupon: command(
    'Record that a reservation did not use the coupon that was redeemed for it',
    Strict({ ...reservationRef, ...redemption }),
  ),
  CancelReservation: command(
    'Give the spot back',
    Strict({ ...reservationRef, reason: Type.Optional(except(Reason, Object.values(REASONS))) }),
    {
      route: 'DELETE /parking/lots/{lotId}/reservations/{reservationId}',
      answer: Strict({ ...reservationRef, status: Status('canceled') }),
    },
    ['lot-not-found', 'reservation-not-found', 'already-canceled', 'already-arrived', 'already-completed', 'too-late'],
  ),
  RecordArrival: command(
    'Record that the car of a reservation arrived',
    Strict(reservationRef),
    {
      route: 'POST /parking/lots/{lotId}/reservations/{reservationId}/arrival',
      answer: Strict({ ...reservationRef, arrivedAt: Time, status: Status('arrived') }),
    },
    [
      'lot-not-found',
      'lot-closed',
      'reservation-not-found',
      'already-canceled',
      'already-arrived',
      'already-completed',
    ],
  ),
  RecordDeparture: command(
    'Record that the car left. The spot is free, and the answer has the amount due for overtime',
    Strict(reservationRef),
    {
      route: 'POST /parking/lots/{lotId}/reservations/{reservationId}/departure',
      answer: Strict({ ...reservationRef, departedAt: Time, due: Money, status: Status('completed') }),
    },
    ['lot-not-found', 'reservation-not-found', 'already-canceled', 'already-completed', 'not-arrived'],
  ),
  ExpireReservation: command('Cancel a reservation whose car has not arrived in time', Strict(reservationRef)),
  IssueCoupon: command('Issue the coupon of a reservation', Strict({ ...couponCommand.properties, ...couponTerms })),
  RevokeCoupon: command('Revoke the coupon of a cancelled reservation', couponCommand),
  RedeemCoupon: command(
    'Use a coupon',
    Strict({ couponId: CouponId }),
    {
      route: 'POST /parking/coupons/{couponId}/redemption',
      answer: Strict({ couponId: CouponId, status: Status('redeemed') }),
    },
    [...couponRefusals],
  ),
  RedeemCouponFor: command(
    'Redeem a coupon for a reservation',
    Strict({ couponId: CouponId, customerId: Type.Optional(Id), ...reservationRef }),
  ),
  ReturnCoupon: command('Return a coupon whose reservation does not use it', Strict(redemption)),
  ReadCoupon: command('Read what a coupon is redeemed for', Strict({ couponId: CouponId })),
};

const Lot = Strict({
  lotId: Id,
  name: LotName,
  status: Status('open', 'closed'),
  spots: Spots,
  reserved: { ...Spots, description: 'Spots with an open reservation, whether or not its car has arrived.' },
  parked: { ...Spots, description: 'Reserved spots whose car has arrived.' },
  onHold: Type.Integer({ minimum: 0, description: 'Spots that are held for customers or offered to waiting ones.' }),
  waiting: Type.Integer({ minimum: 0, description: 'Entries of the waiting list that have no offer.' }),
  free: { ...Spots, description: 'Spots that can be reserved. A closed lot has none.' },
  ...settings,
});

const Reservation = Strict({
  ...parked,
  amount: Money,
  discount: Discount,
  couponId: Type.Optional({ ...CouponId, description: 'The coupon that was used on this reservation.' }),
  ...keptPlaces.fields,
  status: Status('reserved', 'arrived', 'completed', 'canceled'),
  arriveBy: Type.Optional(Time),
  cancelBy: Type.Optional(Time),
  ...overtime,
  arrivedAt: Type.Optional(Time),
  departedAt: Type.Optional(Time),
  due: Type.Optional({ ...Money, description: 'The amount due for overtime.' }),
  reason: Type.Optional(reasonOfCustomer(Reason)),
  reservedAt: Time,
  canceledAt: Type.Optional(Time),
});

const Coupon = Strict({
  ...coupon,
  status: Status('issued', 'revoked', 'redeemed', 'owed'),
  value: Money,
  issuedAt: Time,
  expiresAt: Type.Optional(Time),
  redeemedOn: Type.Optional(Strict(reservationRef)),
  revokedAt: Type.Optional(Time),
  redeemedAt: Type.Optional(Time),
});

const reservationStatus = { status: Reservation.properties.status };

export const queries = {
  ...spots.queries,
  ...inView('parking.lots', {
    lots: list('The lots with their spots', '/parking/lots', Lot, {
      closed: ['closed'],
      filters: { status: Lot.properties.status },
      sorts: ['name', 'free'],
      prefix: 'name',
    }),
    lot: one('One lot', '/parking/lots/{lotId}', Lot, { search: { name: 'name', lotId: 'id' } }),
  }),
  ...inView('parking.reservations', {
    lotReservations: list("A lot's reservations", '/parking/lots/{lotId}/reservations', Reservation, {
      filters: reservationStatus,
      range: 'reservedAt',
      prefix: 'carNumber',
    }),
    lotReservation: one('One reservation', '/parking/lots/{lotId}/reservations/{reservationId}', Reservation, {
      search: { carNumber: 'plate', reservationId: 'id' },
    }),
    reservations: list('Reservations in every lot', '/parking/reservations', Reservation, {
      filters: { customerId: Id, lotId: Id, ...reservationStatus },
      range: 'reservedAt',
      prefix: 'carNumber',
    }),
  }),
  ...inView('parking.coupons', {
    coupons: list('Coupons', '/parking/coupons', Coupon, {
      filters: { customerId: Id, status: Coupon.properties.status },
      range: 'issuedAt',
    }),
    coupon: one('One coupon', '/parking/coupons/{couponId}', Coupon),
  }),
};

const overview = Strict({
  totals: Strict({ lots: Count, spots: Count, reserved: Count, free: Count }),
  lots: Type.Array(Lot, { maxItems: 200, description: 'By name; the rest are in /parking/lots.' }),
  reservations: Type.Array(Reservation, { maxItems: 50, description: 'The newest first.' }),
});

export const schema = {
  name: 'parking',
  title: 'Car park',
  scope: { kind: 'lot', field: 'lotId' },
  events,
  commands,
  queries,
  access: {
    ...spots.access,
    RegisterLot: admin,
    ChangeLot: staff,
    RecordArrival: customer(),
    RecordDeparture: staff,
    CloseLot: admin,
    ReserveParking: customer(),
    CancelReservation: customer(),
    ApplyCoupon: staff,
    RedeemCoupon: customer(),
    lots: anyone,
    lot: anyone,
    lotReservations: staff,
    lotReservation: customer(),
    reservations: customer(),
    coupons: customer(),
    coupon: customer(),
  },
  problems: {
    ...spots.problems,
    'lot-not-found': { status: 404, title: 'There is no such lot' },
    'lot-already-registered': { status: 409, title: 'A lot with this id exists already' },
    'lot-closed': { status: 409, title: 'The lot is closed' },
    'lot-full': { status: 409, title: 'No spot is free in the lot' },
    'spots-below-reserved': { status: 409, title: 'More spots are reserved, held or offered than the new number' },
    'car-already-reserved': { status: 409, title: 'The car holds an open reservation in this lot' },
    'reservation-already-exists': { status: 409, title: 'A reservation with this id exists already' },
    'reservation-not-found': { status: 404, title: 'There is no such reservation' },
    'already-canceled': { status: 409, title: 'The reservation is cancelled already' },
    'price-changed': { status: 409, title: 'The price of the lot is another one' },
    'too-late': { status: 409, title: 'The time for this has passed' },
    'already-arrived': { status: 409, title: 'The car has arrived already' },
    'already-completed': { status: 409, title: 'The car has left already' },
    'not-arrived': { status: 409, title: 'The car has not arrived' },
    'coupon-not-found': { status: 404, title: 'There is no such coupon' },
    'coupon-revoked': { status: 409, title: 'The coupon was revoked' },
    'coupon-already-redeemed': { status: 409, title: 'The coupon was redeemed already' },
    'coupon-expired': { status: 409, title: 'The coupon has expired' },
    'coupon-of-reservation': { status: 409, title: 'A reservation cannot use its own coupon' },
    'amount-required': { status: 422, title: 'The lot has no price, and the request no amount' },
    'nothing-to-pay': { status: 409, title: 'The reservation is free: a coupon lowers nothing' },
    'coupon-already-applied': { status: 409, title: 'The reservation uses a coupon already' },
  },
  overview,
  report: { occupancy: 'reserved spots of all spots of the open lots, on average over time.' },
} as const satisfies ContextSchema;

export type ParkingEvent = EventOf<typeof events>;
export type ParkingCommand = CommandOf<typeof commands>;
