import type { schema } from '../../../schemas/screening.ts';
import { dayOf } from '../../common/days.ts';
import { formatDay, formatNumber, same } from '../../common/language.ts';
import { placesLeft } from '../../common/sessions.ts';
import { fill } from '../../common/templates.ts';
import { contextView } from '../context.ts';
import { limitedPlaces, placeRefusals } from '../limited-places.ts';

const SLOT = '/screening/slots/{slotId}';
const BOOKING = '/screening/slots/{slotId}/bookings/{bookingId}';
const held = limitedPlaces({
  prefix: 'ScreeningPlace',
  path: SLOT,
  key: 'slotId',
  things: (places) => ({
    en: places === 1 ? 'a place' : `${formatNumber(places)} places`,
    ko: `${formatNumber(places)}자리`,
  }),
  part: 'at',
});

const CUSTOMER_BOOKINGS = '/screening/customers/{customerId}/bookings';

/** Returns a part of a text that is left out without a value. */
const unlessMissing = (value: unknown, part: string): string => (value === undefined ? '' : part);

export const view = contextView<typeof schema>({
  name: 'screening',
  order: 2,
  title: { en: 'Health screening', ko: '건강 검진' },
  level: { en: 'places booked', ko: '예약된 자리' },
  figures: ({ totals }) => [
    {
      label: { en: 'places left', ko: '남은 자리' },
      value: totals.left,
      tone: totals.left === 0 && totals.slots > 0 ? 'bad' : undefined,
    },
    { label: { en: 'booked', ko: '예약' }, value: totals.booked },
    { label: { en: 'slots', ko: '일정' }, value: totals.slots },
  ],
  rows: ({ slots }, now) =>
    slots.map((slot) => {
      const { slotId, hospitalName, date, capacity, booked } = slot;
      const left = placesLeft(slot, now);
      return {
        to: fill(SLOT, { slotId })!,
        label: hospitalName,
        note: same(formatDay(date)),
        taken: booked,
        of: capacity,
        value: {
          en: `${formatNumber(left)} of ${formatNumber(capacity)} left`,
          ko: `${formatNumber(left)}/${formatNumber(capacity)}자리 남음`,
        },
      };
    }),
  rowsInAll: ({ totals }) => totals.slots,
  all: '/screening/slots',
  lists: {
    ...held.lists,
    '/screening/slots': {
      title: { en: 'Slots', ko: '검진 일정' },
      columns: [
        'date',
        'hospitalName',
        'status',
        'capacity',
        'booked',
        'onHold',
        'waiting',
        'left',
        'sessions',
        'slotId',
      ],
      thing: SLOT,
      commands: ['OpenSlot'],
    },
    '/screening/bookings': {
      title: { en: 'All bookings', ko: '예약 관리' },
      columns: ['bookedAt', 'customerId', 'hospitalName', 'date', 'at', 'places', 'status', 'bookingId'],
      thing: BOOKING,
      sort: '-bookedAt',
    },
    '/screening/slots/{slotId}/bookings': {
      title: { en: 'Bookings', ko: '검진 예약' },
      columns: ['bookedAt', 'customerId', 'at', 'places', 'status', 'bookingId'],
      thing: BOOKING,
      sort: '-bookedAt',
    },
    [CUSTOMER_BOOKINGS]: {
      title: { en: 'Screening bookings', ko: '검진 예약' },
      columns: ['bookedAt', 'hospitalName', 'date', 'at', 'status', 'history'],
      thing: BOOKING,
      sort: '-bookedAt',
    },
  },
  things: {
    ...held.things,
    [SLOT]: {
      title: { en: 'Slot', ko: '검진 일정' },
      heading: ({ hospitalName, date }) => `${hospitalName} · ${formatDay(String(date))}`,
      fields: [
        'slotId',
        'hospitalId',
        'date',
        'status',
        'capacity',
        'booked',
        'onHold',
        'waiting',
        'left',
        'attended',
        'missed',
        'sessions',
        'cancelUntil',
        'holdFor',
      ],
      lists: ['/screening/slots/{slotId}/bookings', ...held.below],
      commands: ({ status }) =>
        status === 'open'
          ? ['BookScreening', 'HoldScreeningPlace', 'JoinScreeningPlaceWaitingList', 'ChangeSlot', 'DeleteSlot']
          : [],
      known: ({ booked, attended }) => ({ toCome: Number(booked) - Number(attended) }),
    },
    [BOOKING]: {
      title: { en: 'Booking', ko: '검진 예약' },
      heading: ({ customerId, date }) => `${customerId} · ${date}`,
      fields: [
        'status',
        'slotId',
        'customerId',
        'hospitalName',
        'date',
        'at',
        'places',
        'cancelUntil',
        'bookedAt',
        'history',
        'bookingId',
      ],
      commands: ({ status, date }) => {
        if (status !== 'booked') return [];
        const attendance = date === dayOf(new Date()) ? (['RecordAttendance'] as const) : [];
        return [...attendance, 'RescheduleBooking', 'CancelBooking'];
      },
      known: ({ slotId }) => ({ fromSlotId: slotId }),
    },
  },
  choices: { slotId: { list: '/screening/slots', query: { status: 'open' }, label: 'hospitalName date' } },
  commands: {
    OpenSlot: { en: 'Open a slot', ko: '검진 일정 등록' },
    ChangeSlot: { en: 'Change the slot', ko: '일정 변경' },
    BookScreening: { en: 'Book', ko: '검진 예약하기' },
    HoldScreeningPlace: { en: 'Hold places', ko: '자리 선점' },
    ...held.commands,
    RescheduleBooking: { en: 'Move', ko: '다른 일정으로 변경' },
    RecordAttendance: { en: 'Attended', ko: '수검 확인' },
    CancelBooking: { en: 'Cancel', ko: '예약 취소', danger: true },
    DeleteSlot: {
      en: 'Delete the slot',
      ko: '일정 삭제',
      danger: true,
      effect: {
        en: 'Cancels the bookings of {toCome} places.',
        ko: '예약된 {toCome}자리가 취소됩니다.',
      },
    },
  },
  problems: {
    ...placeRefusals,
    'slot-not-found': '존재하지 않는 검진 일정입니다',
    'slot-already-opened': '이미 사용 중인 일정 ID입니다',
    'date-in-past': '지난 날짜입니다',
    'slot-deleted': '삭제된 검진 일정입니다',
    'slot-full': '남은 자리가 없습니다',
    'customer-already-booked': '이 일정에 이미 예약한 고객입니다',
    'booking-already-exists': '이미 사용 중인 예약 ID입니다',
    'booking-not-found': '존재하지 않는 예약입니다',
    'already-canceled': '이미 취소된 예약입니다',
    'already-rescheduled': '이미 다른 일정으로 변경된 예약입니다',
    'already-attended': '이미 수검한 예약입니다',
    'already-missed': '수검하지 않고 종료된 예약입니다',
    'reschedule-pending': '일정을 변경하고 있는 예약입니다',
    'same-session': '이미 이 일정으로 예약되어 있습니다',
    'too-early': '아직 검진일이 아닙니다',
    'too-late': '가능한 시간이 지났습니다',
    'no-such-session': '존재하지 않는 검진 시간입니다',
    'slot-already-open': '이 병원의 같은 날짜에 이미 검진 일정이 있습니다',
    'hospital-name-differs': '등록된 병원 이름과 다릅니다',
    'capacity-below-booked': '이미 예약된 자리보다 적게 줄일 수 없습니다',
    'invalid-places': '정원과 검진 시간별 정원이 맞지 않습니다',
    'invalid-deadline': '취소 가능일은 검진일보다 늦을 수 없습니다',
  },
  words: {
    ...held.words,
    SlotOpened: {
      en: '{hospitalName} offers {capacity} places on {date}',
      ko: '{hospitalName} {date} 검진 {capacity}자리 등록',
    },
    SlotChanged: { en: '{slotId} now has {capacity} places', ko: '{slotId} 정원 {capacity}자리로 변경' },
    ScreeningBooked: ({ at, places }) => {
      const when = `{date}${unlessMissing(at, ' {at}')}`;
      return {
        en: `{customerId} booked {hospitalName} on ${when}${unlessMissing(places, ' ({places})')}{left}`,
        ko: `{customerId} {hospitalName} ${when} 예약${unlessMissing(places, ' {places}명')}{left}`,
      };
    },
    BookingCanceled: { en: '{customerId} cancelled at {slotId}{left}', ko: '{customerId} {slotId} 예약 취소{left}' },
    RescheduleRequested: {
      en: '{customerId} wants to move from {slotId} to {toSlotId}',
      ko: '{customerId} {slotId}에서 {toSlotId}(으)로 변경 요청',
    },
    RescheduleDeclined: {
      en: '{slotId} has not taken the booking of {customerId}',
      ko: '{slotId}에서 {customerId}의 변경 요청을 받지 못함',
    },
    RescheduleRefused: { en: '{customerId} stays at {slotId}', ko: '{customerId} {slotId} 예약 유지' },
    BookingRescheduled: ({ toAt }) => ({
      en: `{customerId} moved from {slotId} to {toSlotId}${unlessMissing(toAt, ' {toAt}')}{left}`,
      ko: `{customerId} {slotId}에서 {toSlotId}${unlessMissing(toAt, ' {toAt}')}(으)로 변경{left}`,
    }),
    ScreeningAttended: { en: '{customerId} came to {slotId}', ko: '{customerId} {slotId} 수검' },
    SessionPlacesClosed: {
      en: '{slotId} {at} began: its holds and waiting list end',
      ko: '{slotId} {at} 시작, 선점·대기 종료',
    },
    SlotEnded: { en: 'The day of {slotId} ended', ko: '{slotId} 일정 종료' },
    BookingMissed: { en: '{customerId} did not come to {slotId}', ko: '{customerId} {slotId} 미수검' },
    SlotDeleted: {
      en: 'Slot {slotId} deleted, {openBookings} bookings to cancel',
      ko: '{slotId} 일정 삭제, 예약 {openBookings}건 취소 예정',
    },
    ForceCancellationDue: ({ bookingIds }) => ({
      en: `${bookingIds.length} bookings of {slotId} are being cancelled`,
      ko: `{slotId} 예약 ${bookingIds.length}건 취소 중`,
    }),
    BookingForceCanceled: {
      en: 'Booking of {customerId} was cancelled with slot {slotId}',
      ko: '{customerId} {slotId} 예약 강제 취소',
    },
    DayClaimed: { en: '{hospitalName} plans a slot on {date}', ko: '{hospitalName} {date} 일정 준비' },
    SlotVoided: ({ slotId }) => ({ en: `Slot ${slotId} gave up {date}`, ko: `${slotId} {date} 일정 포기` }),
  },
  about: [BOOKING, ...held.about, SLOT],
  left: {
    now: ({ slots }) => new Map(slots.map(({ slotId, left }) => [slotId, left])),
    words: { en: ', {left} left', ko: ', {left}자리 남음' },
    place: 'slotId',
    changes: {
      ScreeningBooked: ({ places: count = 1, holdId, entryId }) =>
        holdId === undefined && entryId === undefined ? -count : 0,
      BookingCanceled: ({ places = 1 }) => places,
      BookingForceCanceled: ({ places = 1 }) => places,
      BookingRescheduled: ({ places = 1 }) => places,
      SlotOpened: null,
      SlotChanged: null,
      SlotEnded: null,
      ...held.changes,
    },
  },
  names: ({ slots }) => {
    const days = new Map(slots.map(({ slotId, hospitalName, date }) => [slotId, `${hospitalName} ${formatDay(date)}`]));
    return { slotId: days, toSlotId: days };
  },
  customer: { field: 'customerId', shows: [CUSTOMER_BOOKINGS, '/screening/waiting-list'] },
});
