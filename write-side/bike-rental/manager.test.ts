import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { manager, POINTS_PER_REPORT } from './manager.ts';
import { REMEMBERED } from './once.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const { given } = specification(manager, NOW);

type Command = Parameters<typeof manager.decide>[0];
type Event = Parameters<typeof manager.evolve>[1];

const managerId = 'm-1';
const at = (second: number) => new Date(Date.parse('2026-01-31T08:00:00.000Z') + second * 1_000).toISOString();
const report = (reportId: string, reportedAt = at(0)) => ({ managerId, bikeId: 'bike-1', reportId, reportedAt });

const award = (reportId = 'p-1', reportedAt = at(0)): Command => ({
  type: 'AwardPoints',
  data: report(reportId, reportedAt),
});
const convert = (points: number, conversionId = 'v-1'): Command => ({
  type: 'ConvertPoints',
  data: { managerId, conversionId, points, userId: 'user-1' },
});
const awarded = (total: number, reportId = 'p-1', reportedAt = at(0)): Event => ({
  type: 'PointsAwarded',
  data: { ...report(reportId, reportedAt), points: POINTS_PER_REPORT, total },
});
const converted = (points: number, total: number, conversionId = 'v-1'): Event => ({
  type: 'PointsConverted',
  data: { managerId, conversionId, userId: 'user-1', points, convertedAt: NOW, total },
});

describe('AwardPoints', () => {
  it('gives points for a report', () => given().when(award()).thenEvents(awarded(POINTS_PER_REPORT)));
  it('gives them once', () => given(awarded(POINTS_PER_REPORT)).when(award()).thenNothing());
  it('leaves a report that may have been counted long ago for somebody to look at', () => {
    const many = Array.from({ length: REMEMBERED + 1 }, (_, index) => awarded(index, `p-${index}`, at(index)));
    given(...many)
      .when(award('p-0', at(0)))
      .thenRefused('too-old-to-tell');
  });
});

describe('ConvertPoints', () => {
  it('takes exactly the points given', () =>
    given(awarded(1_000)).when(convert(1_000)).thenEvents(converted(1_000, 0)));
  it('takes no more than there are', () => given(awarded(1_000)).when(convert(1_001)).thenRefused('not-enough-points'));
  it('has nothing to take from a manager without points', () =>
    given().when(convert(1)).thenRefused('not-enough-points'));
  it('needs an unused id', () =>
    given(awarded(1_000), converted(1, 999)).when(convert(1)).thenRefused('conversion-already-exists'));
});

describe('whatever commands come', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const anyCommand = fc.oneof(
    id.map((reportId) => award(reportId)),
    fc.tuple(fc.constantFrom(1, 999, 1_000, 2_500), id).map(([points, conversionId]) => convert(points, conversionId)),
  );

  it('holds what holds for every decider', () => holdsForEveryDecider(manager, anyCommand));

  it('has the points earned less those converted, never below zero', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        let points = 0;
        for (const { type, data } of play(manager, commands).events) {
          points += type === 'PointsAwarded' ? data.points : -data.points;
          expect(data.total).toBe(points);
          expect(points).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
