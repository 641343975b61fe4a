import { type events, type Hold, holdOf, showingPlaces } from './cinema.ts';
import { plus } from './kernel/calendar.ts';
import {
  idLine,
  line,
  type MessageFacts,
  message,
  messagesOn,
  momentText,
  money,
  type Phrase,
  paymentFailures,
  type Reminder,
  reasonLine,
  texts,
} from './kernel/messages.ts';
import { placeMessages } from './kernel/place-messages.ts';

const movie: Phrase = { ko: '영화', en: 'Film' };
const starts: Phrase = { ko: '상영 시작', en: 'Starts' };
const hall: Phrase = { ko: '상영관', en: 'Hall' };
const startedBefore: Phrase = { ko: '변경 전', en: 'Instead of' };
const seatLabel: Phrase = { ko: '좌석', en: 'Seats' };
const anySeat: Phrase = { ko: '자유석', en: 'any free seat' };
const paid: Phrase = { ko: '결제 금액', en: 'Paid' };
const refund: Phrase = { ko: '환불 금액', en: 'Refund' };
const placesLabel: Phrase = { ko: '좌석 수', en: 'Seats' };
const number: Phrase = { ko: '예매 번호', en: 'Reservation' };

/** Minutes before the start at which a reminder comes. */
const REMIND_BEFORE = 60;

type Showing = { title?: string; startsAt?: string; hallId?: string };
type Reservation = Hold & Showing & { customerId: string; seat?: number; seats?: string[] };

const aboutOf = ({ customerId, ...hold }: Reservation) => {
  const { showingId, reservationId } = holdOf(hold);
  return { customerId, about: { showingId, reservationId } };
};

/** Returns the name of a hall: `hall-6` is hall 6. */
const hallText = (hallId: string): Phrase => {
  const number = /^hall-(\d+)$/i.exec(hallId)?.[1];
  return number === undefined ? { ko: hallId, en: hallId } : { ko: `${number}관`, en: number };
};

const ofShowing = ({ title, startsAt, hallId }: Showing, { timeZone }: MessageFacts) => [
  line(movie, title),
  line(starts, startsAt && momentText(startsAt, timeZone)),
  idLine(hall, hallId, hallText),
];
const details = (reservation: Reservation, facts: MessageFacts) => [
  ...ofShowing(reservation, facts),
  line(seatLabel, reservation.seats?.join(', ') ?? reservation.seat ?? anySeat),
  idLine(number, reservation.reservationId),
];

/** Returns a message of a hold: a reservation's id that is used again has messages of its own. */
const ofReservation = (
  reservation: Reservation,
  facts: MessageFacts,
  kind: string,
  subject: Phrase,
  more: Phrase | undefined,
) => ({
  ...aboutOf(reservation),
  message: { ...message(kind, subject, ...details(reservation, facts), more), occurrence: reservation.hold ?? '' },
});

/** Reservations whose events lack `startsAt` get no reminder. */
const reminderOf = (reservation: Reservation, facts: MessageFacts): { reminder?: Reminder } => {
  const { startsAt } = reservation;
  if (startsAt === undefined) return {};
  const soon = texts({ ko: '곧 영화가 시작됩니다', en: 'Your film starts soon' }, ...details(reservation, facts));
  return { reminder: { at: plus(startsAt, { minutes: -REMIND_BEFORE }), until: startsAt, texts: soon } };
};

const reasons: Readonly<Record<string, Phrase>> = {
  'showing-canceled': { ko: '상영 취소', en: 'the showing was cancelled' },
};

export const messages = messagesOn<typeof events>()(
  {
    ...placeMessages(showingPlaces, {
      subjects: {
        offered: { ko: '대기하신 영화 좌석이 났습니다', en: 'The film that you wait for has free seats' },
        offerExpired: { ko: '배정된 영화 좌석의 예매 기한이 지났습니다', en: 'The seats are no longer kept for you' },
        holdExpired: {
          ko: '선점하신 영화 좌석의 예매 기한이 지났습니다',
          en: 'The seats that you held are free again',
        },
        entryClosed: { ko: '영화 좌석 대기가 종료되었습니다', en: 'The waiting list of the film is closed' },
        holdClosed: { ko: '영화 좌석 선점이 종료되었습니다', en: 'The seats are no longer held for you' },
      },
      details: (showing: Showing & { places: number; seats?: string[] }, facts) => [
        ...ofShowing(showing, facts),
        showing.seats ? line(seatLabel, showing.seats.join(', ')) : line(placesLabel, showing.places),
      ],
      by: { ko: '예매 기한', en: 'Reserve by' },
    }),

    ReservationConfirmed: (reservation, facts) => ({
      ...ofReservation(
        reservation,
        facts,
        'confirmed',
        { ko: '영화 예매가 완료되었습니다', en: 'Your reservation is confirmed' },
        line(paid, money(reservation.price)),
      ),
      ...reminderOf(reservation, facts),
    }),

    SeatReleased: (reservation, facts) =>
      ofReservation(
        reservation,
        facts,
        'rejected',
        { ko: '영화를 예매하지 못했습니다', en: 'Your reservation was not made' },
        reasonLine(reservation.reason, paymentFailures),
      ),

    SeatReservationMoved: (reservation, facts) => ({
      ...aboutOf(reservation),
      message: message(
        'moved',
        { ko: '예매하신 영화의 상영 시각이 변경되었습니다', en: 'The film that you reserved starts at another time' },
        ...details(reservation, facts),
        line(startedBefore, momentText(reservation.before, facts.timeZone)),
      ),
      ...reminderOf(reservation, facts),
    }),

    SeatReservationCanceled: (reservation, facts) => ({
      ...ofReservation(
        reservation,
        facts,
        'canceled',
        { ko: '영화 예매가 취소되었습니다', en: 'Your reservation is cancelled' },
        reasonLine(reservation.reason, reasons),
      ),
      reminder: null,
    }),

    PaymentRefunded: (payment, facts) =>
      ofReservation(
        payment,
        facts,
        'refunded',
        { ko: '결제 금액이 환불되었습니다', en: 'Your payment was refunded' },
        line(refund, money(payment.amount)),
      ),
  },
  // The cinema sent messages before other contexts did: their ids have no context.
  { prefix: '' },
);
