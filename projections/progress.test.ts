import { expect, test } from 'vitest';
import { showProgress } from './progress.ts';

const at = (commit: number) => ({ commit: BigInt(commit), prepare: BigInt(commit) });

const shown = (isTTY: boolean) => {
  let now = 0;
  const written: string[] = [];
  const output = { isTTY, columns: 120, write: (text: string) => written.push(text) };
  const progress = showProgress(output, 'parking.lots', () => now);
  now = 1000;
  progress.update({ events: 500, from: at(0), position: at(250), tail: at(1000) });
  progress.update({ events: 501, from: at(0), position: at(251), tail: at(1000) });
  now = 4000;
  progress.update({ events: 2000, from: at(0), position: at(1000), tail: at(1000) });
  progress.end();
  return written;
};

test('in a terminal a bar tells events, events a second and the time left', () => {
  const [first, last, end, ...more] = shown(true);
  expect(first).toContain('parking.lots ██████░░░░░░░░░░░░░░░░░░ 25%  500 events  500/s  3 s left');
  expect(last).toContain('100%  2000 events  500/s  0 s left');
  expect([end, more]).toEqual(['\n', []]);
});

test('elsewhere there is a line of JSON each second', () => {
  expect(shown(false).map((line) => JSON.parse(line))).toEqual([
    { task: 'parking.lots', events: 500, percent: 25, perSecond: 500, secondsLeft: 3 },
    { task: 'parking.lots', events: 2000, percent: 100, perSecond: 500, secondsLeft: 0 },
  ]);
});
