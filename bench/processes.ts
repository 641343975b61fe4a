import { readdirSync, readFileSync } from 'node:fs';

const TICKS_A_SECOND = 100;
const KIB_A_MIB = 1024;

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // The process or thread has ended.
  }
};

/** The fields of a stat file behind the name, which may contain spaces (proc(5)). */
const statOf = (path: string): string[] =>
  read(path)
    .replace(/^.*\) /s, '')
    .split(' ');

/** The seconds of CPU in a stat file; NaN where there is none. */
const secondsOf = (path: string): number => {
  const fields = statOf(path);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
};

/** Returns the seconds of CPU that a process has used so far; NaN where there is no /proc. */
export const cpuSeconds = (pid: number | undefined): number => secondsOf(`/proc/${pid}/stat`);

/** Returns the Node.js processes that a process started, itself included, without npm and its shell. */
export const familyOf = (root: number): number[] => {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid)) parents.set(pid, Number(statOf(`/proc/${pid}/stat`)[1]));
  }
  const childrenOf = (pid: number): number[] =>
    [...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...childrenOf(child)]);
  return [root, ...childrenOf(root)].filter((pid) => /^\S*node\0/.test(read(`/proc/${pid}/cmdline`)));
};

/** Returns the name of a process of the pipeline, by the program that it runs. */
const roleOf = (pid: number): string => {
  const command = read(`/proc/${pid}/cmdline`);
  if (command.includes('embedded/main')) return 'stores';
  if (command.includes('payment-sandbox')) return 'provider';
  return /\0(write-side|policies|projections|read-api|gateway)\0/.exec(command)?.[1] ?? 'server';
};

/** The collector's threads also compile; the pool reads files, compresses and hashes. */
const THREADS: Readonly<Record<string, string>> = {
  'node-MainThread': 'main',
  'node-V8Worker': 'collector',
  WorkerThread: 'worker',
  'libuv-worker': 'pool',
};

/** Returns the seconds of CPU that processes have used so far, by process and thread: `server, main`. */
export const threadSeconds = (pids: readonly number[]): Map<string, number> => {
  const used = new Map<string, number>();
  for (const pid of pids) {
    const role = roleOf(pid);
    let threads: string[] = [];
    try {
      threads = readdirSync(`/proc/${pid}/task`);
    } catch {}
    for (const thread of threads) {
      const path = `/proc/${pid}/task/${thread}`;
      const name = `${role}, ${THREADS[read(`${path}/comm`).trim()] ?? 'other'}`;
      used.set(name, (used.get(name) ?? 0) + (secondsOf(`${path}/stat`) || 0));
    }
  }
  return used;
};

/** Returns the microseconds of CPU that each thread has used since, for each of a number of things, and `all`. */
export const microsecondsEach = (
  pids: readonly number[],
  before: ReadonlyMap<string, number>,
  count: number,
): Map<string, number> => {
  const each = [...threadSeconds(pids)]
    .map(([thread, used]) => [thread, ((used - (before.get(thread) ?? 0)) / count) * 1e6] as const)
    .filter(([, used]) => used > 0);
  return new Map([['all', each.reduce((sum, [, used]) => sum + used, 0)], ...each]);
};

/** Returns the resident memory of processes in MiB. */
export const residentMiB = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0), 0) / KIB_A_MIB;
