import { expect, test } from 'vitest';
import { checkLinearizable, type Operation } from './checkers/linearizable.ts';
import { BUGS } from './planted/bugs.ts';
import { textWith } from './planted/plant.ts';
import { ERASING, simulate } from './run-simulation.ts';

test('one seed gives the same trace in two processes, and breaks no rule', async () => {
  const args = ['--seed', ERASING, '--operations', '300'];
  const [one, two] = await Promise.all([simulate(...args), simulate(...args)]);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(two).toBe(one);
});

test.each(BUGS)('the planted bug fits the code: $name', (bug) => {
  expect(textWith(bug)).toContain(bug.replace);
});

type Register = Operation<number>;

const write = (value: number, from: number, to: number): Register => ({
  name: `w${value}`,
  from,
  to,
  apply: () => value,
});
const read = (value: number, from: number, to: number): Register => ({
  name: `r${value}`,
  from,
  to,
  apply: (state) => (state === value ? state : undefined),
});

test.each<[string, Register[], string | undefined]>([
  ['reads what was written', [write(1, 0, 1), read(1, 2, 3)], undefined],
  ['reads either of two concurrent writes', [write(1, 0, 5), write(2, 0, 5), read(1, 6, 7), read(1, 8, 9)], undefined],
  ['reads before a write that is in progress', [write(1, 0, 9), read(0, 2, 3), read(1, 4, 5)], undefined],
  ['does not read what was overwritten', [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)], 'r1'],
  ['does not go back', [write(1, 0, 9), read(1, 2, 3), read(0, 4, 5)], 'r0'],
])('a register %s', (_what, operations, expected) => {
  expect(checkLinearizable(operations, 0, String)).toBe(expected);
});
