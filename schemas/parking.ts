import { Type } from 'typebox';
import { admin, anyone, customer, staff } from './access.ts';
import {
  type CommandOf,
  type ContextSchema,
  command,
  type EventOf,
  event,
  internalCommand,
  inView,
  list,
  one,
  optionalFieldAdded,
  Strict,
} from './kernel/context.ts';
import { Id, Money, QualifiedId, RevisionText, Status, Text, Time } from './kernel/values.ts';

const Spots = Type.Integer({ minimum: 0, maximum: 100_000, examples: [5] });
const LotName = Text(100, '정자역 주차장');
const CarNumber = Text(20, '10더8612');
const Reason = Text(200, 'changed plans');
const CouponId = QualifiedId('lot-1.r-1');

/** How many reservations of a closed lot one command cancels: their events go into one append, and the store takes 1 MiB. */
export const CANCELLATIONS_PER_COMMAND = 500;

const coupon = { couponId: CouponId, lotId: Id, reservationId: Id, customerId: Id };
/**
 * The revision of the lot's event that a coupon follows: a reservation id may be used again, a revision is not. Events
 * of version 1 do not have it.
 */
const couponEvent = Strict({ ...coupon, lotRevision: Type.Optional(RevisionText) });
const couponCommand = Strict({ ...coupon, lotRevision: RevisionText });

export const events = {
  LotRegistered: event(
    'A lot was registered with its number of spots',
    Strict({ lotId: Id, name: LotName, spots: Spots }),
  ),
  LotSpotsChanged: event('The number of spots of the lot changed', Strict({ lotId: Id, spots: Spots })),
  LotClosed: event(
    'The lot is closed; open reservations beyond this append are cancelled next',
    Strict({ lotId: Id, remaining: Type.Integer({ minimum: 0 }) }),
  ),
  ParkingReserved: event(
    'A spot was reserved for a car',
    Strict({ lotId: Id, reservationId: Id, customerId: Id, carNumber: CarNumber, amount: Money }),
  ),
  ReservationCanceled: event(
    'The reservation was cancelled and its spot is free',
    Strict({ lotId: Id, reservationId: Id, customerId: Id, reason: Type.Optional(Reason) }),
  ),
  CouponIssued: event('A discount coupon was issued to the customer', couponEvent, 2, optionalFieldAdded),
  CouponRevoked: event('The coupon was revoked', couponEvent, 2, optionalFieldAdded),
  CouponRedeemed: event('The coupon was used', couponEvent, 2, optionalFieldAdded),
};

export const commands = {
  RegisterLot: command(
    'Open a lot',
    Strict({ lotId: Id, name: LotName, spots: Spots }),
    {
      method: 'POST',
      path: '/parking/lots',
      id: 'lotId',
      status: 201,
      location: '/parking/lots/{lotId}',
      answer: Strict({ lotId: Id, name: LotName, spots: Spots, status: Status('open') }),
    },
    ['lot-already-registered'],
  ),
  ChangeSpots: command(
    'Change the number of spots, never below those now reserved',
    Strict({ lotId: Id, spots: Spots }),
    {
      method: 'PATCH',
      path: '/parking/lots/{lotId}',
      status: 200,
      location: '/parking/lots/{lotId}',
      answer: Strict({ lotId: Id, spots: Spots }),
    },
    ['lot-not-found', 'lot-closed', 'spots-below-reserved'],
  ),
  CloseLot: command(
    'Close a lot and cancel its open reservations',
    Strict({ lotId: Id }),
    {
      method: 'DELETE',
      path: '/parking/lots/{lotId}',
      status: 200,
      location: '/parking/lots/{lotId}',
      answer: Strict({ lotId: Id, status: Status('closed') }),
    },
    ['lot-not-found', 'lot-closed'],
  ),
  CancelRemainingReservations: internalCommand(
    'Cancel the next open reservations of a closed lot',
    Strict({ lotId: Id }),
  ),
  ReserveParking: command(
    'Reserve a spot for a car',
    Strict({ lotId: Id, reservationId: Id, customerId: Id, carNumber: CarNumber, amount: Money }),
    {
      method: 'POST',
      path: '/parking/lots/{lotId}/reservations',
      id: 'reservationId',
      status: 201,
      location: '/parking/lots/{lotId}/reservations/{reservationId}',
      answer: Strict({
        lotId: Id,
        reservationId: Id,
        customerId: Id,
        carNumber: CarNumber,
        amount: Money,
        status: Status('reserved'),
      }),
    },
    ['lot-not-found', 'lot-closed', 'lot-full', 'car-already-reserved', 'reservation-already-exists'],
  ),
  CancelReservation: command(
    'Give the spot back',
    Strict({ lotId: Id, reservationId: Id, reason: Type.Optional(Reason) }),
    {
      method: 'DELETE',
      path: '/parking/lots/{lotId}/reservations/{reservationId}',
      status: 200,
      location: '/parking/lots/{lotId}/reservations/{reservationId}',
      answer: Strict({ lotId: Id, reservationId: Id, status: Status('canceled') }),
    },
    ['lot-not-found', 'reservation-not-found', 'already-canceled'],
  ),
  IssueCoupon: internalCommand('Issue the coupon of a reservation', couponCommand),
  RevokeCoupon: internalCommand('Revoke the coupon of a cancelled reservation', couponCommand),
  RedeemCoupon: command(
    'Use a coupon',
    Strict({ couponId: CouponId }),
    {
      method: 'POST',
      path: '/parking/coupons/{couponId}/redemption',
      status: 200,
      location: '/parking/coupons/{couponId}',
      answer: Strict({ couponId: CouponId, status: Status('redeemed') }),
    },
    ['coupon-not-found', 'coupon-revoked', 'coupon-already-redeemed'],
  ),
};

const Lot = Strict({
  lotId: Id,
  name: LotName,
  status: Status('open', 'closed'),
  spots: Spots,
  reserved: Spots,
  free: Spots,
});

const Reservation = Strict({
  lotId: Id,
  reservationId: Id,
  customerId: Id,
  carNumber: CarNumber,
  amount: Money,
  status: Status('reserved', 'canceled'),
  reason: Type.Optional(Reason),
  reservedAt: Time,
  canceledAt: Type.Optional(Time),
});

const Coupon = Strict({
  couponId: CouponId,
  lotId: Id,
  reservationId: Id,
  customerId: Id,
  status: Status('issued', 'revoked', 'redeemed'),
  issuedAt: Time,
  revokedAt: Type.Optional(Time),
  redeemedAt: Type.Optional(Time),
});

const reservationStatus = { status: Reservation.properties.status };

export const queries = {
  ...inView('parking.lots', {
    lots: list('The lots with their spots', '/parking/lots', Lot, {
      filters: { status: Lot.properties.status },
      sorts: ['name', 'free'],
    }),
    lot: one('One lot', '/parking/lots/{lotId}', Lot),
  }),
  ...inView('parking.reservations', {
    lotReservations: list("A lot's reservations", '/parking/lots/{lotId}/reservations', Reservation, {
      filters: reservationStatus,
      sorts: ['reservedAt'],
    }),
    lotReservation: one('One reservation', '/parking/lots/{lotId}/reservations/{reservationId}', Reservation),
    reservations: list('Reservations in every lot', '/parking/reservations', Reservation, {
      filters: { customerId: Id, lotId: Id, ...reservationStatus },
      sorts: ['reservedAt'],
    }),
  }),
  ...inView('parking.coupons', {
    coupons: list('Coupons', '/parking/coupons', Coupon, {
      filters: { customerId: Id, status: Coupon.properties.status },
      sorts: ['issuedAt'],
    }),
    coupon: one('One coupon', '/parking/coupons/{couponId}', Coupon),
  }),
};

const Count = Type.Integer({ minimum: 0 });

export const overview = Strict({
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
    RegisterLot: admin,
    ChangeSpots: staff,
    CloseLot: admin,
    ReserveParking: customer(),
    CancelReservation: customer(),
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
    'lot-not-found': { status: 404, title: 'There is no such lot' },
    'lot-already-registered': { status: 409, title: 'A lot with this id exists already' },
    'lot-closed': { status: 409, title: 'The lot is closed' },
    'lot-full': { status: 409, title: 'No spot is free in the lot' },
    'spots-below-reserved': { status: 409, title: 'More spots are reserved than the new number' },
    'car-already-reserved': { status: 409, title: 'The car holds an open reservation in this lot' },
    'reservation-already-exists': { status: 409, title: 'A reservation with this id exists already' },
    'reservation-not-found': { status: 404, title: 'There is no such reservation' },
    'already-canceled': { status: 409, title: 'The reservation is cancelled already' },
    'coupon-not-found': { status: 404, title: 'There is no such coupon' },
    'coupon-revoked': { status: 409, title: 'The coupon was revoked' },
    'coupon-already-redeemed': { status: 409, title: 'The coupon was redeemed already' },
  },
  overview,
} as const satisfies ContextSchema;

export type ParkingEvent = EventOf<typeof events>;
export type ParkingCommand = CommandOf<typeof commands>;
