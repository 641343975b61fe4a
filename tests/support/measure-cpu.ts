import { readFileSync } from 'node:fs';
import { afterAll } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Milliseconds of CPU that a file took: those of its worker, and of the processes that it started and ended. */
    cpu?: number;
  }
}

const MILLISECONDS_PER_TICK = 10;

/** Returns the milliseconds of CPU of this process and of those that it has started and that have ended. */
const cpuTime = (): number => {
  try {
    // proc(5): utime, stime, cutime and cstime are fields 14 to 17; the name before them may contain spaces.
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MILLISECONDS_PER_TICK;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
};

const before = cpuTime();

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from it
afterAll(({}, { meta }) => {
  meta.cpu = cpuTime() - before;
});
