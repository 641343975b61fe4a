import { describe, expect, it } from 'vitest';
import { messagingContexts } from '../programs/contexts.ts';
import { messagesOf } from './customer-messages.ts';
import { dayText, momentText, money } from './kernel/messages.ts';

const { effectOf, types } = messagesOf(messagingContexts, 'Asia/Seoul');

/** Returns the effect of an event of the last day of January 2026. */
const effect = (type: string, data: object) =>
  effectOf({ type, data, revision: '4', time: '2026-01-31T09:00:00.000Z' });

/** An event, and the message that it makes: its id, and its text in both languages. */
type Case = [type: string, data: object, message: { messageId: string; ko: string[]; en: string[] }];

const CUST = { customerId: 'CUST1' };
const inLot = { lotId: 'lot-1', lotName: '정자역 주차장' };
const spot = { lotId: 'lot-1', reservationId: 'r-1', ...CUST };
const booking = { slotId: 's-1', bookingId: 'b-1', ...CUST };
const inSlot = { slotId: 's-1', hospitalName: '분당서울대학교병원', date: '2026-03-02' };
const full = { ...booking, hospitalName: '분당서울대학교병원', date: '2026-03-02' };
const order = { shopId: 'shop-1', orderId: 'o-1', ...CUST, shopName: '김밥나라', callNumber: '17' };
const seat = { showingId: 's-1', movieId: 'm-1', reservationId: 'r-1', ...CUST, title: '괴물', seat: 12, price: 9_000 };
const starting = { startsAt: '2026-02-01T10:00:00.000Z', hallId: 'h-1' };
const payment = {
  showingId: 's-1',
  reservationId: 'r-1',
  hold: '3',
  ...CUST,
  title: '괴물',
  ...starting,
  seats: ['B7'],
  amount: 9_000,
};
const charge = { userId: 'CUST1', chargeId: 'c-1', charge: '3', amount: 10_000 };
const rental = { bikeId: 'b-1', rentalId: 'r-1', userId: 'CUST1' };

const cases: Case[] = [
  [
    'CarDeparted',
    { ...spot, ...inLot, carNumber: '10더8612', arrivedAt: '', departedAt: '', due: 3_000 },
    {
      messageId: 'parking.billed.lot-1.r-1.4',
      ko: [
        '초과 주차 요금이 있습니다',
        '주차장: 정자역 주차장',
        '차량 번호: 10더8612',
        '초과 요금: 3,000원',
        '예약 번호: r-1',
      ],
      en: [
        'You stayed longer than you paid for',
        'Car park: 정자역 주차장',
        'Car: 10더8612',
        'Amount due: ₩3,000',
        'Reservation: r-1',
      ],
    },
  ],
  [
    'ReservationCanceled',
    { ...spot, reason: 'no-show' },
    {
      messageId: 'parking.expired.lot-1.r-1.4',
      ko: ['도착하지 않아 주차 예약이 만료되었습니다', '주차장: lot-1', '사유: 도착 기한 경과', '예약 번호: r-1'],
      en: [
        'Your parking reservation expired',
        'Car park: lot-1',
        'Reason: the car did not arrive in time',
        'Reservation: r-1',
      ],
    },
  ],
  [
    'ScreeningPlaceOffered',
    { ...inSlot, at: '09:30', entryId: 'e-1', ...CUST, places: 2, expiresAt: '2026-01-31T09:05:00.000Z' },
    {
      messageId: 'screening.offered.s-1.e-1.4',
      ko: [
        '대기하신 건강 검진 자리가 났습니다',
        '병원: 분당서울대학교병원',
        '검진일: 2026년 3월 2일 월요일 오전 9:30',
        '인원: 2',
        '예약 기한: 2026년 1월 31일 토요일 오후 6:05',
        '대기 번호: e-1',
      ],
      en: [
        'The health screening that you wait for has a place',
        'Hospital: 분당서울대학교병원',
        'Day: Monday, 2 March 2026 at 09:30',
        'Places: 2',
        'Book by: Saturday, 31 January 2026 at 18:05',
        'Waiting list entry: e-1',
      ],
    },
  ],
  [
    'ScreeningPlaceOfferExpired',
    { ...inSlot, entryId: 'e-1', ...CUST, places: 2 },
    {
      messageId: 'screening.expired.s-1.e-1.4',
      ko: [
        '배정된 건강 검진 자리의 예약 기한이 지났습니다',
        '병원: 분당서울대학교병원',
        '검진일: 2026년 3월 2일 월요일',
        '인원: 2',
        '대기 번호: e-1',
      ],
      en: [
        'The screening place is no longer kept for you',
        'Hospital: 분당서울대학교병원',
        'Day: Monday, 2 March 2026',
        'Places: 2',
        'Waiting list entry: e-1',
      ],
    },
  ],
  ...(
    [
      ['ScreeningPlaceHoldExpired', {}, 'expired'],
      ['ScreeningPlaceHoldReleased', { reason: 'closed' }, 'closed'],
    ] as const
  ).map(
    ([type, more, kind]): Case => [
      type,
      { ...inSlot, holdId: 'h-1', ...CUST, places: 1, ...more },
      {
        messageId: `screening.${kind}.s-1.h-1.4`,
        ko: [
          kind === 'expired'
            ? '선점하신 건강 검진 자리의 예약 기한이 지났습니다'
            : '건강 검진 자리 선점이 종료되었습니다',
          '병원: 분당서울대학교병원',
          '검진일: 2026년 3월 2일 월요일',
          '인원: 1',
          '선점 번호: h-1',
        ],
        en: [
          kind === 'expired'
            ? 'The screening place that you held is free again'
            : 'The screening place is no longer held for you',
          'Hospital: 분당서울대학교병원',
          'Day: Monday, 2 March 2026',
          'Places: 1',
          'Hold: h-1',
        ],
      },
    ],
  ),
  ...['ScreeningPlaceWaitingListLeft', 'ScreeningPlaceOfferDeclined'].map(
    (type): Case => [
      type,
      { ...inSlot, at: '09:30', entryId: 'e-1', ...CUST, places: 1, reason: 'closed' },
      {
        messageId: 'screening.closed.s-1.e-1.4',
        ko: [
          '건강 검진 대기가 종료되었습니다',
          '병원: 분당서울대학교병원',
          '검진일: 2026년 3월 2일 월요일 오전 9:30',
          '인원: 1',
          '대기 번호: e-1',
        ],
        en: [
          'The waiting list of the health screening is closed',
          'Hospital: 분당서울대학교병원',
          'Day: Monday, 2 March 2026 at 09:30',
          'Places: 1',
          'Waiting list entry: e-1',
        ],
      },
    ],
  ),
  [
    'ShowingPlaceOffered',
    {
      showingId: 's-1',
      entryId: 'e-1',
      ...CUST,
      places: 2,
      movieId: 'm-1',
      title: '괴물',
      startsAt: '2026-02-01T10:00:00.000Z',
      expiresAt: '2026-01-31T09:05:00.000Z',
    },
    {
      messageId: 'offered.s-1.e-1.4',
      ko: [
        '대기하신 영화 좌석이 났습니다',
        '영화: 괴물',
        '상영 시작: 2026년 2월 1일 일요일 오후 7:00',
        '좌석 수: 2',
        '예매 기한: 2026년 1월 31일 토요일 오후 6:05',
        '대기 번호: e-1',
      ],
      en: [
        'The film that you wait for has free seats',
        'Film: 괴물',
        'Starts: Sunday, 1 February 2026 at 19:00',
        'Seats: 2',
        'Reserve by: Saturday, 31 January 2026 at 18:05',
        'Waiting list entry: e-1',
      ],
    },
  ],
  [
    'ShowingPlaceOfferExpired',
    { showingId: 's-1', entryId: 'e-1', ...CUST, places: 2, movieId: 'm-1' },
    {
      messageId: 'expired.s-1.e-1.4',
      ko: ['배정된 영화 좌석의 예매 기한이 지났습니다', '좌석 수: 2', '대기 번호: e-1'],
      en: ['The seats are no longer kept for you', 'Seats: 2', 'Waiting list entry: e-1'],
    },
  ],
  ...['ShowingPlaceWaitingListLeft', 'ShowingPlaceOfferDeclined'].map(
    (type): Case => [
      type,
      { showingId: 's-1', movieId: 'm-1', title: '괴물', entryId: 'e-1', ...CUST, places: 2, reason: 'closed' },
      {
        messageId: 'closed.s-1.e-1.4',
        ko: ['영화 좌석 대기가 종료되었습니다', '영화: 괴물', '좌석 수: 2', '대기 번호: e-1'],
        en: ['The waiting list of the film is closed', 'Film: 괴물', 'Seats: 2', 'Waiting list entry: e-1'],
      },
    ],
  ),
  [
    'ShowingPlaceHoldReleased',
    {
      showingId: 's-1',
      movieId: 'm-1',
      title: '괴물',
      holdId: 'h-1',
      ...CUST,
      places: 1,
      seats: ['B7'],
      reason: 'closed',
    },
    {
      messageId: 'closed.s-1.h-1.4',
      ko: ['영화 좌석 선점이 종료되었습니다', '영화: 괴물', '좌석: B7', '선점 번호: h-1'],
      en: ['The seats are no longer held for you', 'Film: 괴물', 'Seats: B7', 'Hold: h-1'],
    },
  ],
  [
    'SeatReservationCanceled',
    { ...seat, reason: 'showing-canceled' },
    {
      messageId: 'canceled.s-1.r-1',
      ko: ['영화 예매가 취소되었습니다', '영화: 괴물', '좌석: 12', '예매 번호: r-1', '사유: 상영 취소'],
      en: [
        'Your reservation is cancelled',
        'Film: 괴물',
        'Seats: 12',
        'Reservation: r-1',
        'Reason: the showing was cancelled',
      ],
    },
  ],
  [
    'SpotOffered',
    { ...inLot, entryId: 'e-1', ...CUST, places: 2, expiresAt: '2026-01-31T09:05:00.000Z' },
    {
      messageId: 'parking.offered.lot-1.e-1.4',
      ko: [
        '대기하신 주차 자리가 났습니다',
        '주차장: 정자역 주차장',
        '자리: 2',
        '예약 기한: 2026년 1월 31일 토요일 오후 6:05',
        '대기 번호: e-1',
      ],
      en: [
        'The parking spot that you wait for is free',
        'Car park: 정자역 주차장',
        'Spots: 2',
        'Reserve by: Saturday, 31 January 2026 at 18:05',
        'Waiting list entry: e-1',
      ],
    },
  ],
  [
    'SpotOfferExpired',
    { lotId: 'lot-1', entryId: 'e-1', ...CUST, places: 2 },
    {
      messageId: 'parking.expired.lot-1.e-1.4',
      ko: ['배정된 주차 자리의 예약 기한이 지났습니다', '주차장: lot-1', '자리: 2', '대기 번호: e-1'],
      en: ['The parking spot is no longer kept for you', 'Car park: lot-1', 'Spots: 2', 'Waiting list entry: e-1'],
    },
  ],
  [
    'ParkingReserved',
    { ...spot, carNumber: '10더8612', amount: 9_000 },
    {
      messageId: 'parking.booked.lot-1.r-1.4',
      ko: ['주차 예약이 완료되었습니다', '주차장: lot-1', '차량 번호: 10더8612', '요금: 9,000원', '예약 번호: r-1'],
      en: ['Your parking spot is reserved', 'Car park: lot-1', 'Car: 10더8612', 'Price: ₩9,000', 'Reservation: r-1'],
    },
  ],
  [
    'ParkingReserved',
    { ...spot, ...inLot, carNumber: '10더8612', amount: 9_000, arriveBy: '2026-01-31T09:30:00.000Z' },
    {
      messageId: 'parking.booked.lot-1.r-1.4',
      ko: [
        '주차 예약이 완료되었습니다',
        '주차장: 정자역 주차장',
        '차량 번호: 10더8612',
        '요금: 9,000원',
        '도착 기한: 2026년 1월 31일 토요일 오후 6:30',
        '예약 번호: r-1',
      ],
      en: [
        'Your parking spot is reserved',
        'Car park: 정자역 주차장',
        'Car: 10더8612',
        'Price: ₩9,000',
        'Arrive by: Saturday, 31 January 2026 at 18:30',
        'Reservation: r-1',
      ],
    },
  ],
  [
    'SpotHoldExpired',
    { ...inLot, holdId: 'h-1', ...CUST, places: 2 },
    {
      messageId: 'parking.expired.lot-1.h-1.4',
      ko: ['선점하신 주차 자리의 예약 기한이 지났습니다', '주차장: 정자역 주차장', '자리: 2', '선점 번호: h-1'],
      en: ['The parking spot that you held is free again', 'Car park: 정자역 주차장', 'Spots: 2', 'Hold: h-1'],
    },
  ],
  ...['SpotWaitingListLeft', 'SpotOfferDeclined'].map(
    (type): Case => [
      type,
      { ...inLot, entryId: 'e-1', ...CUST, places: 1, reason: 'closed' },
      {
        messageId: 'parking.closed.lot-1.e-1.4',
        ko: ['주차장 폐쇄로 대기가 종료되었습니다', '주차장: 정자역 주차장', '자리: 1', '대기 번호: e-1'],
        en: [
          'The car park was closed: you no longer wait for it',
          'Car park: 정자역 주차장',
          'Spots: 1',
          'Waiting list entry: e-1',
        ],
      },
    ],
  ),
  [
    'SpotHoldReleased',
    { ...inLot, holdId: 'h-1', ...CUST, places: 1, reason: 'closed' },
    {
      messageId: 'parking.closed.lot-1.h-1.4',
      ko: ['주차장 폐쇄로 선점이 종료되었습니다', '주차장: 정자역 주차장', '자리: 1', '선점 번호: h-1'],
      en: ['The car park was closed: your spot is no longer held', 'Car park: 정자역 주차장', 'Spots: 1', 'Hold: h-1'],
    },
  ],
  [
    'CouponRevoked',
    { couponId: 'lot-1.r-1', ...spot, redeemed: true, value: 2_000 },
    {
      messageId: 'parking.owed.lot-1.r-1.4',
      ko: ['취소하신 예약의 쿠폰을 이미 사용하여 쿠폰 금액을 내셔야 합니다', '쿠폰 금액: 2,000원', '예약 번호: r-1'],
      en: [
        'You owe a coupon: it was used, and its reservation is cancelled',
        'Coupon value: ₩2,000',
        'Reservation: r-1',
      ],
    },
  ],
  [
    'ReservationCanceled',
    { ...spot, ...inLot, reason: '일정 변경', amount: 9_000 },
    {
      messageId: 'parking.canceled.lot-1.r-1.4',
      ko: [
        '주차 예약이 취소되었습니다',
        '주차장: 정자역 주차장',
        '사유: 일정 변경',
        '환불 금액: 9,000원',
        '예약 번호: r-1',
      ],
      en: [
        'Your parking reservation is cancelled',
        'Car park: 정자역 주차장',
        'Reason: 일정 변경',
        'Refund: ₩9,000',
        'Reservation: r-1',
      ],
    },
  ],
  [
    'ReservationCanceled',
    { ...spot, reason: 'lot-closed' },
    {
      messageId: 'parking.force-canceled.lot-1.r-1.4',
      ko: ['주차장 사정으로 예약이 취소되었습니다', '주차장: lot-1', '사유: 주차장 폐쇄', '예약 번호: r-1'],
      en: [
        'The car park cancelled your reservation',
        'Car park: lot-1',
        'Reason: the car park was closed',
        'Reservation: r-1',
      ],
    },
  ],
  [
    'ScreeningBooked',
    { ...booking, hospitalName: '분당서울대학교병원', date: '2026-03-02' },
    {
      messageId: 'screening.booked.s-1.b-1.4',
      ko: ['건강 검진이 예약되었습니다', '병원: 분당서울대학교병원', '검진일: 2026년 3월 2일 월요일', '예약 번호: b-1'],
      en: [
        'Your health screening is booked',
        'Hospital: 분당서울대학교병원',
        'Day: Monday, 2 March 2026',
        'Booking: b-1',
      ],
    },
  ],
  [
    'BookingCanceled',
    booking,
    {
      messageId: 'screening.canceled.s-1.b-1.4',
      ko: ['건강 검진 예약이 취소되었습니다', '예약 번호: b-1'],
      en: ['Your health screening is cancelled', 'Booking: b-1'],
    },
  ],
  [
    'BookingForceCanceled',
    booking,
    {
      messageId: 'screening.force-canceled.s-1.b-1.4',
      ko: ['병원 사정으로 건강 검진 예약이 취소되었습니다', '예약 번호: b-1'],
      en: ['The hospital cancelled your health screening', 'Booking: b-1'],
    },
  ],
  [
    'ScreeningBooked',
    { ...full, at: '09:30', places: 2, from: { slotId: 's-0', request: '7' } },
    {
      messageId: 'screening.rescheduled.s-1.b-1.4',
      ko: [
        '건강 검진 예약이 변경되었습니다',
        '병원: 분당서울대학교병원',
        '검진일: 2026년 3월 2일 월요일 오전 9:30',
        '인원: 2',
        '예약 번호: b-1',
      ],
      en: [
        'Your health screening was moved',
        'Hospital: 분당서울대학교병원',
        'Day: Monday, 2 March 2026 at 09:30',
        'Places: 2',
        'Booking: b-1',
      ],
    },
  ],
  [
    'BookingMissed',
    full,
    {
      messageId: 'screening.missed.s-1.b-1.4',
      ko: [
        '예약하신 건강 검진을 받지 않으셨습니다',
        '병원: 분당서울대학교병원',
        '검진일: 2026년 3월 2일 월요일',
        '예약 번호: b-1',
      ],
      en: [
        'You missed your health screening',
        'Hospital: 분당서울대학교병원',
        'Day: Monday, 2 March 2026',
        'Booking: b-1',
      ],
    },
  ],
  [
    'RescheduleRefused',
    booking,
    {
      messageId: 'screening.rejected.s-1.b-1.4',
      ko: ['건강 검진 예약을 변경하지 못했습니다. 기존 예약은 그대로입니다', '예약 번호: b-1'],
      en: ['Your health screening was not moved; your booking stands', 'Booking: b-1'],
    },
  ],
  [
    'OrderPlaced',
    { ...order, lines: [{ menuId: 'm-1', name: '김밥', price: 4_000, qty: 2 }], total: 8_000 },
    {
      messageId: 'food-court.booked.shop-1.o-1.4',
      ko: ['주문이 접수되었습니다', '매장: 김밥나라', '호출 번호: 17', '주문 내역: 김밥 × 2', '합계: 8,000원'],
      en: ['Your order was placed', 'Shop: 김밥나라', 'Number: 17', 'Items: 김밥 × 2', 'Total: ₩8,000'],
    },
  ],
  [
    'OrderCooked',
    { ...order, collectBy: '2026-01-31T04:00:00.000Z' },
    {
      messageId: 'food-court.ready-for-pickup.shop-1.o-1.4',
      ko: [
        '주문하신 음식이 준비되었습니다',
        '매장: 김밥나라',
        '호출 번호: 17',
        '수령 기한: 2026년 1월 31일 토요일 오후 1:00',
      ],
      en: [
        'Your order is ready for pickup',
        'Shop: 김밥나라',
        'Number: 17',
        'Pick up by: Saturday, 31 January 2026 at 13:00',
      ],
    },
  ],
  [
    'OrderCanceled',
    { ...order, shopName: undefined },
    {
      messageId: 'food-court.canceled.shop-1.o-1.4',
      ko: ['주문이 취소되었습니다', '매장: shop-1', '호출 번호: 17'],
      en: ['Your order is cancelled', 'Shop: shop-1', 'Number: 17'],
    },
  ],
  [
    'OrderRejected',
    { ...order, reason: '재료가 떨어졌습니다' },
    {
      messageId: 'food-court.rejected.shop-1.o-1.4',
      ko: ['매장에서 주문을 받지 못했습니다', '매장: 김밥나라', '호출 번호: 17', '사유: 재료가 떨어졌습니다'],
      en: ['The shop rejected your order', 'Shop: 김밥나라', 'Number: 17', 'Reason: 재료가 떨어졌습니다'],
    },
  ],
  [
    'OrderRejected',
    { ...order, reason: 'not-accepted-in-time' },
    {
      messageId: 'food-court.rejected.shop-1.o-1.4',
      ko: [
        '매장에서 주문을 받지 못했습니다',
        '매장: 김밥나라',
        '호출 번호: 17',
        '사유: 매장이 제시간에 접수하지 못했습니다',
      ],
      en: [
        'The shop rejected your order',
        'Shop: 김밥나라',
        'Number: 17',
        'Reason: the shop did not accept it in time',
      ],
    },
  ],
  [
    'OrderUncollected',
    order,
    {
      messageId: 'food-court.uncollected.shop-1.o-1.4',
      ko: ['수령 기한이 지나 주문이 종료되었습니다', '매장: 김밥나라', '호출 번호: 17'],
      en: ['Your order was not picked up in time', 'Shop: 김밥나라', 'Number: 17'],
    },
  ],
  [
    'ReservationConfirmed',
    { ...seat, seat: undefined, seats: ['B7', 'B8'], startsAt: '2026-02-01T10:00:00.000Z', hold: '3' },
    {
      messageId: 'confirmed.s-1.r-1.3',
      ko: [
        '영화 예매가 완료되었습니다',
        '영화: 괴물',
        '상영 시작: 2026년 2월 1일 일요일 오후 7:00',
        '좌석: B7, B8',
        '예매 번호: r-1',
        '결제 금액: 9,000원',
      ],
      en: [
        'Your reservation is confirmed',
        'Film: 괴물',
        'Starts: Sunday, 1 February 2026 at 19:00',
        'Seats: B7, B8',
        'Reservation: r-1',
        'Paid: ₩9,000',
      ],
    },
  ],
  [
    'SeatReleased',
    { ...seat, seat: undefined, hold: '3', reason: 'declined' },
    {
      messageId: 'rejected.s-1.r-1.3',
      ko: ['영화를 예매하지 못했습니다', '영화: 괴물', '좌석: 자유석', '예매 번호: r-1', '사유: 결제가 거절되었습니다'],
      en: [
        'Your reservation was not made',
        'Film: 괴물',
        'Seats: any free seat',
        'Reservation: r-1',
        'Reason: the payment was declined',
      ],
    },
  ],
  [
    'SeatReservationCanceled',
    seat,
    {
      messageId: 'canceled.s-1.r-1',
      ko: ['영화 예매가 취소되었습니다', '영화: 괴물', '좌석: 12', '예매 번호: r-1'],
      en: ['Your reservation is cancelled', 'Film: 괴물', 'Seats: 12', 'Reservation: r-1'],
    },
  ],
  [
    'PaymentRefunded',
    payment,
    {
      messageId: 'refunded.s-1.r-1.3',
      ko: [
        '결제 금액이 환불되었습니다',
        '영화: 괴물',
        '상영 시작: 2026년 2월 1일 일요일 오후 7:00',
        '상영관: h-1',
        '좌석: B7',
        '예매 번호: r-1',
        '환불 금액: 9,000원',
      ],
      en: [
        'Your payment was refunded',
        'Film: 괴물',
        'Starts: Sunday, 1 February 2026 at 19:00',
        'Hall: h-1',
        'Seats: B7',
        'Reservation: r-1',
        'Refund: ₩9,000',
      ],
    },
  ],
  [
    'SeatReservationMoved',
    { ...seat, ...starting, hold: '3', before: '2026-02-01T08:00:00.000Z' },
    {
      messageId: 'moved.s-1.r-1.4',
      ko: [
        '예매하신 영화의 상영 시각이 변경되었습니다',
        '영화: 괴물',
        '상영 시작: 2026년 2월 1일 일요일 오후 7:00',
        '상영관: h-1',
        '좌석: 12',
        '예매 번호: r-1',
        '변경 전: 2026년 2월 1일 일요일 오후 5:00',
      ],
      en: [
        'The film that you reserved starts at another time',
        'Film: 괴물',
        'Starts: Sunday, 1 February 2026 at 19:00',
        'Hall: h-1',
        'Seats: 12',
        'Reservation: r-1',
        'Instead of: Sunday, 1 February 2026 at 17:00',
      ],
    },
  ],
  [
    'ShowingPlaceHoldExpired',
    { showingId: 's-1', movieId: 'm-1', holdId: 'h-1', ...CUST, title: '괴물', places: 2, seats: ['B7', 'B8'] },
    {
      messageId: 'expired.s-1.h-1.4',
      ko: ['선점하신 영화 좌석의 예매 기한이 지났습니다', '영화: 괴물', '좌석: B7, B8', '선점 번호: h-1'],
      en: ['The seats that you held are free again', 'Film: 괴물', 'Seats: B7, B8', 'Hold: h-1'],
    },
  ],
  [
    'ShowingPlaceHoldExpired',
    { showingId: 's-1', movieId: 'm-1', holdId: 'h-1', ...CUST, title: '괴물', ...starting, places: 2 },
    {
      messageId: 'expired.s-1.h-1.4',
      ko: [
        '선점하신 영화 좌석의 예매 기한이 지났습니다',
        '영화: 괴물',
        '상영 시작: 2026년 2월 1일 일요일 오후 7:00',
        '상영관: h-1',
        '좌석 수: 2',
        '선점 번호: h-1',
      ],
      en: [
        'The seats that you held are free again',
        'Film: 괴물',
        'Starts: Sunday, 1 February 2026 at 19:00',
        'Hall: h-1',
        'Seats: 2',
        'Hold: h-1',
      ],
    },
  ],
  [
    'ChargeDeclined',
    { ...charge, reason: 'timed-out', declinedAt: '', balance: 0, outstanding: 0 },
    {
      messageId: 'bike-rental.rejected.CUST1.c-1.4',
      ko: [
        '예치금을 충전하지 못했습니다',
        '금액: 10,000원',
        '사유: 결제 결과를 확인하지 못했습니다. 결제된 금액은 돌려 드립니다',
        '충전 번호: c-1',
      ],
      en: [
        'Your deposit was not charged',
        'Amount: ₩10,000',
        'Reason: the payment had no outcome; what was charged goes back to you',
        'Charge: c-1',
      ],
    },
  ],
  [
    'ChargeRefunded',
    charge,
    {
      messageId: 'bike-rental.refunded.CUST1.c-1.4',
      ko: ['결제 금액이 환불되었습니다', '금액: 10,000원', '충전 번호: c-1'],
      en: ['Your payment was refunded', 'Amount: ₩10,000', 'Charge: c-1'],
    },
  ],
  [
    'FeeDeducted',
    { ...rental, fee: 1_500, paid: 1_500, closedAt: '', balance: 98_500, outstanding: 0 },
    {
      messageId: 'bike-rental.billed.b-1.r-1.4',
      ko: ['자전거 대여 요금이 결제되었습니다', '자전거: b-1', '요금: 1,500원', '잔액: 98,500원', '대여 번호: r-1'],
      en: ['Your bike rental is paid', 'Bike: b-1', 'Fee: ₩1,500', 'Balance: ₩98,500', 'Rental: r-1'],
    },
  ],
  [
    'FeeDeducted',
    { ...rental, fee: 1_500, paid: 500, closedAt: '', balance: 0, outstanding: 1_000 },
    {
      messageId: 'bike-rental.outstanding.b-1.r-1.4',
      ko: [
        '예치금이 부족하여 미납 요금이 있습니다',
        '자전거: b-1',
        '요금: 1,500원',
        '잔액: 0원',
        '미납 금액: 1,000원',
        '대여 번호: r-1',
      ],
      en: [
        'Your deposit does not cover your bike rental',
        'Bike: b-1',
        'Fee: ₩1,500',
        'Balance: ₩0',
        'Outstanding: ₩1,000',
        'Rental: r-1',
      ],
    },
  ],
  [
    'DepositCharged',
    { userId: 'CUST1', chargeId: 'c-1', amount: 100_000, settled: 0, chargedAt: '', balance: 100_000, outstanding: 0 },
    {
      messageId: 'bike-rental.deposited.CUST1.c-1.4',
      ko: ['예치금이 충전되었습니다', '금액: 100,000원', '잔액: 100,000원'],
      en: ['Your deposit was charged', 'Amount: ₩100,000', 'Balance: ₩100,000'],
    },
  ],
  [
    'DepositCredited',
    { userId: 'CUST1', managerId: 'm-1', conversionId: 'v-1', amount: 1_000, balance: 1_000, outstanding: 0 },
    {
      messageId: 'bike-rental.credited.m-1.v-1.4',
      ko: ['포인트가 예치금으로 적립되었습니다', '금액: 1,000원', '잔액: 1,000원'],
      en: ['Points were added to your deposit', 'Amount: ₩1,000', 'Balance: ₩1,000'],
    },
  ],
];

describe('the message of', () => {
  it.each(cases)('%s %j is in Korean and English', (type, data, { messageId, ko, en }) => {
    const { message } = effect(type, data);
    expect(message).toMatchObject({ messageId, customerId: 'CUST1', at: '2026-01-31T09:00:00.000Z' });
    expect(message?.texts).toEqual({
      ko: { subject: ko[0], text: ko.join('\n') },
      en: { subject: en[0], text: en.join('\n') },
    });
    expect(messageId.startsWith(`${message?.thread}`)).toBe(true);
  });
});

/** Events that only remove a reminder. */
const silent = ['BookingRescheduled', 'ScreeningAttended'];

it('every event that makes a message has a case here', () =>
  expect(new Set(types)).toEqual(new Set([...cases.map(([type]) => type), ...silent])));

it('a departure without an amount due makes no message', () =>
  expect(effect('CarDeparted', { ...spot, due: 0 })).toEqual({}));

it('a hold or an entry that its customer ended makes no message', () => {
  for (const prefix of ['Spot', 'ScreeningPlace', 'ShowingPlace'])
    for (const kind of ['WaitingListLeft', 'OfferDeclined', 'HoldReleased'])
      expect(effect(`${prefix}${kind}`, { ...inLot, ...inSlot, entryId: 'e-1', ...CUST, places: 1 })).toEqual({});
});

it('a coupon that was revoked unused makes no message', () =>
  expect(effect('CouponRevoked', { couponId: 'lot-1.r-1', ...spot })).toEqual({}));

it('an order from a kiosk makes no message', () => {
  const { customerId: _none, ...fromKiosk } = order;
  expect(effect('OrderCooked', fromKiosk)).toEqual({});
});

describe('reminders', () => {
  const booked = { ...booking, hospitalName: '분당서울대학교병원', date: '2026-03-02' };

  it('of a screening come on the day before, at ten in the time zone, and end with the booking', () => {
    const { reminder } = effect('ScreeningBooked', booked);
    expect(reminder).toMatchObject({
      key: 'screening.s-1.b-1',
      data: {
        messageId: 'screening.reminder.s-1.b-1.4',
        at: '2026-03-01T01:00:00.000Z',
        until: '2026-03-02T00:00:00.000Z',
        texts: {
          ko: { subject: '내일 건강 검진이 있습니다' },
          en: { text: expect.stringContaining('Day: Monday, 2 March 2026') },
        },
      },
    });
    expect(effect('BookingCanceled', booking).reminder).toEqual({ key: 'screening.s-1.b-1', data: null });
    for (const type of ['BookingForceCanceled', 'BookingMissed', ...silent])
      expect(effect(type, booking).reminder).toEqual({ key: 'screening.s-1.b-1', data: null });
    for (const type of silent) expect(effect(type, booking).message).toBeUndefined();
  });

  it('of a showing come an hour before it, and end with the reservation', () => {
    const starts = { ...seat, startsAt: '2026-02-01T10:00:00.000Z', hold: '3' };
    expect(effect('ReservationConfirmed', starts).reminder).toMatchObject({
      key: 'cinema.s-1.r-1',
      data: {
        messageId: 'reminder.s-1.r-1.4',
        at: '2026-02-01T09:00:00.000Z',
        until: '2026-02-01T10:00:00.000Z',
        texts: { ko: { subject: '곧 영화가 시작됩니다' }, en: { text: expect.stringContaining('Film: 괴물') } },
      },
    });
    expect(effect('SeatReservationCanceled', starts).reminder).toEqual({ key: 'cinema.s-1.r-1', data: null });
    expect(effect('ReservationConfirmed', seat).reminder).toBeUndefined();
  });

  it('of a showing move with it, and are removed when they would be due already', () => {
    const moved = (startsAt: string) =>
      effect('SeatReservationMoved', { ...seat, startsAt, before: '2026-02-01T08:00:00.000Z' }).reminder;
    expect(moved('2026-02-01T10:00:00.000Z')).toMatchObject({
      key: 'cinema.s-1.r-1',
      data: { at: '2026-02-01T09:00:00.000Z', until: '2026-02-01T10:00:00.000Z' },
    });
    expect(moved('2026-01-31T09:59:00.000Z')).toEqual({ key: 'cinema.s-1.r-1', data: null });
  });

  it('are not planned when they would be due before the booking', () =>
    expect(effect('ScreeningBooked', { ...booked, date: '2026-02-01' }).reminder).toEqual({
      key: 'screening.s-1.b-1',
      data: null,
    }));
});

it.each(cases.map(([type, data]) => [type, data] as const))(
  'a message of %s repeats no id that a program made',
  (type, data) => {
    const made = (id: unknown): string =>
      `01977ad1-86a1-7fd2-a7c2-${Buffer.from(String(id)).toString('hex').padEnd(12, '0').slice(0, 12)}`;
    const entries = Object.entries(data).map(([name, value]) => [name, name.endsWith('Id') ? made(value) : value]);
    const { message } = effect(type, Object.fromEntries(entries));
    expect(
      Object.values(message!.texts)
        .map(({ text }) => text)
        .join(),
    ).not.toContain('01977ad1');
  },
);

it('a hall with a number is called by it', () => {
  const { message } = effect('ReservationConfirmed', { ...seat, ...starting, hallId: 'hall-6' });
  expect(message!.texts.en.text).toContain('Hall: 6');
  expect(message!.texts.ko.text).toContain('상영관: 6관');
});

it('amounts, days and moments are written as people write them', () => {
  expect(money(9_000)).toEqual({ ko: '9,000원', en: '₩9,000' });
  expect(money(1_000_000_000_000).ko).toBe('1,000,000,000,000원');
  expect(dayText('2028-02-29')).toEqual({ ko: '2028년 2월 29일 화요일', en: 'Tuesday, 29 February 2028' });
  expect(momentText('2026-01-31T15:30:00.000Z', 'Asia/Seoul')).toEqual({
    ko: '2026년 2월 1일 일요일 오전 12:30',
    en: 'Sunday, 1 February 2026 at 00:30',
  });
  expect(momentText('2026-01-31T15:30:00.000Z', 'America/New_York').en).toBe('Saturday, 31 January 2026 at 10:30');
});
