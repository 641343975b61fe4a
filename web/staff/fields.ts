import type { Role } from '../../schemas/access.ts';
import { type Phrase, t } from '../common/language.ts';
import type { Schema } from '../common/openapi.ts';
import type { Option } from '../common/select.tsx';

/** How a field's value is shown. */
export type Kind =
  | 'text'
  | 'number'
  | 'money'
  | 'percent'
  | 'rating'
  | 'time'
  | 'start'
  | 'status'
  | 'flag'
  | 'lines'
  | 'history'
  | 'sessions'
  | 'bill'
  | 'reservation'
  | 'reason'
  | 'texts';

/** @property hint what a form's field takes */
type Field = Phrase & { kind?: Kind; hint?: Phrase };

/** The labels of all resources' fields, and how their values are shown. */
const fields: Readonly<Record<string, Field>> = {
  // car park
  lotId: { en: 'Lot', ko: '주차장' },
  reservationId: { en: 'Reservation', ko: '예약' },
  carNumber: { en: 'Car', ko: '차량 번호' },
  couponId: { en: 'Coupon', ko: '쿠폰' },
  spots: { en: 'Spots', ko: '주차면', kind: 'number' },
  reserved: { en: 'Reserved', ko: '예약됨', kind: 'number' },
  parked: { en: 'Parked', ko: '주차 중', kind: 'number' },
  free: { en: 'Free', ko: '남음', kind: 'number' },
  reservedAt: { en: 'Reserved at', ko: '예약 시각', kind: 'time' },
  canceledAt: { en: 'Cancelled at', ko: '취소 시각', kind: 'time' },
  arriveWithin: { en: 'Arrive within minutes', ko: '입차 기한(분)', kind: 'number' },
  paidHours: { en: 'Paid hours', ko: '기본 시간', kind: 'number' },
  overtimePrice: { en: 'Overtime per hour', ko: '시간당 초과 요금', kind: 'money' },
  arriveBy: { en: 'Arrive by', ko: '입차 기한', kind: 'time' },
  cancelBy: { en: 'Cancel by', ko: '취소 기한', kind: 'time' },
  arrivedAt: { en: 'Arrived at', ko: '입차 시각', kind: 'time' },
  departedAt: { en: 'Left at', ko: '출차 시각', kind: 'time' },
  due: { en: 'Due for overtime', ko: '초과 요금', kind: 'money' },
  issuedAt: { en: 'Issued at', ko: '발급 시각', kind: 'time' },
  revokedAt: { en: 'Revoked at', ko: '회수 시각', kind: 'time' },
  redeemedAt: { en: 'Redeemed at', ko: '사용 시각', kind: 'time' },
  redeemedOn: { en: 'Used on reservation', ko: '사용한 예약', kind: 'reservation' },
  couponValue: { en: 'Coupon value', ko: '쿠폰 금액', kind: 'money' },
  couponDays: { en: 'Coupon days', ko: '쿠폰 유효 기간(일)', kind: 'number' },
  value: { en: 'Value', ko: '금액', kind: 'money' },
  discount: { en: 'Discount', ko: '할인', kind: 'money' },
  reason: { en: 'Reason', ko: '사유', kind: 'reason' },
  // holds and waiting lists
  holdId: { en: 'Hold', ko: '선점' },
  entryId: { en: 'Waiting list entry', ko: '대기' },
  places: { en: 'Places', ko: '자리 수', kind: 'number' },
  used: { en: 'Used', ko: '예약된 자리', kind: 'number' },
  onHold: { en: 'On hold', ko: '선점 중', kind: 'number' },
  waiting: { en: 'Waiting', ko: '대기', kind: 'number' },
  position: { en: 'Position', ko: '대기 순번', kind: 'number' },
  holdFor: { en: 'Hold time in seconds', ko: '선점 시간(초)', kind: 'number' },
  expiresAt: { en: 'Expires at', ko: '만료 시각', kind: 'time' },
  joinedAt: { en: 'Joined at', ko: '대기 시작 시각', kind: 'time' },
  offeredAt: { en: 'Offered at', ko: '제안 시각', kind: 'time' },
  endedAt: { en: 'Ended at', ko: '종료 시각', kind: 'time' },
  // health screening
  slotId: { en: 'Slot', ko: '검진 일정' },
  bookingId: { en: 'Booking', ko: '검진 예약' },
  hospitalName: { en: 'Hospital', ko: '병원' },
  date: { en: 'Day', ko: '날짜' },
  capacity: { en: 'Places', ko: '정원', kind: 'number' },
  booked: { en: 'Booked', ko: '예약됨', kind: 'number' },
  left: { en: 'Left', ko: '남음', kind: 'number' },
  bookedAt: { en: 'Booked at', ko: '예약 시각', kind: 'time' },
  hospitalId: { en: 'Hospital id', ko: '병원 ID' },
  sessions: { en: 'Sessions', ko: '검진 시간', kind: 'sessions' },
  attended: { en: 'Attended', ko: '수검', kind: 'number' },
  missed: { en: 'Missed', ko: '미수검', kind: 'number' },
  // food court
  shopId: { en: 'Shop', ko: '매장' },
  orderId: { en: 'Order', ko: '주문' },
  menuId: { en: 'Item', ko: '메뉴' },
  callNumber: { en: 'Call number', ko: '호출 번호' },
  maxOpenOrders: { en: 'Order limit', ko: '동시 주문 한도', kind: 'number' },
  openOrders: { en: 'Open orders', ko: '진행 중인 주문', kind: 'number' },
  acceptWithin: { en: 'Minutes to accept', ko: '접수 제한 시간(분)', kind: 'number' },
  collectWithin: { en: 'Minutes to pick up', ko: '수령 제한 시간(분)', kind: 'number' },
  available: { en: 'Available', ko: '판매 중', kind: 'flag' },
  price: { en: 'Price', ko: '가격', kind: 'money' },
  qty: { en: 'Quantity', ko: '수량', kind: 'number' },
  lines: { en: 'Items', ko: '주문 내역', kind: 'lines' },
  total: { en: 'Total', ko: '합계', kind: 'money' },
  placedAt: { en: 'Placed at', ko: '주문 시각', kind: 'time' },
  acceptBy: { en: 'Accept by', ko: '접수 기한', kind: 'time' },
  collectBy: { en: 'Pick up by', ko: '수령 기한', kind: 'time' },
  raisedAt: { en: 'Called at', ko: '호출 시각', kind: 'time' },
  // cinema
  movieId: { en: 'Movie', ko: '영화' },
  showingId: { en: 'Showing', ko: '상영' },
  title: { en: 'Title', ko: '제목' },
  description: { en: 'Description', ko: '소개' },
  runningTime: { en: 'Minutes', ko: '상영 시간(분)', kind: 'number' },
  startsAt: { en: 'Starts at', ko: '시작 시각', kind: 'start' },
  cancelUntil: { en: 'Cancellation limit', ko: '취소 마감', kind: 'number' },
  seats: { en: 'Seats', ko: '좌석', kind: 'number' },
  hallId: { en: 'Hall', ko: '상영관' },
  cleaning: { en: 'Cleaning (minutes)', ko: '청소 시간(분)', kind: 'number' },
  hallMap: {
    en: 'Hall map',
    ko: '좌석 배치도',
    hint: {
      en: 'The rows from the screen, with commas: o is a seat, x a blocked one, _ a gap, as in ooo_ooo, oxo_oxo',
      ko: '스크린 쪽부터 한 줄씩 쉼표로 구분합니다. o 좌석, x 사용 불가, _ 통로. 예: ooo_ooo, oxo_oxo',
    },
  },
  seat: { en: 'Seat', ko: '좌석 번호', kind: 'number' },
  held: { en: 'Payment pending', ko: '결제 중', kind: 'number' },
  sold: { en: 'Sold', ko: '판매', kind: 'number' },
  heldAt: { en: 'Held at', ko: '선점 시각', kind: 'time' },
  since: { en: 'Status since', ko: '상태 변경 시각', kind: 'time' },
  payment: { en: 'Payment', ko: '결제', kind: 'status' },
  method: { en: 'Payment method', ko: '결제 수단' },
  token: { en: 'Payment token', ko: '결제 토큰' },
  rating: { en: 'Rating', ko: '별점', kind: 'number' },
  reviewCount: { en: 'Reviews', ko: '관람평', kind: 'number' },
  averageRating: { en: 'Average', ko: '평균 별점', kind: 'rating' },
  text: { en: 'Text', ko: '내용' },
  writtenAt: { en: 'Written at', ko: '작성 시각', kind: 'time' },
  // bike rental
  bikeId: { en: 'Bike', ko: '자전거' },
  rentalId: { en: 'Rental', ko: '대여' },
  userId: { en: 'User', ko: '이용자' },
  managerId: { en: 'Manager', ko: '관리자' },
  conversionId: { en: 'Conversion', ko: '전환' },
  location: { en: 'Location', ko: '위치' },
  batteryLevel: { en: 'Battery', ko: '배터리', kind: 'percent' },
  usable: { en: 'Usable', ko: '사용 가능', kind: 'flag' },
  reportedAt: { en: 'Reported at', ko: '점검 시각', kind: 'time' },
  from: { en: 'From', ko: '출발' },
  to: { en: 'To', ko: '도착' },
  rentedAt: { en: 'Rented at', ko: '대여 시각', kind: 'time' },
  returnedAt: { en: 'Returned at', ko: '반납 시각', kind: 'time' },
  openedAt: { en: 'Opened at', ko: '시작 시각', kind: 'time' },
  at: { en: 'At', ko: '시각', kind: 'time' },
  kind: { en: 'Kind', ko: '종류', kind: 'status' },
  minutes: { en: 'Minutes', ko: '이용 시간(분)', kind: 'number' },
  fee: { en: 'Fee', ko: '요금', kind: 'money' },
  paid: { en: 'Paid', ko: '결제됨', kind: 'money' },
  bill: { en: 'Bill', ko: '청구서', kind: 'bill' },
  balance: { en: 'Balance', ko: '잔액', kind: 'money' },
  outstanding: { en: 'Outstanding', ko: '미납', kind: 'money' },
  points: { en: 'Points', ko: '포인트', kind: 'number' },
  chargeId: { en: 'Charge', ko: '충전' },
  base: { en: 'Base fee', ko: '기본 요금', kind: 'money' },
  perMinute: { en: 'Per minute', ko: '분당 요금', kind: 'money' },
  dailyMax: { en: 'Most per 24 hours', ko: '24시간 최대 요금', kind: 'money' },
  perReport: { en: 'Points per report', ko: '점검당 포인트', kind: 'number' },
  // reports
  bookings: { en: 'Bookings', ko: '예약 건수', kind: 'number' },
  cancellations: { en: 'Cancellations', ko: '취소', kind: 'number' },
  noShows: { en: 'No-shows', ko: '노쇼', kind: 'number' },
  revenue: { en: 'Revenue', ko: '매출', kind: 'money' },
  refunds: { en: 'Refunds', ko: '환불', kind: 'money' },
  occupancy: { en: 'Occupancy', ko: '이용률', kind: 'percent' },
  // customers
  email: { en: 'E-mail', ko: '이메일' },
  phone: { en: 'Phone', ko: '전화번호' },
  language: { en: 'Language', ko: '언어', kind: 'status' },
  changedAt: { en: 'Changed at', ko: '변경 시각', kind: 'time' },
  context: { en: 'From', ko: '구분', kind: 'status' },
  texts: { en: 'Text', ko: '내용', kind: 'texts' },
  channel: { en: 'Sent by', ko: '발송 수단', kind: 'status' },
  channels: { en: 'Sent by', ko: '발송 수단' },
  // all
  customerId: { en: 'Customer', ko: '고객' },
  name: { en: 'Name', ko: '이름' },
  status: { en: 'Status', ko: '상태', kind: 'status' },
  amount: { en: 'Amount', ko: '금액', kind: 'money' },
  history: { en: 'History', ko: '진행 이력', kind: 'history' },
};

/** The labels of fields that mean something else in each context. */
const ofContext: Readonly<Record<string, Phrase>> = {
  'parking.cancelUntil': { en: 'Minutes to cancel after reserving', ko: '예약 후 취소 가능 시간(분)' },
  'screening.cancelUntil': { en: 'Last day to cancel', ko: '취소 마감일' },
  'cinema.cancelUntil': { en: 'Minutes before the start to cancel', ko: '상영 전 취소 마감(분)' },
};

/** Returns a field's label in a context; its own name if it has none. */
export const labelOf = (field: string, context: string): Phrase =>
  ofContext[`${context}.${field}`] ?? fields[field] ?? { en: field, ko: field };

export const hintOf = (field: string): Phrase | undefined => fields[field]?.hint;

/**
 * Returns the label of a list's filter: a field, the beginning of a field's text or of a word in it, or a bound of the
 * time range.
 */
export const filterLabelOf = (name: string, context: string, schema: Schema): Phrase => {
  if (name === 'from') return { en: 'Since', ko: '시작' };
  if (name === 'to') return { en: 'Until', ko: '끝' };
  if (!name.endsWith('Prefix')) return labelOf(name, context);
  const { en, ko } = labelOf(name.slice(0, -'Prefix'.length), context);
  if (schema.byWords) return { en: `${en}: start of a word`, ko: `${ko} 단어 앞부분` };
  return { en: `${en} begins with`, ko: `${ko} 앞부분` };
};

/** The reasons that Plaza gives itself. */
const reasons: Readonly<Record<string, Phrase>> = {
  'no-show': { en: 'did not arrive in time', ko: '기한 안에 입차하지 않음' },
  'lot-closed': { en: 'the lot was closed', ko: '주차장 운영 종료' },
  'not-accepted-in-time': { en: 'not accepted in time', ko: '접수 시간 초과' },
  'shop-closed': { en: 'the shop was closed', ko: '매장 영업 종료' },
  'showing-canceled': { en: 'the showing was cancelled', ko: '상영 취소' },
  declined: { en: 'declined', ko: '거절됨' },
  'timed-out': { en: 'timed out', ko: '시간 초과' },
  unavailable: { en: 'not available', ko: '이용 불가' },
  'too-late': { en: 'too late to send', ko: '발송 시한 경과' },
  refused: { en: 'refused by the receiver', ko: '수신 거부' },
};

/** Returns a reason in words; one that a person wrote as it is. */
export const reasonOf = (reason: string): Phrase => reasons[reason] ?? { en: reason, ko: reason };

/** Returns the values of a flag in words. */
export const yesOrNo = (): readonly Option[] => [
  ['true', t({ en: 'yes', ko: '예' })],
  ['false', t({ en: 'no', ko: '아니요' })],
];

export const kindOf = (field: string): Kind => fields[field]?.kind ?? 'text';

export const roleWords: Readonly<Record<Role, Phrase>> = {
  customer: { en: 'customer', ko: '고객' },
  staff: { en: 'staff', ko: '직원' },
  shop: { en: 'shop', ko: '매장' },
  kiosk: { en: 'kiosk', ko: '키오스크' },
  manager: { en: 'bike manager', ko: '자전거 관리자' },
  admin: { en: 'administrator', ko: '시스템 관리자' },
};

export type Tone = 'good' | 'wait' | 'bad' | 'plain';

/** Every status of every resource. The tone only adds to the word. */
const statuses: Readonly<Record<string, Phrase & { tone: Tone }>> = {
  open: { en: 'open', ko: '열림', tone: 'good' },
  paused: { en: 'paused', ko: '일시 중지', tone: 'wait' },
  closed: { en: 'closed', ko: '닫힘', tone: 'plain' },
  deleted: { en: 'deleted', ko: '삭제됨', tone: 'plain' },
  reserved: { en: 'reserved', ko: '예약됨', tone: 'good' },
  booked: { en: 'booked', ko: '예약됨', tone: 'good' },
  canceled: { en: 'cancelled', ko: '취소됨', tone: 'plain' },
  ended: { en: 'ended', ko: '종료됨', tone: 'plain' },
  rescheduled: { en: 'moved', ko: '일정 변경됨', tone: 'plain' },
  attended: { en: 'attended', ko: '수검 완료', tone: 'good' },
  missed: { en: 'missed', ko: '미수검', tone: 'bad' },
  'force-canceled': { en: 'force-cancelled', ko: '강제 취소됨', tone: 'bad' },
  issued: { en: 'issued', ko: '발급됨', tone: 'good' },
  revoked: { en: 'revoked', ko: '회수됨', tone: 'plain' },
  redeemed: { en: 'redeemed', ko: '사용됨', tone: 'plain' },
  owed: { en: 'owed', ko: '미수', tone: 'bad' },
  arrived: { en: 'arrived', ko: '입차', tone: 'good' },
  completed: { en: 'completed', ko: '완료', tone: 'plain' },
  waiting: { en: 'waiting', ko: '대기 중', tone: 'wait' },
  offered: { en: 'offered', ko: '제안됨', tone: 'good' },
  used: { en: 'used', ko: '예약 완료', tone: 'plain' },
  expired: { en: 'expired', ko: '만료됨', tone: 'plain' },
  released: { en: 'released', ko: '해제됨', tone: 'plain' },
  left: { en: 'left', ko: '대기 취소', tone: 'plain' },
  placed: { en: 'placed', ko: '주문됨', tone: 'wait' },
  accepted: { en: 'accepted', ko: '접수됨', tone: 'wait' },
  cooking: { en: 'cooking', ko: '조리 중', tone: 'wait' },
  cooked: { en: 'ready', ko: '준비됨', tone: 'good' },
  rejected: { en: 'rejected', ko: '거절됨', tone: 'bad' },
  uncollected: { en: 'not picked up', ko: '미수령', tone: 'bad' },
  'picked-up': { en: 'picked up', ko: '수령됨', tone: 'plain' },
  held: { en: 'held', ko: '선점', tone: 'wait' },
  confirmed: { en: 'confirmed', ko: '확정', tone: 'good' },
  refused: { en: 'refused', ko: '거절됨', tone: 'bad' },
  refunded: { en: 'refunded', ko: '환불됨', tone: 'plain' },
  on: { en: 'on', ko: '상영 중', tone: 'good' },
  awaited: { en: 'awaited', ko: '결제 전', tone: 'wait' },
  requested: { en: 'requested', ko: '결제 요청됨', tone: 'wait' },
  approved: { en: 'paid', ko: '결제됨', tone: 'good' },
  declined: { en: 'declined', ko: '결제 거절', tone: 'bad' },
  unknown: { en: 'unknown', ko: '확인 중', tone: 'wait' },
  voided: { en: 'not charged', ko: '결제 무효', tone: 'plain' },
  kept: { en: 'kept', ko: '보관됨', tone: 'plain' },
  sent: { en: 'sent', ko: '발송됨', tone: 'good' },
  reminder: { en: 'reminder', ko: '사전 안내', tone: 'plain' },
  'ready-for-pickup': { en: 'ready for pickup', ko: '준비 완료', tone: 'good' },
  billed: { en: 'bill', ko: '요금 결제', tone: 'plain' },
  deposited: { en: 'deposit', ko: '예치금 충전', tone: 'good' },
  ko: { en: 'Korean', ko: '한국어', tone: 'plain' },
  en: { en: 'English', ko: '영어', tone: 'plain' },
  email: { en: 'e-mail', ko: '이메일', tone: 'plain' },
  webhook: { en: 'text message', ko: '문자·알림톡', tone: 'plain' },
  parking: { en: 'car park', ko: '주차장', tone: 'plain' },
  screening: { en: 'health screening', ko: '건강 검진', tone: 'plain' },
  'food-court': { en: 'food court', ko: '푸드코트', tone: 'plain' },
  cinema: { en: 'cinema', ko: '영화관', tone: 'plain' },
  'bike-rental': { en: 'bike rental', ko: '자전거 대여', tone: 'plain' },
  available: { en: 'available', ko: '대여 가능', tone: 'good' },
  'in-use': { en: 'in use', ko: '대여 중', tone: 'wait' },
  'out-of-service': { en: 'out of service', ko: '고장', tone: 'bad' },
  returned: { en: 'returned', ko: '반납됨', tone: 'plain' },
  credited: { en: 'credited', ko: '적립됨', tone: 'good' },
  rental: { en: 'rental', ko: '대여', tone: 'plain' },
  pending: { en: 'pending', ko: '결제 중', tone: 'wait' },
  charged: { en: 'charged', ko: '충전됨', tone: 'good' },
  retired: { en: 'retired', ko: '폐기됨', tone: 'plain' },
  deducted: { en: 'deducted', ko: '차감됨', tone: 'plain' },
  charge: { en: 'charge', ko: '충전', tone: 'plain' },
  fee: { en: 'fee', ko: '이용 요금', tone: 'plain' },
  conversion: { en: 'points', ko: '포인트 전환', tone: 'plain' },
  live: { en: 'live', ko: '정상', tone: 'good' },
  'catching-up': { en: 'catching up', ko: '동기화 중', tone: 'wait' },
  rebuilding: { en: 'replaying', ko: '재생성 중', tone: 'wait' },
  stopped: { en: 'stopped', ko: '멈춤', tone: 'bad' },
  parked: { en: 'parked', ko: '보류', tone: 'bad' },
  replaying: { en: 'retrying', ko: '다시 처리 중', tone: 'wait' },
  discarded: { en: 'discarded', ko: '제외됨', tone: 'plain' },
  running: { en: 'running', ko: '진행 중', tone: 'wait' },
  switched: { en: 'switched', ko: '전환됨', tone: 'good' },
  failed: { en: 'failed', ko: '실패', tone: 'bad' },
};

export const statusOf = (status: string): Phrase & { tone: Tone } =>
  statuses[status] ?? { en: status, ko: status, tone: 'plain' };
