import { momentOf, plusDays } from './kernel/calendar.ts';
import {
  dayText,
  idLine,
  line,
  type MessageFacts,
  message,
  messagesOn,
  momentText,
  type Phrase,
  texts,
} from './kernel/messages.ts';
import { placeMessages } from './kernel/place-messages.ts';
import { type events, type ScreeningEvent, slotPlaces } from './screening.ts';

const hospital: Phrase = { ko: '병원', en: 'Hospital' };
const day: Phrase = { ko: '검진일', en: 'Day' };
const placesLabel: Phrase = { ko: '인원', en: 'Places' };
const number: Phrase = { ko: '예약 번호', en: 'Booking' };

/** The local times of a reminder, on the day before the screening, and until when on its day it still helps. */
const REMIND_AT = '10:00';
const REMIND_UNTIL = '09:00';

type Booking = Extract<ScreeningEvent, { type: 'BookingCanceled' }>['data'];

/** Returns the day, and the time of a slot with times of day. */
const whenOf = ({ date, at }: Pick<Booking, 'date' | 'at'>, timeZone: string): Phrase | undefined => {
  if (date === undefined) return undefined;
  return at === undefined ? dayText(date) : momentText(momentOf(date, at, timeZone), timeZone);
};

const details = (booking: Booking, { timeZone }: MessageFacts) => [
  line(hospital, booking.hospitalName),
  line(day, whenOf(booking, timeZone)),
  line(placesLabel, booking.places !== undefined && booking.places > 1 ? booking.places : undefined),
  idLine(number, booking.bookingId),
];

const aboutOf = ({ slotId, bookingId, customerId }: Booking) => ({ customerId, about: { slotId, bookingId } });

const ended = (kind: string, subject: Phrase) => (booking: Booking, facts: MessageFacts) => ({
  ...aboutOf(booking),
  message: message(kind, subject, ...details(booking, facts)),
  reminder: null,
});

export const messages = messagesOn<typeof events>()({
  ScreeningBooked: (booking, facts) => ({
    ...aboutOf(booking),
    message: message(
      booking.from ? 'rescheduled' : 'booked',
      booking.from
        ? { ko: '건강 검진 예약이 변경되었습니다', en: 'Your health screening was moved' }
        : { ko: '건강 검진이 예약되었습니다', en: 'Your health screening is booked' },
      ...details(booking, facts),
    ),
    reminder: {
      at: momentOf(plusDays(booking.date, -1), REMIND_AT, facts.timeZone),
      until: momentOf(booking.date, REMIND_UNTIL, facts.timeZone),
      texts: texts(
        { ko: '내일 건강 검진이 있습니다', en: 'Your health screening is tomorrow' },
        ...details(booking, facts),
      ),
    },
  }),

  ...placeMessages(slotPlaces, {
    subjects: {
      offered: { ko: '대기하신 건강 검진 자리가 났습니다', en: 'The health screening that you wait for has a place' },
      offerExpired: {
        ko: '배정된 건강 검진 자리의 예약 기한이 지났습니다',
        en: 'The screening place is no longer kept for you',
      },
      holdExpired: {
        ko: '선점하신 건강 검진 자리의 예약 기한이 지났습니다',
        en: 'The screening place that you held is free again',
      },
      entryClosed: { ko: '건강 검진 대기가 종료되었습니다', en: 'The waiting list of the health screening is closed' },
      holdClosed: { ko: '건강 검진 자리 선점이 종료되었습니다', en: 'The screening place is no longer held for you' },
    },
    details: (slot: Pick<Booking, 'hospitalName' | 'date' | 'at'> & { places: number }, { timeZone }) => [
      line(hospital, slot.hospitalName),
      line(day, whenOf(slot, timeZone)),
      line(placesLabel, slot.places),
    ],
    by: { ko: '예약 기한', en: 'Book by' },
  }),

  BookingCanceled: ended('canceled', {
    ko: '건강 검진 예약이 취소되었습니다',
    en: 'Your health screening is cancelled',
  }),
  BookingForceCanceled: ended('force-canceled', {
    ko: '병원 사정으로 건강 검진 예약이 취소되었습니다',
    en: 'The hospital cancelled your health screening',
  }),
  BookingMissed: ended('missed', {
    ko: '예약하신 건강 검진을 받지 않으셨습니다',
    en: 'You missed your health screening',
  }),

  // The booking continues in the other slot, which sends the message.
  BookingRescheduled: (booking) => ({ ...aboutOf(booking), reminder: null }),
  ScreeningAttended: (booking) => ({ ...aboutOf(booking), reminder: null }),

  RescheduleRefused: (booking, facts) => ({
    ...aboutOf(booking),
    message: message(
      'rejected',
      {
        ko: '건강 검진 예약을 변경하지 못했습니다. 기존 예약은 그대로입니다',
        en: 'Your health screening was not moved; your booking stands',
      },
      ...details(booking, facts),
    ),
  }),
});
