import { expect, test } from 'vitest';
import { periods } from './periods.ts';

const labels = (from: string, to: string, by: 'day' | 'hour', zone: string) =>
  [...periods(from, to, by, zone)].map(({ label, start, end }) => `${label} ${(end - start) / 60_000}`);

test.each([
  ['no time', '2026-01-31T00:00:00.000Z', '2026-01-31T00:00:00.000Z', 'day', 'Asia/Seoul', []],
  ['a moment', '2026-01-31T15:00:00.000Z', '2026-01-31T15:00:00.001Z', 'day', 'Asia/Seoul', ['2026-02-01 1440']],
  [
    'a leap day',
    '2028-02-28T23:00:00.000Z',
    '2028-02-29T00:00:00.001Z',
    'day',
    'UTC',
    ['2028-02-28 1440', '2028-02-29 1440'],
  ],
  [
    'a day of 23 hours',
    '2026-03-29T00:00:00.000Z',
    '2026-03-29T00:00:00.001Z',
    'day',
    'Europe/Berlin',
    ['2026-03-29 1380'],
  ],
  [
    'an hour that the clocks repeat',
    '2026-10-25T00:00:00.000Z',
    '2026-10-25T02:00:00.000Z',
    'hour',
    'Europe/Berlin',
    ['2026-10-25T02:00:00+02:00 60', '2026-10-25T02:00:00+01:00 60'],
  ],
  [
    'hours that begin at a quarter',
    '2026-01-31T00:10:00.000Z',
    '2026-01-31T00:20:00.000Z',
    'hour',
    'Asia/Kathmandu',
    ['2026-01-31T05:00:00+05:45 60', '2026-01-31T06:00:00+05:45 60'],
  ],
  [
    'a day without a midnight',
    '2018-11-04T03:00:00.000Z',
    '2018-11-04T03:00:00.001Z',
    'day',
    'America/Sao_Paulo',
    ['2018-11-04 1380'],
  ],
] as const)('%s touches whole periods of its time zone', (_, from, to, by, zone, expected) => {
  expect(labels(from, to, by, zone)).toEqual(expected);
});
