import { expect, it } from 'vitest';
import { calendarDay, isTimeZone, momentOf, plus, plusDays, startOfDay } from './calendar.ts';

const SEOUL = 'Asia/Seoul';
const NEW_YORK = 'America/New_York';

it.each([
  ['2030-01-30T14:59:59.999Z', SEOUL, '2030-01-30'],
  ['2030-01-30T15:00:00.000Z', SEOUL, '2030-01-31'],
  ['2030-01-31T03:00:00.000Z', NEW_YORK, '2030-01-30'],
  ['2028-02-28T15:00:00.000Z', SEOUL, '2028-02-29'],
  ['2030-02-28T15:00:00.000Z', SEOUL, '2030-03-01'],
  ['2030-12-31T23:30:00.000Z', SEOUL, '2031-01-01'],
  ['2030-01-31T00:00:00.000Z', 'Pacific/Kiritimati', '2030-01-31'],
  ['2026-11-01T05:30:00.000Z', NEW_YORK, '2026-11-01'],
  ['2026-11-01T06:30:00.000Z', NEW_YORK, '2026-11-01'],
])('%s in %s is on %s', (moment, timeZone, day) => {
  expect(calendarDay(moment, timeZone)).toBe(day);
});

it.each([
  ['2030-01-31', SEOUL, '2030-01-30T15:00:00.000Z'],
  ['2028-02-29', 'UTC', '2028-02-29T00:00:00.000Z'],
  ['2026-03-08', NEW_YORK, '2026-03-08T05:00:00.000Z'],
  ['2026-03-09', NEW_YORK, '2026-03-09T04:00:00.000Z'],
  // The clocks of Santiago skip from 24:00 to 01:00.
  ['2026-09-06', 'America/Santiago', '2026-09-06T04:00:00.000Z'],
])('%s in %s starts at %s', (day, timeZone, moment) => {
  expect(startOfDay(day, timeZone)).toBe(moment);
  expect(calendarDay(moment, timeZone)).toBe(day);
  expect(calendarDay(plus(moment, { seconds: -1 }), timeZone)).toBe(plusDays(day, -1));
});

it.each([
  ['an ordinary time', '2030-01-31', '19:00', SEOUL, '2030-01-31T10:00:00.000Z'],
  ['a time that the clocks skip', '2026-03-08', '02:30', NEW_YORK, '2026-03-08T07:30:00.000Z'],
  ['the first of a time that occurs twice', '2026-11-01', '01:30', NEW_YORK, '2026-11-01T05:30:00.000Z'],
])('finds %s', (_, day, time, timeZone, moment) => expect(momentOf(day, time, timeZone)).toBe(moment));

it('adds exact durations across a change of the clocks, and days across months', () => {
  expect(plus('2026-03-08T06:59:00.000Z', { minutes: 2 })).toBe('2026-03-08T07:01:00.000Z');
  expect(plus('2030-01-31T00:00:00.000Z', { minutes: -20 })).toBe('2030-01-30T23:40:00.000Z');
  expect(plusDays('2028-02-28', 1)).toBe('2028-02-29');
  expect(plusDays('2030-03-01', -1)).toBe('2030-02-28');
});

it('keeps the order of text the order of time at both ends', () => {
  expect(plus('9999-12-31T23:50:00.000Z', { minutes: 20 })).toBe('9999-12-31T23:59:59.999Z');
  expect(plusDays('9999-12-30', 7)).toBe('9999-12-31');
  expect(startOfDay('0000-01-01', SEOUL)).toBe('0000-01-01T00:00:00.000Z');
});

it('knows the names of time zones', () => {
  for (const name of [SEOUL, 'UTC', 'Etc/GMT+9']) expect(isTimeZone(name), name).toBe(true);
  for (const name of ['', 'Seoul', '+09:00', 'Asia/Seoul ']) expect(isTimeZone(name), name).toBe(false);
});

it.each(['2030-02-29', '2030-13-01', 'tomorrow'])('throws for %s, which is not a day', (day) =>
  expect(() => startOfDay(day, SEOUL)).toThrow(RangeError),
);
