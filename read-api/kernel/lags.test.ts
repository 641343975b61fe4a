import { expect, test } from 'vitest';
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

const shown = async (...members: ReadStatus[]): Promise<string | undefined> => {
  const lags = trackLags(async () => members);
  await expect.poll(() => lags.of('parking.lots')).toBeDefined();
  return lags.of('parking.lots');
};

test('the lag of a view is that of its slowest partition', async () => {
  const slow = member({ state: 'catching-up', eventsBehind: 3, secondsBehind: 0.42 });
  expect(await shown(member({}), slow)).toBe('events=3, seconds=0.4, state=catching-up');
});

test('the lag of a view that no process reports is the time since the report, and has no number of events', async () => {
  const dead = member({ state: 'stopped', isReported: false, secondsBehind: 32, secondsSinceReport: 32 });
  expect(await shown(member({}), dead)).toBe('seconds=32.0, state=stopped');
});
