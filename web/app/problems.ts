import type { Problem } from '../common/api.ts';
import { formatMoney, type Phrase, t } from '../common/language.ts';
import { commonProblemWords, problemName } from '../common/problems.ts';

/** The refusals that a customer can meet, in words that say what to do next. */
const words: Readonly<Record<string, Phrase>> = {
  'views-unavailable': {
    ko: '화면을 준비하고 있습니다. 준비되면 저절로 나옵니다.',
    en: 'This is being prepared, and appears by itself.',
  },
  'lot-full': { ko: '방금 만차가 되었습니다.', en: 'The lot has just become full.' },
  'lot-closed': { ko: '운영이 끝난 주차장입니다.', en: 'The lot is closed.' },
  'car-already-reserved': {
    ko: '이 차량은 이 주차장에 이미 예약되어 있습니다.',
    en: 'This car has a reservation in this lot already.',
  },
  'too-late': { ko: '가능한 시간이 지났습니다.', en: 'The time for this has passed.' },
  'already-canceled': { ko: '이미 취소되었습니다.', en: 'It is cancelled already.' },
  'already-arrived': { ko: '이미 입차했습니다.', en: 'The car has arrived already.' },
  'already-completed': { ko: '이미 출차했습니다.', en: 'The car has left already.' },
  'not-arrived': { ko: '아직 입차하지 않았습니다.', en: 'The car has not arrived yet.' },
  'coupon-already-redeemed': { ko: '이미 사용한 쿠폰입니다.', en: 'The coupon was used already.' },
  'coupon-expired': { ko: '기간이 지난 쿠폰입니다.', en: 'The coupon has expired.' },
  'coupon-revoked': { ko: '취소된 쿠폰입니다.', en: 'The coupon was revoked.' },
  'coupon-not-found': { ko: '없는 쿠폰입니다.', en: 'There is no such coupon.' },
  'coupon-of-reservation': {
    ko: '이 예약에서 받은 쿠폰은 다음 예약에 쓸 수 있습니다.',
    en: 'A reservation cannot use its own coupon.',
  },
  'slot-full': { ko: '방금 자리가 모두 찼습니다.', en: 'The last place has just been taken.' },
  'slot-deleted': { ko: '취소된 일정입니다.', en: 'This day was cancelled.' },
  'customer-already-booked': { ko: '이 날에 이미 예약이 있습니다.', en: 'You have a booking on this day already.' },
  'already-rescheduled': { ko: '이미 다른 일정으로 변경했습니다.', en: 'The booking was moved already.' },
  'already-attended': { ko: '이미 검진을 받았습니다.', en: 'You have attended already.' },
  'already-missed': { ko: '이미 지난 예약입니다.', en: 'The day of the booking has passed.' },
  'reschedule-pending': {
    ko: '일정을 변경하고 있습니다. 잠시 후 다시 확인하세요.',
    en: 'The booking is being moved. Look again in a moment.',
  },
  'hold-expired': {
    ko: '자리를 잡아 둔 시간이 지났습니다. 다시 고르세요.',
    en: 'The time to confirm has passed. Choose again.',
  },
  'hold-ended': { ko: '이미 사용했거나 돌려준 자리입니다.', en: 'These places were booked or given back.' },
  'bike-not-available': { ko: '방금 다른 분이 빌렸습니다.', en: 'Somebody has just rented this bike.' },
  'bike-retired': { ko: '더 이상 운영하지 않는 자전거입니다.', en: 'This bike is no longer in use.' },
  outstanding: { ko: '미납 요금을 먼저 내세요.', en: 'Pay what you owe first.' },
  'already-returned': { ko: '이미 반납했습니다.', en: 'The bike was returned already.' },
  'station-not-found': { ko: '이곳에는 반납할 수 없습니다. 대여소를 고르세요.', en: 'Choose one of the stations.' },
  'deposit-full': { ko: '예치금 한도를 넘습니다.', en: 'The deposit would be too large.' },
  'payment-declined': {
    ko: '결제가 거절되었습니다. 다른 카드로 다시 시도하세요.',
    en: 'The payment was declined. Try another card.',
  },
  'payment-unavailable': {
    ko: '결제사가 응답하지 않습니다. 결제되지 않았습니다.',
    en: 'The payment provider does not answer. Nothing was paid.',
  },
  'too-many-payments': {
    ko: '결제가 몰리고 있습니다. 잠시 후 다시 시도하세요.',
    en: 'Many payments are being taken. Try again in a moment.',
  },
  'showing-canceled': { ko: '취소된 상영입니다.', en: 'The showing is cancelled.' },
  'showing-full': { ko: '방금 매진되었습니다.', en: 'The showing has just sold out.' },
  'seat-taken': { ko: '방금 다른 분이 고른 좌석입니다.', en: 'Somebody has just taken a seat.' },
  'seat-blocked': { ko: '이용할 수 없는 좌석입니다.', en: 'A seat is not in use.' },
  'reservation-pending': {
    ko: '결제를 확인하고 있습니다. 잠시 후 다시 확인하세요.',
    en: 'The payment is being checked. Look again in a moment.',
  },
  'shop-paused': { ko: '매장이 잠시 주문을 받지 않습니다.', en: 'The shop takes no orders for a while.' },
  'shop-closed': { ko: '영업이 끝난 매장입니다.', en: 'The shop is closed.' },
  'shop-overloaded': {
    ko: '주문이 밀려 있습니다. 잠시 후 다시 주문하세요.',
    en: 'The shop has too many orders now. Try again in a moment.',
  },
  'menu-item-unknown': { ko: '메뉴에서 빠진 음식이 있습니다.', en: 'An item is no longer on the menu.' },
  'menu-item-unavailable': { ko: '방금 품절된 메뉴가 있습니다.', en: 'An item has just sold out.' },
  'order-already-accepted': {
    ko: '매장이 이미 접수해서 취소할 수 없습니다.',
    en: 'The shop has accepted the order: it cannot be cancelled.',
  },
  'places-left': {
    ko: '자리가 남아 있어 대기하지 않아도 됩니다.',
    en: 'Places are free: there is nothing to wait for.',
  },
  'already-waiting': { ko: '이미 대기 중입니다.', en: 'You are waiting already.' },
  'entry-ended': { ko: '대기가 이미 끝났습니다.', en: 'You have left the waiting list.' },
  'entry-not-found': { ko: '대기 목록에 없습니다.', en: 'You are not in the waiting list.' },
  'offer-expired': { ko: '제안된 자리의 시간이 지났습니다.', en: 'The offer has expired.' },
  'not-offered': { ko: '아직 자리가 나지 않았습니다.', en: 'No place is offered yet.' },
  'customer-has-open-reservations': {
    ko: '아직 끝나지 않은 예약이나 주문, 대기가 있습니다. 아무것도 지우지 않았습니다.',
    en: 'You have open reservations, orders or places in a waiting list. Nothing was erased.',
  },
  'customer-not-found': { ko: 'Plaza에 저장된 내 정보가 없습니다.', en: 'Plaza has stored nothing about you.' },
  'personal-data-not-encrypted': {
    ko: '이 Plaza는 개인정보를 암호화하지 않아 지울 수 없습니다. 아무것도 지우지 않았습니다. 운영자에게 문의하세요.',
    en: 'This Plaza does not encrypt personal data, so it cannot erase yours. Nothing was erased. Ask its operators.',
  },
  'too-few-kept': { ko: '확보한 자리보다 많습니다.', en: 'That is more than the places kept for you.' },
};

/** Returns the reason of a refusal in words. */
export const problemWords = (problem: Problem): string => {
  const { price } = problem;
  const known = words[problemName(problem)];
  if (price !== undefined)
    return t({
      ko: `그사이에 가격이 ${formatMoney(price)}으로 바뀌었습니다. 확인하고 다시 시도하세요.`,
      en: `The price is now ${formatMoney(price)}. Check it and try again.`,
    });
  return known ? t(known) : commonProblemWords(problem);
};
