import { expect, test } from 'vitest';
import { leaksOf, type Sample, trendsOf, usageOf } from './samples.ts';

type Measures = { memory: number; handles: number; lag: number; files: number };

/** A soak of 1,000 seconds, by what each second measures. */
const soak = (measure: (at: number) => Partial<Measures>, pidAt: (at: number) => number = () => 1): Sample[] =>
  Array.from({ length: 1_000 }, (_, at) => {
    const { memory = 200, handles = 20, lag = 0, files = 4 } = measure(at);
    return {
      seconds: at,
      processes: { stores: { pid: pidAt(at), memory, handles, cpu: at } },
      lag: { views: lag, policies: 0 },
      data: { MiB: at, files },
      commands: at,
      failures: 0,
    };
  });

test.each([
  [
    'memory that grows',
    soak((at) => ({ memory: 200 + at / 10 })),
    ['stores: 50.0 more MiB of memory, and 41.3 is flat'],
  ],
  ['memory that fills at the start', soak((at) => ({ memory: Math.min(400, at) })), []],
  ['memory that is collected now and then', soak((at) => ({ memory: 200 + (at % 90) })), []],
  [
    'memory of a process that was replaced',
    soak(
      (at) => ({ memory: 200 + at }),
      (at) => at,
    ),
    [],
  ],
  ['handles that leak', soak((at) => ({ handles: at / 20 })), ['stores: 25.0 more handles, and 16.0 is flat']],
  ['files that stay', soak((at) => ({ files: at / 50 })), ['data: 10.0 more files, and 4.0 is flat']],
  ['views that fall behind', soak((at) => ({ lag: at / 100 })), ['views: 5.0 more seconds of lag, and 1.0 is flat']],
  ['views that fall behind once and catch up', soak((at) => ({ lag: at === 800 ? 60 : 0 })), []],
])('a soak with %s', (_what, samples, expected) => {
  expect(leaksOf(trendsOf(samples))).toEqual(expected);
});

test('a soak that measured no lag is not flat', () => {
  const samples = soak(() => ({})).map(({ lag: _, ...sample }) => sample);
  expect(leaksOf(trendsOf(samples))).toHaveLength(2);
});

test.runIf(process.platform === 'linux')('a process uses memory, handles and processor time', () => {
  const { memory, handles, cpu } = usageOf(process.pid)!;
  expect(memory).toBeGreaterThan(10);
  expect(handles).toBeGreaterThan(3);
  expect(cpu).toBeGreaterThan(0);
});

test('a process that has ended uses nothing', () => {
  expect(usageOf(2 ** 30)).toBeUndefined();
});
