import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { checkLinearizable, type Operation } from './checkers/linearizable.ts';
import { BUGS } from './planted/bugs.ts';
import { textWith } from './planted/plant.ts';

const program = join(import.meta.dirname, 'run.ts');
const run = promisify(execFile);

/** Runs a simulation in a process of its own. @returns what it prints @throws with the failures */
const simulate = async (...args: string[]): Promise<string> =>
  (await run(process.execPath, [program, ...args, '--threads', '1'])).stdout.trim();

test.each([
  ['a world', '1', '2000'],
  ['a world that erases a customer', 'q-4', '600'],
])('one seed gives the same trace of %s in two processes, and breaks no rule', async (_which, seed, operations) => {
  const args = ['--seed', seed, '--operations', operations];
  const [one, two] = await Promise.all([simulate(...args), simulate(...args)]);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(two).toBe(one);
});

test('a run that was stopped continues, and has the result of a run that was not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'simulation-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'progress');
  const args = ['--seed', '2', '--operations', '4010', '--progress', file];
  const whole = await simulate(...args);
  const [first, ...worlds] = (await readFile(file, 'utf8')).trim().split('\n');
  expect(worlds).toHaveLength(2);
  await writeFile(file, `${first}\n${worlds[0]}\n`);
  expect(await simulate(...args)).toBe(whole);
  expect(await readFile(file, 'utf8')).toContain(worlds[1]);
  await expect(simulate('--seed', '3', '--progress', file)).rejects.toThrow('is of another run');
});

test.each(BUGS)('the planted bug fits the code: $name', (bug) => {
  expect(textWith(bug)).toContain(bug.replace);
});

const quick = BUGS.filter(({ isRare }) => !isRare);
const day = Math.floor(Date.now() / 86_400_000);
const ofTheDay = [0, 1, 2].map((nth) => quick[(day * 3 + nth) % quick.length]!);

test.each(ofTheDay)('the simulation finds a planted bug of the day: $name', async ({ name }) => {
  expect(await simulate('--planted', name)).toContain(`${name}: found after`);
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
