import { expect, it, onTestFinished, vi } from 'vitest';
import { troubleLog } from './trouble.ts';

it('logs the same trouble of a consumer once a second, and another one at once', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const lines: string[] = [];
  const log = troubleLog((line) => lines.push(line));
  for (const consumer of ['a', 'a', 'b', 'a']) log(consumer, new Error('late'));
  expect(lines).toEqual(['a: late', 'b: late']);
  log('a', new Error('other'));
  vi.advanceTimersByTime(1_000);
  for (let n = 0; n < 3; n++) log('b', new Error('late'));
  expect(lines.slice(2)).toEqual(['a: other', 'b: late']);
});
