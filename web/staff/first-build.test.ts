import { expect, test, vi } from 'vitest';

vi.hoisted(() => vi.stubGlobal('localStorage', { getItem: () => 'en', setItem: () => {} }));

const { firstBuildOf } = await import('./first-build.ts');
type Overview = import('./live.ts').Overview;

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
