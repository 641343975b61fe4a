import { describe, expect, test } from 'vitest';
import { schema as parking } from '../../schemas/parking.ts';
import { report } from './report.ts';
import { documentsAfter } from './testing.ts';

const parkingReport = report(parking, {
  version: 1,
  counts: {
    ParkingReserved: ({ amount }) => ({ bookings: 1, revenue: amount, taken: 1 }),
    ReservationCanceled: ({ reason }) => ({ [reason === 'no-show' ? 'noShows' : 'cancellations']: 1, taken: -1 }),
  },
  capacity: {
    LotRegistered: ({ lotId, spots }) => [lotId, spots],
    LotSpotsChanged: ({ lotId, spots }) => [lotId, spots],
    LotClosed: ({ lotId }) => [lotId, 0],
  },
});

const reserved = (lotId: string, amount: number, time: string) => ({
  type: 'ParkingReserved',
  data: { lotId, reservationId: 'r', customerId: 'c', carNumber: '10더8612', amount },
  time,
});
const canceled = (lotId: string, time: string, reason?: string) => ({
  type: 'ReservationCanceled',
  data: { lotId, reservationId: 'r', customerId: 'c', ...(reason === undefined ? {} : { reason }) },
  time,
});

const MINUTE = 60_000;

describe('the report of a context', () => {
  test('sums the events of all streams by quarters of an hour, each event once', () => {
    const documents = documentsAfter(
      parkingReport,
      reserved('1', 5000, '2026-01-31T09:00:00.000Z'),
      reserved('2', 3000, '2026-01-31T09:05:00.000Z'),
      canceled('1', '2026-01-31T09:14:59.999Z'),
      canceled('2', '2026-01-31T23:59:00.000Z', 'no-show'),
      reserved('1', 0, '2026-02-01T00:00:00.000Z'),
    );
    const quarters = (cells: Readonly<Record<number, object>>) =>
      Array.from({ length: Math.max(...Object.keys(cells).map(Number)) + 1 }, (_, number) => cells[number] ?? null);
    expect(documents).toEqual({
      'day.2026-01-31': {
        taken: 0,
        cells: quarters({
          36: { bookings: 2, revenue: 8000, cancellations: 1, taken: 1, takenFor: 25 * MINUTE - 1 },
          95: { noShows: 1, taken: -1, takenFor: -1 * MINUTE },
        }),
      },
      'day.2026-02-01': { taken: 1, cells: [{ bookings: 1, taken: 1, takenFor: 15 * MINUTE }] },
    });
  });

  test('counts an event in its own quarter, also when later ones came before it', () => {
    const times = ['2026-01-31T09:20:00.000Z', '2026-01-31T18:01:00.000+09:00', '2026-01-31T10:00:00.000Z'];
    const [first, second, third] = times.map((time) => reserved('1', 10, time));
    expect(documentsAfter(parkingReport, third!, first!, second!)).toEqual(
      documentsAfter(parkingReport, first!, second!, third!),
    );
  });

  test('keeps the capacity of each resource since each change', () => {
    const documents = documentsAfter(
      parkingReport,
      { type: 'LotRegistered', data: { lotId: '1', name: 'a', spots: 5 }, time: '2026-01-31T09:00:00.000Z' },
      { type: 'LotRegistered', data: { lotId: '2', name: 'b', spots: 2 }, time: '2026-01-31T09:00:00.000Z' },
      { type: 'LotSpotsChanged', data: { lotId: '1', spots: 9 }, time: '2026-01-31T10:00:00.000Z' },
      // The clock of this process is behind.
      { type: 'LotSpotsChanged', data: { lotId: '1', spots: 8 }, time: '2026-01-31T09:59:59.000Z' },
      { type: 'LotClosed', data: { lotId: '2', remaining: 0 }, time: '2026-01-31T11:00:00.000Z' },
    );
    expect(documents).toEqual({
      'capacity.1': {
        steps: [
          { at: '2026-01-31T09:00:00.000Z', capacity: 5 },
          { at: '2026-01-31T10:00:00.000Z', capacity: 8 },
        ],
      },
      'capacity.2': {
        steps: [
          { at: '2026-01-31T09:00:00.000Z', capacity: 2 },
          { at: '2026-01-31T11:00:00.000Z', capacity: 0 },
        ],
      },
    });
  });

  test('refuses an event that would change two documents', () => {
    const twice = { counts: { LotClosed: () => ({}) }, capacity: { LotClosed: () => ['1', 0] as const } };
    expect(() => report(parking, { version: 1, ...twice })).toThrow('LotClosed in counts and in capacity');
  });
});
