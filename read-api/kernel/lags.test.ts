import { expect, onTestFinished, test, vi } from 'vitest';
import type { ReadStatus } from '../../platform/subscriptions/status.ts';
import { trackLags } from './lags.ts';

const member = (change: Partial<ReadStatus>): ReadStatus => ({
  _id: 'parking.lots',
  view: 'parking.lots',
  group: 'projections',
  state: 'live',
  position: '7',
  tail: '7',
  eventsBehind: 0,
  secondsBehind: 0,
  progressAt: new Date(0),
  worker: 'w',
  updatedAt: new Date(0),
  version: 1,
  parked: 0,
  secondsUnanswered: 0,
  secondsSinceProgress: 0,
  secondsSinceReport: 0,
  isReported: true,
  ...change,
});

const shown = (...members: ReadStatus[]) => trackLags(async () => members).of('parking.lots');

test('the lag of a view is that of its slowest partition', async () => {
  const slow = member({ state: 'catching-up', eventsBehind: 3, secondsBehind: 0.42 });
  expect(await shown(member({}), slow)).toBe('events=3, seconds=0.4, state=catching-up');
});

test('the lag of a view that no process reports is the time since the report, and has no number of events', async () => {
  const dead = member({ state: 'stopped', isReported: false, secondsBehind: 32, secondsSinceReport: 32 });
  expect(await shown(member({}), dead)).toBe('seconds=32.0, state=stopped');
});

test('the first request after a while is shown the lag of now, and not that of the request before', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  let now = member({});
  const lags = trackLags(async () => [now]);
  expect(await lags.of('parking.lots')).toBe('events=0, seconds=0.0, state=live');
  now = member({ state: 'stopped', isReported: false, secondsBehind: 3600 });
  vi.advanceTimersByTime(3_600_000);
  expect(await lags.of('parking.lots')).toBe('seconds=3600.0, state=stopped');
});

test('requests do not wait for a lag that was read a moment ago', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  let isSilent = false;
  const lags = trackLags(() => (isSilent ? new Promise(() => {}) : Promise.resolve([member({})])));
  await lags.of('parking.lots');
  isSilent = true;
  vi.advanceTimersByTime(1_000);
  expect(await lags.of('parking.lots')).toBe('events=0, seconds=0.0, state=live');
});
