import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { argumentsOf } from '../../programs/wiring/commands.ts';
import { FAULTS } from './faults.ts';
import { BUGS } from './planted/bugs.ts';
import { bugNamed } from './planted/plant.ts';
import { type Ran, runWorld } from './run-world.ts';
import { startThread, type WorldOptions, worldsOf } from './threads.ts';

/*
 * Simulates Plaza from one seed: `npm run simulate -- --seed N --operations N [--trace]`. The last line is the SHA-256
 * of everything that happened; the same seed gives the same one. With `--planted` it prints after how many operations
 * it finds each planted bug, or the one that is named. With `--progress FILE` a run that was stopped continues: the
 * file gets the digest of each world that kept all rules.
 */

const { values, positionals } = argumentsOf('simulate');
const { seed = '1', threads = String(availableParallelism()) } = values;

/** Looks for a smaller world that fails: with fewer operations, and without faults that the failure does not need. */
const reduce = async (failing: WorldOptions): Promise<WorldOptions> => {
  let smallest = failing;
  const isSmaller = async (smaller: WorldOptions) => {
    if ((await runWorld(smaller)).failures.length > 0) smallest = smaller;
  };
  for (const fault of FAULTS) await isSmaller({ ...smallest, without: [...(smallest.without ?? []), fault] });
  for (let step = smallest.operations / 2; step >= 1; step /= 2)
    await isSmaller({ ...smallest, operations: Math.ceil(smallest.operations - step) });
  return smallest;
};

const explain = async (failing: WorldOptions, failures: readonly string[]): Promise<void> => {
  console.log(`The world ${failing.seed} of ${failing.operations} operations fails:`);
  console.log(failures.slice(0, 10).join('\n'));
  const smallest = await reduce(failing);
  const without = (smallest.without ?? []).join(', ') || 'none';
  console.log(`It fails with ${smallest.operations} operations too. Left out faults: ${without}.`);
  const lines: string[] = [];
  await runWorld({ ...smallest, onLine: (line) => void lines.push(line) });
  console.log(`Its last steps:\n${lines.slice(-40).join('')}`);
};

/** Does jobs with several workers, each taking the next job. @param isOver ends the work early */
const share = async <Job>(
  jobs: readonly Job[],
  work: () => { run(job: Job): Promise<void>; stop(): unknown },
  isOver = () => false,
): Promise<void> => {
  let next = 0;
  const worker = async () => {
    const { run, stop } = work();
    while (next < jobs.length && !isOver()) await run(jobs[next++]!);
    await stop();
  };
  await Promise.all(Array.from({ length: Math.min(Number(threads), jobs.length) }, worker));
};

/** Returns the worlds that an earlier run with the same file has done, each at its index. Refuses the file of another. */
const readProgress = (file: string, run: string): Ran[] => {
  if (!existsSync(file)) writeFileSync(file, `${run}\n`);
  const [first, ...lines] = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  if (first !== run) throw new Error(`${file} is of another run: ${first}, not ${run}`);
  const done: Ran[] = [];
  for (const line of lines) {
    const [index, digest] = line.split(' ');
    done[Number(index)] = { digest: digest!, failures: [] };
  }
  return done;
};

/** Runs worlds until one fails. */
const simulateAll = async (operations: number): Promise<void> => {
  const worlds = worldsOf(seed, operations);
  const { progress } = values;
  const ran = progress === undefined ? [] : readProgress(progress, `seed ${seed}, ${operations} operations`);
  const print = (line: string) => void process.stdout.write(line);
  let hasFailed = false;
  const inThread = () => {
    const thread = startThread();
    return {
      async run(index: number) {
        const one = await thread.run(worlds[index]!);
        ran[index] = one;
        if (one.failures.length > 0) hasFailed = true;
        else if (progress !== undefined) appendFileSync(progress, `${index} ${one.digest}\n`);
      },
      stop: thread.stop,
    };
  };
  if (values.trace)
    for (const [index, world] of worlds.entries()) ran[index] = await runWorld({ ...world, onLine: print });
  else
    await share(
      [...worlds.keys()].filter((index) => !ran[index]),
      inThread,
      () => hasFailed,
    );
  const failed = ran.findIndex((one) => one.failures.length > 0);
  if (failed >= 0) {
    await explain(worlds[failed]!, ran[failed]!.failures);
    process.exitCode = 1;
  }
  const whole = createHash('sha256');
  for (const { digest } of failed < 0 ? ran : ran.slice(0, failed + 1)) whole.update(digest);
  console.log(whole.digest('hex'));
};

/** Prints after how many operations each planted bug is found. */
const findPlanted = async (names: readonly string[], operations: number): Promise<void> => {
  const bugs = names.length > 0 ? names.map(bugNamed) : BUGS;
  let found = 0;
  const find = async ({ name }: { name: string }) => {
    const thread = startThread(name);
    let done = 0;
    for (const world of worldsOf(`${seed} ${name}`, operations)) {
      const { failures } = await thread.run(world);
      done += world.operations;
      if (failures.length === 0) continue;
      found += 1;
      console.log(`${name}: found after ${done} operations: ${failures[0]!.slice(0, 200)}`);
      await thread.stop();
      return;
    }
    console.log(`${name}: NOT found in ${done} operations`);
    await thread.stop();
  };
  await share(bugs, () => ({ run: find, stop() {} }));
  console.log(`${found} of ${bugs.length} planted bugs found`);
  if (found < bugs.length * 0.95) process.exitCode = 1;
};

if (values.planted) await findPlanted(positionals, Number(values.operations ?? 200_000));
else await simulateAll(Number(values.operations ?? 10_000));
