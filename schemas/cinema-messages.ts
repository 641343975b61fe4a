import { type events, type Hold, holdOf } from './cinema.ts';
import { plus } from './kernel/calendar.ts';
import {
  line,
  type MessageFacts,
  messagesOn,
  momentText,
  money,
  type Phrase,
  type Reminder,
  texts as textsOf,
} from './kernel/messages.ts';

const movie: Phrase = { ko: '영화', en: 'Film' };
const starts: Phrase = { ko: '상영 시작', en: 'Starts' };
const seatLabel: Phrase = { ko: '좌석', en: 'Seats' };
const anySeat: Phrase = { ko: '자유석', en: 'any free seat' };
const paid: Phrase = { ko: '결제 금액', en: 'Paid' };
const refund: Phrase = { ko: '환불 금액', en: 'Refund' };
const placesLabel: Phrase = { ko: '좌석 수', en: 'Seats' };
const reserveBy: Phrase = { ko: '예매 기한', en: 'Reserve by' };
const entryNumber: Phrase = { ko: '대기 번호', en: 'Waiting list entry' };
const reasonLabel: Phrase = { ko: '사유', en: 'Reason' };
const number: Phrase = { ko: '예매 번호', en: 'Reservation' };

const failures = {
  declined: { ko: '결제가 거절되었습니다', en: 'the payment was declined' },
  'timed-out': {
    ko: '결제 결과를 확인하지 못했습니다. 결제된 금액은 돌려 드립니다',
    en: 'the payment had no outcome; what was charged goes back to you',
  },
  unavailable: { ko: '결제할 수 없습니다', en: 'payments are not possible' },
} as const;

/** Minutes before the start at which a reminder comes. */
const REMIND_BEFORE = 60;

type Reservation = Hold & { customerId: string; title: string; startsAt?: string; seat?: number; seats?: string[] };

/** The messages of a hold: an id that is used again has messages of its own. */
const aboutOf = ({ customerId, ...hold }: Reservation) => {
  const { showingId, reservationId } = holdOf(hold);
  return { customerId, about: { showingId, reservationId } };
};
const ofHold = ({ hold = '' }: Hold) => ({ occurrence: hold });

const details = ({ title, startsAt, seat, seats, reservationId }: Reservation, { timeZone }: MessageFacts) => [
  line(movie, title),
  line(starts, startsAt && momentText(startsAt, timeZone)),
  line(seatLabel, seats?.join(', ') ?? seat ?? anySeat),
  line(number, reservationId),
];

/** Reservations of before `startsAt` was in their events get no reminder. */
const reminderOf = (reservation: Reservation, facts: MessageFacts): { reminder?: Reminder } => {
  const { startsAt } = reservation;
  if (startsAt === undefined) return {};
  const texts = textsOf({ ko: '곧 영화가 시작됩니다', en: 'Your film starts soon' }, ...details(reservation, facts));
  return { reminder: { at: plus(startsAt, { minutes: -REMIND_BEFORE }), until: startsAt, texts } };
};

/** Reasons that Plaza gives itself; a customer's or an employee's own words stay as they are. */
const reasons: Readonly<Record<string, Phrase>> = {
  'showing-canceled': { ko: '상영 취소', en: 'the showing was cancelled' },
};

export const messages = messagesOn<typeof events>()(
  {
    // Reminders of the old start. No event names the guests, so they get none of the new one.
    ShowingMoved: ({ showingId }) => ({ remindersOf: { showingId } }),

    ShowingPlaceOffered: ({ showingId, entryId, customerId, title, startsAt, places, expiresAt }, { timeZone }) => ({
      customerId,
      about: { showingId, entryId },
      message: {
        kind: 'offered',
        texts: textsOf(
          { ko: '대기하신 영화 좌석이 났습니다', en: 'The film that you wait for has free seats' },
          line(movie, title),
          line(starts, startsAt && momentText(startsAt, timeZone)),
          line(placesLabel, places),
          line(reserveBy, momentText(expiresAt, timeZone)),
          line(entryNumber, entryId),
        ),
      },
    }),

    ShowingPlaceOfferExpired: ({ showingId, entryId, customerId }) => ({
      customerId,
      about: { showingId, entryId },
      message: {
        kind: 'expired',
        texts: textsOf(
          { ko: '배정된 영화 좌석의 예매 기한이 지났습니다', en: 'The seats are no longer kept for you' },
          line(entryNumber, entryId),
        ),
      },
    }),

    ReservationConfirmed: (reservation, facts) => ({
      ...aboutOf(reservation),
      message: {
        kind: 'confirmed',
        ...ofHold(reservation),
        texts: textsOf(
          { ko: '영화 예매가 완료되었습니다', en: 'Your reservation is confirmed' },
          ...details(reservation, facts),
          line(paid, money(reservation.price)),
        ),
      },
      ...reminderOf(reservation, facts),
    }),

    SeatReleased: (reservation, facts) => ({
      ...aboutOf(reservation),
      message: {
        kind: 'rejected',
        ...ofHold(reservation),
        texts: textsOf(
          { ko: '영화를 예매하지 못했습니다', en: 'Your reservation was not made' },
          ...details(reservation, facts),
          line(reasonLabel, failures[reservation.reason]),
        ),
      },
    }),

    SeatReservationCanceled: (reservation, facts) => ({
      ...aboutOf(reservation),
      message: {
        kind: 'canceled',
        ...ofHold(reservation),
        texts: textsOf(
          { ko: '영화 예매가 취소되었습니다', en: 'Your reservation is cancelled' },
          ...details(reservation, facts),
          line(reasonLabel, reservation.reason && (reasons[reservation.reason] ?? reservation.reason)),
        ),
      },
      reminder: null,
    }),

    PaymentRefunded: (payment) => ({
      ...aboutOf(payment),
      message: {
        kind: 'refunded',
        ...ofHold(payment),
        texts: textsOf(
          { ko: '결제 금액이 환불되었습니다', en: 'Your payment was refunded' },
          line(movie, payment.title),
          line(number, payment.reservationId),
          line(refund, money(payment.amount)),
        ),
      },
    }),
  },
  // The cinema sent messages before other contexts did: their ids have no context.
  { prefix: '' },
);
