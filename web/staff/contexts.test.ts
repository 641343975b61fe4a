import '../testing.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { SHOWING_CANCELED } from '../../schemas/cinema.ts';
import * as foodCourt from '../../schemas/food-court.ts';
import { PAYMENT_FAILURES } from '../../schemas/kernel/payments.ts';
import * as parking from '../../schemas/parking.ts';
import { DAY_MS, dayOf } from '../common/days.ts';
import { chooseLanguage } from '../common/language.ts';
import type { HappenedEvent, Item } from './context.ts';
import { viewOf } from './contexts/index.ts';
import { describeEvents } from './describe-events.ts';
import { filled, textOf } from './texts.ts';

/** Returns the question before a dangerous command on a resource. */
const questionOf = (context: string, template: string, command: string, item: Item): string => {
  const view = viewOf(context)!;
  return filled(view.commands[command]!.effect!, { ...item, ...view.things[template]!.known?.(item) });
};

describe('the question before', () => {
  test('closing a lot counts the reservations that are cancelled and the cars that stay', () => {
    const lot = { lotId: 'l', status: 'open', reserved: 8, parked: 6 };
    expect(questionOf('parking', '/parking/lots/{lotId}', 'CloseLot', lot)).toBe(
      'Cancels 2 reservations and refunds them. 6 parked cars stay until they leave. It cannot be reopened.',
    );
  });

  test('deleting a slot counts the places of those who have not come yet', () => {
    const slot = { slotId: 's', status: 'open', booked: 5, attended: 2 };
    expect(questionOf('screening', '/screening/slots/{slotId}', 'DeleteSlot', slot)).toBe(
      'Cancels the bookings of 3 places.',
    );
  });
});

test('a booking can be attended on its day only', () => {
  const { commands } = viewOf('screening')!.things['/screening/slots/{slotId}/bookings/{bookingId}']!;
  const onDay = (days: number) => commands!({ status: 'booked', date: dayOf(new Date(Date.now() + days * DAY_MS)) });
  expect(onDay(0)).toEqual(['RecordAttendance', 'RescheduleBooking', 'CancelBooking']);
  for (const days of [-1, 1, 7]) expect(onDay(days)).toEqual(['RescheduleBooking', 'CancelBooking']);
});

describe('the reasons that Plaza gives itself', () => {
  afterEach(() => chooseLanguage('en'));
  const given = [
    ...Object.values(parking.REASONS),
    ...Object.values(foodCourt.REASONS),
    SHOWING_CANCELED,
    ...PAYMENT_FAILURES,
  ];

  test('are words in both languages', () => {
    expect(given.filter((reason) => /[a-z]-[a-z]/.test(textOf('reason', reason)))).toEqual([]);
    chooseLanguage('ko');
    expect(given.filter((reason) => /[a-z]/.test(textOf('reason', reason)))).toEqual([]);
  });

  test('are words in the feed, and those that a person wrote stay', () => {
    const rejected = (reason: string) => {
      const data = { shopId: 's', orderId: 'o', callNumber: '12', reason };
      const event = { context: 'food-court', type: 'OrderRejected', data } as unknown as HappenedEvent;
      return describeEvents([event], undefined, false)[0]!.words;
    };
    expect(rejected('not-accepted-in-time')).toBe('s rejected #12: not accepted in time');
    expect(rejected('재료 소진')).toBe('s rejected #12: 재료 소진');
    chooseLanguage('ko');
    expect(rejected('not-accepted-in-time')).toBe('s 주문 #12 거절: 접수 시간 초과');
  });

  test('say that nobody cancelled a reservation that ended by itself', () => {
    const data = { lotId: 'l', reservationId: 'r', customerId: 'kim', reason: 'no-show' };
    const event = { context: 'parking', type: 'ReservationCanceled', data } as unknown as HappenedEvent;
    expect(describeEvents([event], undefined, false)[0]!.words).toBe(
      'Reservation of kim at l ended: did not arrive in time',
    );
  });
});
