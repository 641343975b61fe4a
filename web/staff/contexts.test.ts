import '../testing.ts';
import { describe, expect, test } from 'vitest';
import { DAY_MS, dayOf } from '../common/days.ts';
import type { Item } from './context.ts';
import { viewOf } from './contexts/index.ts';
import { filled } from './texts.ts';

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
