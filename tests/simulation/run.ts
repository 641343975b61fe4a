import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { check } from './checkers/check.ts';
import { FAULTS, type Fault, simulate } from './simulate.ts';

/*
 * Simulates Plaza from one seed: `npm run simulate -- --seed N --operations N [--trace]`. The last line is the SHA-256
 * of everything that happened; the same seed gives the same one.
 */

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    operations: { type: 'string', default: '10000' },
    trace: { type: 'boolean', default: false },
  },
});

/** The operations of one world. Each world has its own seed, and starts from nothing. */
const MOST_IN_A_WORLD = 3_000;

type WorldOptions = { seed: string; operations: number; without?: readonly Fault[] };

/** Returns what must not be. */
const failuresOf = async (options: WorldOptions): Promise<string[]> => check(await simulate(options));

/** Looks for a smaller world that fails: with fewer operations, and without faults that the failure does not need. */
const reduce = async (failing: WorldOptions): Promise<WorldOptions> => {
  let smallest = failing;
  const isSmaller = async (smaller: WorldOptions) => {
    if ((await failuresOf(smaller)).length === 0) return false;
    smallest = smaller;
    return true;
  };
  for (const fault of FAULTS) await isSmaller({ ...smallest, without: [...(smallest.without ?? []), fault] });
  for (let step = smallest.operations / 2; step >= 1; step /= 2)
    await isSmaller({ ...smallest, operations: Math.ceil(smallest.operations - step) });
  return smallest;
};

const whole = createHash('sha256');
let left = Number(values.operations);
for (let index = 0; left > 0; index++) {
  const operations = Math.min(left, MOST_IN_A_WORLD);
  left -= operations;
  const seed = index === 0 ? values.seed : `${values.seed}-${index}`;
  const onLine = values.trace ? { onLine: (line: string) => void process.stdout.write(line) } : {};
  const history = await simulate({ seed, operations, ...onLine });
  whole.update(history.world.digest());
  const failures = check(history);
  if (failures.length === 0) continue;
  console.log(`The world ${seed} of ${operations} operations fails:\n${failures.slice(0, 10).join('\n')}`);
  const smallest = await reduce({ seed, operations });
  const without = (smallest.without ?? []).join(', ') || 'none';
  console.log(`It fails with ${smallest.operations} operations too. Left out faults: ${without}.`);
  const lines: string[] = [];
  await simulate({ ...smallest, onLine: (line) => void lines.push(line) });
  console.log(`Its last steps:\n${lines.slice(-40).join('')}`);
  process.exitCode = 1;
  break;
}
console.log(whole.digest('hex'));
