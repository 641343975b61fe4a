import type { schema } from '../../../schemas/screening.ts';
import { contextView } from '../context.ts';
import { formatDay, formatNumber, same } from '../language.ts';
import { fill } from '../templates.ts';

const SLOT = '/screening/slots/{slotId}';
const BOOKING = '/screening/slots/{slotId}/bookings/{bookingId}';
const CUSTOMER_BOOKINGS = '/screening/customers/{customerId}/bookings';

const places = (left: number | undefined) => (left === undefined ? '' : `, ${formatNumber(left)} left`);
const placesKo = (left: number | undefined) => (left === undefined ? '' : `, ${formatNumber(left)}자리 남음`);

export const view = contextView<typeof schema>({
  name: 'screening',
  order: 2,
  title: { en: 'Health screening', ko: '건강 검진' },
  level: { en: 'places booked', ko: '예약된 자리' },
  figures: ({ totals }) => [
    {
      label: { en: 'places left', ko: '남은 자리' },
      value: totals.left,
      ...(totals.left === 0 && totals.slots > 0 ? { tone: 'bad' } : {}),
    },
    { label: { en: 'booked', ko: '예약' }, value: totals.booked },
    { label: { en: 'slots', ko: '일정' }, value: totals.slots },
  ],
  rows: ({ slots }) =>
    slots.map(({ slotId, hospitalName, date, capacity, booked, left }) => ({
      to: fill(SLOT, { slotId })!,
      label: hospitalName,
      note: same(formatDay(date)),
      taken: booked,
      of: capacity,
      value: {
        en: `${formatNumber(left)} of ${formatNumber(capacity)} left`,
        ko: `${formatNumber(left)}/${formatNumber(capacity)}자리 남음`,
      },
    })),
  rowsInAll: ({ totals }) => totals.slots,
  all: '/screening/slots',
  lists: {
    '/screening/slots': {
      title: { en: 'Slots', ko: '검진 일정' },
      columns: ['date', 'hospitalName', 'status', 'capacity', 'booked', 'left', 'slotId'],
      thing: SLOT,
      sort: 'date',
      commands: ['OpenSlot'],
    },
    '/screening/bookings': {
      title: { en: 'All bookings', ko: '예약 관리' },
      columns: ['bookedAt', 'customerId', 'hospitalName', 'date', 'status', 'bookingId'],
      thing: BOOKING,
      sort: '-bookedAt',
    },
    '/screening/slots/{slotId}/bookings': {
      title: { en: 'Bookings', ko: '검진 예약' },
      columns: ['bookedAt', 'customerId', 'status', 'bookingId'],
      thing: BOOKING,
      sort: '-bookedAt',
    },
    [CUSTOMER_BOOKINGS]: {
      title: { en: 'Screening bookings', ko: '검진 예약' },
      columns: ['bookedAt', 'hospitalName', 'date', 'status', 'history'],
      thing: BOOKING,
      sort: '-bookedAt',
    },
  },
  things: {
    [SLOT]: {
      title: { en: 'Slot', ko: '검진 일정' },
      heading: ({ hospitalName, date }) => `${hospitalName} · ${formatDay(String(date))}`,
      fields: ['slotId', 'date', 'status', 'capacity', 'booked', 'left'],
      lists: ['/screening/slots/{slotId}/bookings'],
      commands: ({ status }) => (status === 'open' ? ['BookScreening', 'DeleteSlot'] : []),
    },
    [BOOKING]: {
      title: { en: 'Booking', ko: '검진 예약' },
      heading: ({ customerId, date }) => `${customerId} · ${date}`,
      fields: ['status', 'slotId', 'customerId', 'hospitalName', 'date', 'bookedAt', 'history', 'bookingId'],
      commands: ({ status }) => (status === 'booked' ? ['CancelBooking'] : []),
    },
  },
  links: { slotId: SLOT, bookingId: BOOKING, customerId: '/customers/{customerId}' },
  commands: {
    OpenSlot: { en: 'Open a slot', ko: '검진 일정 등록' },
    BookScreening: { en: 'Book', ko: '검진 예약하기' },
    CancelBooking: { en: 'Cancel', ko: '예약 취소', danger: true },
    DeleteSlot: { en: 'Delete the slot', ko: '일정 삭제', danger: true },
  },
  problems: {
    'slot-not-found': '존재하지 않는 검진 일정입니다',
    'slot-already-opened': '이미 사용 중인 일정 ID입니다',
    'date-in-past': '지난 날짜입니다',
    'slot-deleted': '삭제된 검진 일정입니다',
    'slot-full': '남은 자리가 없습니다',
    'customer-already-booked': '이 일정에 이미 예약한 고객입니다',
    'booking-already-exists': '이미 사용 중인 예약 ID입니다',
    'booking-not-found': '존재하지 않는 예약입니다',
    'already-canceled': '이미 취소된 예약입니다',
  },
  words: {
    SlotOpened: ({ hospitalName, date, capacity }) => ({
      en: `${hospitalName} offers ${formatNumber(capacity)} places on ${formatDay(date)}`,
      ko: `${hospitalName} ${formatDay(date)} 검진 ${formatNumber(capacity)}자리 등록`,
    }),
    ScreeningBooked: ({ customerId, hospitalName, date }, { left }) => ({
      en: `${customerId} booked ${hospitalName} on ${date}${places(left)}`,
      ko: `${customerId} ${hospitalName} ${date} 예약${placesKo(left)}`,
    }),
    BookingCanceled: ({ customerId, slotId }, { name, left }) => ({
      en: `${customerId} cancelled at ${name(slotId)}${places(left)}`,
      ko: `${customerId} ${name(slotId)} 예약 취소${placesKo(left)}`,
    }),
    SlotDeleted: ({ slotId, openBookings }, { name }) => ({
      en: `Slot ${name(slotId)} deleted, ${openBookings} bookings to cancel`,
      ko: `${name(slotId)} 일정 삭제, 예약 ${openBookings}건 취소 예정`,
    }),
    ForceCancellationDue: ({ slotId, bookingIds }, { name }) => ({
      en: `${bookingIds.length} bookings of ${name(slotId)} are being cancelled`,
      ko: `${name(slotId)} 예약 ${bookingIds.length}건 취소 중`,
    }),
    BookingForceCanceled: ({ customerId, slotId }, { name }) => ({
      en: `Booking of ${customerId} was cancelled with slot ${name(slotId)}`,
      ko: `${customerId} ${name(slotId)} 예약 강제 취소`,
    }),
  },
  about: ({ slotId, bookingId }) => fill(BOOKING, { slotId, bookingId }) ?? fill(SLOT, { slotId }),
  left: {
    now: ({ slots }) => new Map(slots.map(({ slotId, left }) => [slotId, left])),
    place: ({ slotId }) => slotId,
    changes: { ScreeningBooked: -1, BookingCanceled: 1, BookingForceCanceled: 1, SlotOpened: null },
  },
  names: ({ slots }) =>
    new Map(slots.map(({ slotId, hospitalName, date }) => [slotId, `${hospitalName} ${formatDay(date)}`])),
  customer: [{ list: CUSTOMER_BOOKINGS, path: (customerId) => ({ customerId }) }],
});
