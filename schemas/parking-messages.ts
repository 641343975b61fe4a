import { idLine, line, message, messagesOn, momentText, money, type Phrase, reasonLine } from './kernel/messages.ts';
import { placeMessages } from './kernel/place-messages.ts';
import { DEFAULT_COUPON_VALUE, type events, spots } from './parking.ts';

const lot: Phrase = { ko: '주차장', en: 'Car park' };
const car: Phrase = { ko: '차량 번호', en: 'Car' };
const amountLabel: Phrase = { ko: '요금', en: 'Price' };
const number: Phrase = { ko: '예약 번호', en: 'Reservation' };
const dueLabel: Phrase = { ko: '초과 요금', en: 'Amount due' };
const spotsLabel: Phrase = { ko: '자리', en: 'Spots' };
const arriveByLabel: Phrase = { ko: '도착 기한', en: 'Arrive by' };
const refund: Phrase = { ko: '환불 금액', en: 'Refund' };
const valueLabel: Phrase = { ko: '쿠폰 금액', en: 'Coupon value' };

const reasons: Readonly<Record<string, Phrase>> = {
  'no-show': { ko: '도착 기한 경과', en: 'the car did not arrive in time' },
  'lot-closed': { ko: '주차장 폐쇄', en: 'the car park was closed' },
};

const subjects = {
  canceled: { ko: '주차 예약이 취소되었습니다', en: 'Your parking reservation is cancelled' },
  'force-canceled': { ko: '주차장 사정으로 예약이 취소되었습니다', en: 'The car park cancelled your reservation' },
  expired: { ko: '도착하지 않아 주차 예약이 만료되었습니다', en: 'Your parking reservation expired' },
} as const satisfies Readonly<Record<string, Phrase>>;

const kindOf = (reason: string | undefined): keyof typeof subjects => {
  if (reason === 'no-show') return 'expired';
  return reason === 'lot-closed' ? 'force-canceled' : 'canceled';
};

export const messages = messagesOn<typeof events>()({
  ...placeMessages(spots, {
    subjects: {
      offered: { ko: '대기하신 주차 자리가 났습니다', en: 'The parking spot that you wait for is free' },
      offerExpired: {
        ko: '배정된 주차 자리의 예약 기한이 지났습니다',
        en: 'The parking spot is no longer kept for you',
      },
      holdExpired: {
        ko: '선점하신 주차 자리의 예약 기한이 지났습니다',
        en: 'The parking spot that you held is free again',
      },
      entryClosed: {
        ko: '주차장 폐쇄로 대기가 종료되었습니다',
        en: 'The car park was closed: you no longer wait for it',
      },
      holdClosed: {
        ko: '주차장 폐쇄로 선점이 종료되었습니다',
        en: 'The car park was closed: your spot is no longer held',
      },
    },
    details: ({ lotId, lotName = lotId, places }: { lotId: string; lotName?: string; places: number }) => [
      idLine(lot, lotName),
      line(spotsLabel, places),
    ],
    by: { ko: '예약 기한', en: 'Reserve by' },
  }),

  CarDeparted: ({ lotId, lotName = lotId, reservationId, customerId, carNumber, due }) =>
    due === 0
      ? undefined
      : {
          customerId,
          about: { lotId, reservationId },
          message: message(
            'billed',
            { ko: '초과 주차 요금이 있습니다', en: 'You stayed longer than you paid for' },
            idLine(lot, lotName),
            line(car, carNumber),
            line(dueLabel, money(due)),
            idLine(number, reservationId),
          ),
        },

  ParkingReserved: (
    { lotId, lotName = lotId, reservationId, customerId, carNumber, amount, arriveBy },
    { timeZone },
  ) => ({
    customerId,
    about: { lotId, reservationId },
    message: message(
      'booked',
      { ko: '주차 예약이 완료되었습니다', en: 'Your parking spot is reserved' },
      idLine(lot, lotName),
      line(car, carNumber),
      line(amountLabel, money(amount)),
      line(arriveByLabel, arriveBy && momentText(arriveBy, timeZone)),
      idLine(number, reservationId),
    ),
  }),

  ReservationCanceled: ({ lotId, lotName = lotId, reservationId, customerId, reason, amount = 0 }) => ({
    customerId,
    about: { lotId, reservationId },
    message: message(
      kindOf(reason),
      subjects[kindOf(reason)],
      idLine(lot, lotName),
      reasonLine(reason, reasons),
      line(refund, amount > 0 ? money(amount) : undefined),
      idLine(number, reservationId),
    ),
  }),

  // Each reservation earns a coupon, so only one that the customer owes is worth a message.
  CouponRevoked: ({ lotId, reservationId, customerId, value = DEFAULT_COUPON_VALUE, redeemed }) =>
    redeemed
      ? {
          customerId,
          about: { lotId, reservationId },
          message: message(
            'owed',
            {
              ko: '취소하신 예약의 쿠폰을 이미 사용하여 쿠폰 금액을 내셔야 합니다',
              en: 'You owe a coupon: it was used, and its reservation is cancelled',
            },
            line(valueLabel, money(value)),
            idLine(number, reservationId),
          ),
        }
      : undefined,
});
