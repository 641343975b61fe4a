import { line, messagesOn, momentText, money, type Phrase, texts } from './kernel/messages.ts';
import type { events } from './parking.ts';

const lot: Phrase = { ko: '주차장', en: 'Car park' };
const car: Phrase = { ko: '차량 번호', en: 'Car' };
const amountLabel: Phrase = { ko: '요금', en: 'Price' };
const reasonLabel: Phrase = { ko: '사유', en: 'Reason' };
const number: Phrase = { ko: '예약 번호', en: 'Reservation' };
const dueLabel: Phrase = { ko: '초과 요금', en: 'Amount due' };
const spots: Phrase = { ko: '자리', en: 'Spots' };
const reserveBy: Phrase = { ko: '예약 기한', en: 'Reserve by' };
const entryNumber: Phrase = { ko: '대기 번호', en: 'Waiting list entry' };

/** Reasons that Plaza gives itself; a customer's or an employee's own words stay as they are. */
const reasons: Readonly<Record<string, Phrase>> = {
  'no-show': { ko: '도착 기한 경과', en: 'the car did not arrive in time' },
  'lot-closed': { ko: '주차장 폐쇄', en: 'the car park was closed' },
};

const reasonOf = (reason: string | undefined): Phrase | string | undefined =>
  reason === undefined ? undefined : (reasons[reason] ?? reason);

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
  SpotOffered: ({ lotId, entryId, customerId, places, expiresAt }, { timeZone }) => ({
    customerId,
    about: { lotId, entryId },
    message: {
      kind: 'offered',
      texts: texts(
        { ko: '대기하신 주차 자리가 났습니다', en: 'The parking spot that you wait for is free' },
        line(lot, lotId),
        line(spots, places),
        line(reserveBy, momentText(expiresAt, timeZone)),
        line(entryNumber, entryId),
      ),
    },
  }),

  SpotOfferExpired: ({ lotId, entryId, customerId }) => ({
    customerId,
    about: { lotId, entryId },
    message: {
      kind: 'expired',
      texts: texts(
        { ko: '배정된 주차 자리의 예약 기한이 지났습니다', en: 'The parking spot is no longer kept for you' },
        line(lot, lotId),
        line(entryNumber, entryId),
      ),
    },
  }),

  CarDeparted: ({ lotId, reservationId, customerId, carNumber, due }) =>
    due === 0
      ? undefined
      : {
          customerId,
          about: { lotId, reservationId },
          message: {
            kind: 'billed',
            texts: texts(
              { ko: '초과 주차 요금이 있습니다', en: 'You stayed longer than you paid for' },
              line(lot, lotId),
              line(car, carNumber),
              line(dueLabel, money(due)),
              line(number, reservationId),
            ),
          },
        },

  ParkingReserved: ({ lotId, reservationId, customerId, carNumber, amount }) => ({
    customerId,
    about: { lotId, reservationId },
    message: {
      kind: 'booked',
      texts: texts(
        { ko: '주차 예약이 완료되었습니다', en: 'Your parking spot is reserved' },
        line(lot, lotId),
        line(car, carNumber),
        line(amountLabel, money(amount)),
        line(number, reservationId),
      ),
    },
  }),

  ReservationCanceled: ({ lotId, reservationId, customerId, reason }) => ({
    customerId,
    about: { lotId, reservationId },
    message: {
      kind: kindOf(reason),
      texts: texts(
        subjects[kindOf(reason)],
        line(lot, lotId),
        line(reasonLabel, reasonOf(reason)),
        line(number, reservationId),
      ),
    },
  }),
});
