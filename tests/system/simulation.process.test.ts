import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BUGS } from '../simulation/planted/bugs.ts';
import { ERASING, simulate } from '../simulation/run-simulation.ts';

test.each([
  ['a world', '1', '2000'],
  ['a world that erases a customer', ERASING, '600'],
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

const quick = BUGS.filter(({ isRare }) => !isRare);
const day = Math.floor(Date.now() / 86_400_000);
const ofTheDay = [0, 1, 2].map((nth) => quick[(day * 3 + nth) % quick.length]!);

test.each(ofTheDay)('the simulation finds a planted bug of the day: $name', async ({ name }) => {
  expect(await simulate('--planted', name)).toContain(`${name}: found after`);
});
