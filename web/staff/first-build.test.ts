import '../testing.ts';
import { expect, onTestFinished, test } from 'vitest';
import { session } from '../common/session.ts';
import { firstBuildOf, isHidden } from './first-build.ts';
import type { Overview } from './live.ts';

const build = (view: string, position: string, tail = '1000', state = 'rebuilding') => ({
  name: `${view}@next`,
  view,
  group: 'rebuilds',
  version: null,
  state,
  position,
  tail,
});
const overview = (projections: object[], parking: object | null = null) =>
  ({ contexts: { parking, cinema: null }, projections }) as unknown as Overview;

test('a context whose views are built for the first time shows how far they are', () => {
  const known = overview([
    build('parking.lots', '500'),
    build('parking.reservations', '-1'),
    build('cinema.movies', '900'),
  ]);
  expect(firstBuildOf(known, 'parking')).toMatchObject({
    share: 0.25,
    words: { en: 'This is being built from the history: 25%' },
  });
  expect(firstBuildOf(known, 'cinema')).toMatchObject({ share: 0.9 });
});

test('views that are built already count as a whole', () => {
  const lots = { ...build('parking.lots', '1000'), name: 'parking.lots', group: 'projections', version: 3 };
  const known = overview([lots, build('parking.reservations', '500')]);
  expect(firstBuildOf(known, 'parking')?.share).toBe(0.75);
});

test('a build of an empty history is complete', () => {
  expect(firstBuildOf(overview([build('parking.lots', '-1', '-1')]), 'parking')?.share).toBe(1);
});

test('a context without the state of any view waits for its build', () => {
  expect(firstBuildOf(overview([build('cinema.movies', '900')]), 'parking')).toEqual({
    words: { en: 'This is not built from the history yet.', ko: '아직 기록에서 화면을 만들지 않았습니다.' },
  });
});

test.each([
  ['that can be read', overview([build('parking.lots', '500')], {})],
  ['whose build has stopped', overview([build('parking.lots', '500', '1000', 'stopped')])],
  ['before the first overview', undefined],
])('nothing is said of a context %s', (_, known) => {
  expect(firstBuildOf(known, 'parking')).toBeUndefined();
});

test.each([
  ['hidden from a shop', { roles: ['shop'] }, true],
  ['hidden from staff of another part', { roles: ['staff'], scope: ['cinema'] }, true],
  ['not hidden from staff', { roles: ['staff'] }, false],
] as const)('a context of which neither state nor views are shown is %s', (_, rights, expected) => {
  onTestFinished(() => session.set({ state: 'off' }));
  session.set({ state: 'in', provider: null, name: 'kim', caller: { sub: 'kim', id: 'kim', ...rights } });
  expect(isHidden(overview([build('cinema.movies', '900')]), 'parking')).toBe(expected);
  expect(isHidden(overview([build('parking.lots', '900')]), 'parking')).toBe(false);
  expect(isHidden(overview([], {}), 'parking')).toBe(false);
});
