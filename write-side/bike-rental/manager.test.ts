import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaults } from '../../schemas/bike-rental.ts';
import { REMEMBERED_EVENTS } from '../kernel/handled-events.ts';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { manager } from './manager.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const { given } = specification(manager, NOW);

type Command = Parameters<typeof manager.decide>[0];
type Event = Parameters<typeof manager.evolve>[1];

const managerId = 'm-1';
const at = (second: number) => new Date(Date.parse('2026-01-31T08:00:00.000Z') + second * 1_000).toISOString();
const report = (reportId: string, bikeRevision: number) => ({
  managerId,
  bikeId: 'bike-1',
  reportId,
  reportedAt: at(bikeRevision),
  bikeRevision: `${bikeRevision}`,
});

const award = (reportId = 'p-1', bikeRevision = 1): Command => ({
  type: 'AwardPoints',
  data: report(reportId, bikeRevision),
});
const convert = (points: number, conversionId = 'v-1'): Command => ({
  type: 'ConvertPoints',
  data: { managerId, conversionId, points, userId: 'user-1' },
});
const awarded = (total: number, reportId = 'p-1', bikeRevision = 1): Event => ({
  type: 'PointsAwarded',
  data: { ...report(reportId, bikeRevision), points: defaults.perReport, total },
});
const converted = (points: number, total: number, conversionId = 'v-1'): Event => ({
  type: 'PointsConverted',
  data: { managerId, conversionId, userId: 'user-1', points, convertedAt: NOW, total },
});

describe('AwardPoints', () => {
  it('gives points for a report', () => given().when(award()).thenEvents(awarded(defaults.perReport)));
  it('gives them once', () => given(awarded(defaults.perReport)).when(award()).thenNothing());
  it('gives them for a report whose id was used before', () =>
    given(awarded(1_000, 'p-1', 1))
      .when(award('p-1', 9))
      .thenEvents(awarded(2_000, 'p-1', 9)));
});

describe('more reports than a manager remembers', () => {
  const many = Array.from({ length: REMEMBERED_EVENTS + 1 }, (_, index) => awarded(index, `p-${index}`, index));

  it('earn no points again', () =>
    given(...many)
      .when(award('p-0', 0))
      .thenNothing());
  it('do not hide a new report, even of another bike at a lower revision or of an earlier time', () => {
    const elsewhere = { ...report('p-0', 0), bikeId: 'bike-2' };
    given(...many)
      .when({ type: 'AwardPoints', data: elsewhere })
      .thenEvents({
        type: 'PointsAwarded',
        data: { ...elsewhere, points: defaults.perReport, total: REMEMBERED_EVENTS + defaults.perReport },
      });
    const early = { ...report('p-0', 5_000), reportedAt: at(0) };
    expect(play(manager, [{ type: 'AwardPoints', data: early }], stateAfter(manager, many)).events).toHaveLength(1);
  });
  it('take a bounded state', () =>
    expect(stateAfter(manager, many).handled).toMatchObject({
      latest: { size: REMEMBERED_EVENTS },
      forgotten: { size: 1 },
    }));
});

describe('awards of event version 1, which have no revision', () => {
  const old = (index: number): Event => {
    const { bikeRevision: _, ...data } = report(`p-${index}`, index);
    return { type: 'PointsAwarded', data: { ...data, points: defaults.perReport, total: index } };
  };
  it('are not made again', () => {
    given(old(7)).when(award('p-7', 7)).thenNothing();
    const many = Array.from({ length: REMEMBERED_EVENTS + 1 }, (_, index) => old(index));
    given(...many)
      .when(award('p-0', 0))
      .thenNothing();
  });
});

it('awards the points that the report earned', () => {
  const { data } = award() as Extract<Command, { type: 'AwardPoints' }>;
  given()
    .when({ type: 'AwardPoints', data: { ...data, points: 7 } })
    .thenEvents({ type: 'PointsAwarded', data: { ...data, points: 7, total: 7 } });
});

describe('ConvertPoints', () => {
  it('takes exactly the requested points', () =>
    given(awarded(1_000)).when(convert(1_000)).thenEvents(converted(1_000, 0)));
  it('takes no more points than the manager has', () =>
    given(awarded(1_000)).when(convert(1_001)).thenRefused('not-enough-points'));
  it('refuses a manager without points', () => given().when(convert(1)).thenRefused('not-enough-points'));
  it('needs an unused id', () =>
    given(awarded(1_000), converted(1, 999)).when(convert(1)).thenRefused('conversion-already-exists'));
});

describe('any sequence of commands', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const anyCommand = fc.oneof(
    fc.nat({ max: 6 }).map((revision) => award(`p-${revision}`, revision)),
    fc.tuple(fc.constantFrom(1, 999, 1_000, 2_500), id).map(([points, conversionId]) => convert(points, conversionId)),
  );

  it('keeps the rules of every decider', () => holdsForEveryDecider(manager, anyCommand));

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
