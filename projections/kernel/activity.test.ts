import { describe, expect, test } from 'vitest';
import { schema as parking } from '../../schemas/parking.ts';
import { activity, KEPT_MINUTES } from './activity.ts';
import { documentsAfter } from './testing.ts';

const parkingActivity = activity(parking, { ParkingReserved: 1, ReservationCanceled: -1 });

const reserved = (time: string) => ({
  type: 'ParkingReserved',
  data: { lotId: '1', reservationId: 'r', customerId: 'c', carNumber: '10더8612', amount: 1 },
  time,
});
const canceled = (time: string) => ({
  type: 'ReservationCanceled',
  data: { lotId: '1', reservationId: 'r', customerId: 'c' },
  time,
});

describe('the activity of a context', () => {
  test('is the level at the end of each minute, and the number of events in it', () => {
    const documents = documentsAfter(
      parkingActivity,
      reserved('2026-01-31T09:00:01.000Z'),
      reserved('2026-01-31T09:00:59.999Z'),
      canceled('2026-01-31T09:03:00.000Z'),
    );
    expect(documents).toEqual({
      activity: {
        level: 1,
        minutes: [
          { at: '2026-01-31T09:00:00.000Z', level: 2, events: 2 },
          { at: '2026-01-31T09:03:00.000Z', level: 1, events: 1 },
        ],
      },
    });
  });

  test('counts an event that comes after one of a later minute for that minute', () => {
    const documents = documentsAfter(
      parkingActivity,
      reserved('2026-01-31T09:05:00.000Z'),
      reserved('2026-01-31T09:04:59.000Z'),
    );
    expect(documents.activity).toEqual({
      level: 2,
      minutes: [{ at: '2026-01-31T09:05:00.000Z', level: 2, events: 2 }],
    });
  });

  test('keeps two hours, and the minute before them for the level they began with', () => {
    const start = Date.parse('2026-01-31T09:00:00.000Z');
    const minutes = 3 * KEPT_MINUTES;
    const events = Array.from({ length: minutes }, (_, minute) =>
      reserved(new Date(start + minute * 60_000).toISOString()),
    );
    const { activity: document } = documentsAfter(parkingActivity, ...events) as {
      activity: { level: number; minutes: { at: string; level: number }[] };
    };
    expect(document.level).toBe(minutes);
    expect(document.minutes).toHaveLength(KEPT_MINUTES + 2);
    expect(document.minutes[0]?.level).toBe(minutes - KEPT_MINUTES - 1);
  });
});
