import type { schema } from '../../../schemas/parking.ts';
import { formatMoney, formatNumber, type Phrase } from '../../common/language.ts';
import { fill } from '../../common/templates.ts';
import { contextView, type Item } from '../context.ts';
import { limitedPlaces, placeRefusals } from '../limited-places.ts';

const LOT = '/parking/lots/{lotId}';
const RESERVATION = '/parking/lots/{lotId}/reservations/{reservationId}';
const COUPON = '/parking/coupons/{couponId}';

const spots = limitedPlaces({
  prefix: 'Spot',
  path: LOT,
  key: 'lotId',
  things: (places) => ({
    en: places === 1 ? 'a spot' : `${formatNumber(places)} spots`,
    ko: `${formatNumber(places)}면`,
  }),
});

/** Plaza takes a lot without spots, which is likely a slip. */
export const withoutSpots = ({ spots }: Item): Phrase | undefined =>
  spots === 0
    ? {
        en: 'A lot has at least one spot: with 0 nobody can reserve here.',
        ko: '주차장에는 주차면이 하나 이상 있어야 합니다. 0면이면 아무도 예약할 수 없습니다.',
      }
    : undefined;

export const view = contextView<typeof schema>({
  name: 'parking',
  order: 1,
  title: { en: 'Car park', ko: '주차장' },
  level: { en: 'spots reserved', ko: '예약된 주차면' },
  figures: ({ totals }) => [
    {
      label: { en: 'free', ko: '남은 면' },
      value: totals.free,
      tone: totals.free === 0 && totals.lots > 0 ? 'bad' : undefined,
    },
    { label: { en: 'reserved', ko: '예약' }, value: totals.reserved },
    { label: { en: 'lots', ko: '주차장' }, value: totals.lots },
  ],
  rows: ({ lots }) =>
    lots
      .filter(({ status }) => status === 'open')
      .map(({ lotId, name, spots, reserved, free }) => ({
        to: fill(LOT, { lotId })!,
        label: name,
        taken: reserved,
        of: spots,
        value: {
          en: `${formatNumber(free)} of ${formatNumber(spots)} free`,
          ko: `${formatNumber(free)}/${formatNumber(spots)}면 남음`,
        },
      })),
  rowsInAll: ({ totals }) => totals.lots,
  all: '/parking/lots',
  lists: {
    ...spots.lists,
    '/parking/lots': {
      title: { en: 'Lots', ko: '주차장 목록' },
      columns: ['name', 'lotId', 'status', 'spots', 'reserved', 'onHold', 'waiting', 'free'],
      thing: LOT,
      sort: 'name',
      commands: ['RegisterLot'],
    },
    '/parking/reservations': {
      title: { en: 'Reservations', ko: '예약' },
      columns: ['reservedAt', 'carNumber', 'customerId', 'lotId', 'amount', 'status', 'reservationId'],
      thing: RESERVATION,
      sort: '-reservedAt',
    },
    '/parking/lots/{lotId}/reservations': {
      title: { en: 'Reservations', ko: '예약' },
      columns: ['reservedAt', 'carNumber', 'customerId', 'amount', 'status', 'reservationId'],
      thing: RESERVATION,
      sort: '-reservedAt',
    },
    '/parking/coupons': {
      title: { en: 'Coupons', ko: '쿠폰' },
      columns: ['issuedAt', 'customerId', 'couponId', 'value', 'expiresAt', 'status'],
      thing: COUPON,
      sort: '-issuedAt',
    },
  },
  things: {
    ...spots.things,
    [LOT]: {
      title: { en: 'Lot', ko: '주차장 정보' },
      heading: ({ name }) => String(name),
      fields: [
        'lotId',
        'status',
        'spots',
        'reserved',
        'parked',
        'onHold',
        'waiting',
        'free',
        'price',
        'arriveWithin',
        'cancelUntil',
        'holdFor',
        'paidHours',
        'overtimePrice',
        'couponValue',
        'couponDays',
      ],
      lists: ['/parking/lots/{lotId}/reservations', ...spots.below],
      commands: ({ status }) =>
        status === 'open' ? ['ReserveParking', 'HoldSpot', 'JoinSpotWaitingList', 'ChangeLot', 'CloseLot'] : [],
      known: ({ reserved, parked, price }) => ({ coming: Number(reserved) - Number(parked), amount: price }),
    },
    [RESERVATION]: {
      title: { en: 'Reservation', ko: '예약' },
      heading: ({ carNumber }) => String(carNumber),
      fields: [
        'status',
        'lotId',
        'customerId',
        'carNumber',
        'amount',
        'discount',
        'couponId',
        'reservedAt',
        'arriveBy',
        'cancelBy',
        'arrivedAt',
        'departedAt',
        'due',
        'canceledAt',
        'reason',
        'reservationId',
      ],
      commands: ({ status, couponId, amount }) => {
        const discount = couponId === undefined && amount !== 0 ? (['ApplyCoupon'] as const) : [];
        if (status === 'reserved') return ['RecordArrival', 'CancelReservation', ...discount]; // A row shows the first two.
        return status === 'arrived' ? ['RecordDeparture', ...discount] : [];
      },
    },
    [COUPON]: {
      title: { en: 'Coupon', ko: '쿠폰' },
      heading: ({ value, customerId }) => `${formatMoney(Number(value))} · ${customerId}`,
      fields: [
        'status',
        'value',
        'expiresAt',
        'customerId',
        'lotId',
        'reservationId',
        'issuedAt',
        'redeemedAt',
        'redeemedOn',
        'revokedAt',
        'couponId',
      ],
      commands: ({ status }) => (status === 'issued' ? ['RedeemCoupon'] : []),
    },
  },
  links: { redeemedOn: RESERVATION },
  choices: {
    couponId: {
      list: '/parking/coupons',
      query: { customerId: '{customerId}', status: 'issued', limit: '200' },
      label: 'value issuedAt expiresAt',
    },
  },
  commands: {
    RegisterLot: { en: 'Open a lot', ko: '주차장 등록', warning: withoutSpots },
    ChangeLot: { en: 'Change the lot', ko: '주차장 변경', warning: withoutSpots },
    RecordArrival: { en: 'Record arrival', ko: '입차 처리' },
    RecordDeparture: { en: 'Record departure', ko: '출차 처리' },
    CloseLot: {
      en: 'Close the lot',
      ko: '주차장 운영 종료',
      danger: true,
      effect: {
        en: 'Cancels {coming} reservations and refunds them. {parked} parked cars stay until they leave. It cannot be reopened.',
        ko: '예약 {coming}건이 취소되고 환불됩니다. 주차 중인 차량 {parked}대는 출차할 때까지 남습니다. 다시 열 수 없습니다.',
      },
    },
    ReserveParking: { en: 'Reserve', ko: '예약하기' },
    HoldSpot: { en: 'Hold spots', ko: '주차면 선점' },
    ...spots.commands,
    CancelReservation: {
      en: 'Cancel',
      ko: '예약 취소',
      danger: true,
      effect: {
        en: 'Frees the spot of {carNumber} and takes back its coupon.',
        ko: '{carNumber} 차량의 주차면이 비워지고 쿠폰이 회수됩니다.',
      },
    },
    ApplyCoupon: { en: 'Use a coupon', ko: '쿠폰 적용' },
    RedeemCoupon: { en: 'Redeem', ko: '쿠폰 사용' },
  },
  problems: {
    ...placeRefusals,
    'lot-not-found': '존재하지 않는 주차장입니다',
    'lot-already-registered': '이미 등록된 주차장 ID입니다',
    'lot-closed': '운영이 종료된 주차장입니다',
    'lot-full': '남은 주차면이 없습니다',
    'spots-below-reserved': '이미 예약하거나 선점한 면보다 적게 줄일 수 없습니다',
    'car-already-reserved': '이 주차장에 이미 예약한 차량입니다',
    'reservation-already-exists': '이미 사용 중인 예약 ID입니다',
    'reservation-not-found': '존재하지 않는 예약입니다',
    'already-canceled': '이미 취소된 예약입니다',
    'price-changed': '주차 요금이 변경되었습니다',
    'too-late': '가능한 시간이 지났습니다',
    'already-arrived': '이미 입차한 차량입니다',
    'already-completed': '이미 출차한 차량입니다',
    'not-arrived': '아직 입차하지 않은 차량입니다',
    'coupon-not-found': '존재하지 않는 쿠폰입니다',
    'coupon-revoked': '회수된 쿠폰입니다',
    'coupon-already-redeemed': '이미 사용한 쿠폰입니다',
    'coupon-expired': '유효 기간이 지난 쿠폰입니다',
    'coupon-of-reservation': '이 예약으로 받은 쿠폰은 이 예약에 사용할 수 없습니다',
    'coupon-already-applied': '이미 쿠폰을 사용한 예약입니다',
    'amount-required': '요금이 정해지지 않은 주차장이므로 금액을 입력하세요',
    'nothing-to-pay': '무료 예약에는 쿠폰을 사용할 수 없습니다',
  },
  words: {
    ...spots.words,
    LotRegistered: { en: '{name} opened with {spots} spots', ko: '{name} 등록, {spots}면' },
    LotSpotsChanged: { en: '{lotId} now has {spots} spots', ko: '{lotId} 주차면 {spots}면으로 변경' },
    LotChanged: { en: '{lotId} changed', ko: '{lotId} 설정 변경' },
    CarArrived: { en: '{carNumber} arrived at {lotId}', ko: '{carNumber} {lotId} 입차' },
    CarDeparted: { en: '{carNumber} left {lotId}{left}', ko: '{carNumber} {lotId} 출차{left}' },
    LotClosed: { en: '{lotId} closed', ko: '{lotId} 운영 종료' },
    ParkingReserved: { en: '{carNumber} reserved {lotId}{left}', ko: '{carNumber} {lotId} 예약{left}' },
    ReservationCanceled: ({ reason }) =>
      reason === 'no-show' || reason === 'lot-closed'
        ? {
            en: 'Reservation of {customerId} at {lotId} ended: {reason}{left}',
            ko: '{customerId} {lotId} 예약 취소, {reason}{left}',
          }
        : { en: '{customerId} cancelled at {lotId}{left}', ko: '{customerId} {lotId} 예약 취소{left}' },
    ReservationDiscounted: { en: '{customerId} used a coupon at {lotId}', ko: '{customerId} {lotId} 예약에 쿠폰 적용' },
    CouponUnused: { en: 'A coupon was not used at {lotId}', ko: '{lotId} 예약에 쿠폰 미사용' },
    CouponReturned: { en: 'Coupon of {customerId} returned', ko: '{customerId} 쿠폰 반환' },
    CouponIssued: { en: 'Coupon issued to {customerId}', ko: '{customerId} 쿠폰 발급' },
    CouponRevoked: ({ redeemed }) =>
      redeemed
        ? { en: '{customerId} owes a used coupon', ko: '{customerId} 사용한 쿠폰 회수, 미수' }
        : { en: 'Coupon of {customerId} revoked', ko: '{customerId} 쿠폰 회수' },
    CouponRedeemed: { en: '{customerId} redeemed a coupon', ko: '{customerId} 쿠폰 사용' },
  },
  about: [COUPON, RESERVATION, ...spots.about, LOT],
  left: {
    // In a closed lot nothing is free, whoever leaves it.
    now: ({ lots }) => new Map(lots.filter(({ status }) => status === 'open').map(({ lotId, free }) => [lotId, free])),
    words: { en: ', {left} free', ko: ', {left}면 남음' },
    place: 'lotId',
    changes: {
      ParkingReserved: -1,
      ReservationCanceled: 1,
      CarDeparted: 1,
      LotSpotsChanged: null,
      LotRegistered: null,
      LotClosed: null,
      ...spots.changes,
    },
  },
  names: ({ lots }) => ({ lotId: new Map(lots.map(({ lotId, name }) => [lotId, name])) }),
  customer: { field: 'customerId', shows: ['/parking/reservations', '/parking/waiting-list', '/parking/coupons'] },
});
