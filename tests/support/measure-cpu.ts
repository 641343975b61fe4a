import { readdirSync, readFileSync } from 'node:fs';
import { afterAll } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Milliseconds of CPU that a file took: those of its worker, and of the processes that it started. */
    cpu?: number;
  }
}

const MILLISECONDS_PER_TICK = 10;

/** Returns what a read gives, or nothing when the process or thread has ended, or the system has no such files. */
const ifThere = <T>(read: () => readonly T[]): readonly T[] => {
  try {
    return read();
  } catch {
    return [];
  }
};

/** Returns the ticks of CPU of a process, of its children that have ended, and of those that still run. */
const ticksOf = (pid: string): number => {
  // proc(5): utime, stime, cutime and cstime are fields 14 to 17; the name before them may contain spaces.
  const fields = ifThere(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' '));
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
  const childrenOf = (thread: string) =>
    ifThere(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').match(/\d+/g) ?? []);
  const children = ifThere(() => readdirSync(`/proc/${pid}/task`)).flatMap(childrenOf);
  return children.reduce((sum, child) => sum + ticksOf(child), own);
};

/** Returns the milliseconds of CPU of this process and of all that it has started: a browser outlives a file. */
const cpuTime = (): number => {
  const { user, system } = process.cpuUsage();
  return ticksOf('self') * MILLISECONDS_PER_TICK || (user + system) / 1000;
};

const before = cpuTime();

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from it
afterAll(({}, { meta }) => {
  meta.cpu = cpuTime() - before;
});
