import { createHash } from 'node:crypto';
import { type Machine, machine } from '../../platform/machine/machine.ts';
import { type Random, randomOf } from './random.ts';
import { createScheduler, type Process, type Scheduler } from './scheduler.ts';

/** The time at which every simulation starts. */
const EPOCH = Date.UTC(2031, 0, 6, 9);
const LINES_IN_A_HASH = 1_000;

/** A world with one thread of time, whose seed decides everything. */
export type World = Scheduler & {
  readonly random: Random;
  /** Returns the time of day, in milliseconds since 1970. */
  now(): number;
  /** Sets every time of day ahead, as when all machines were asleep. */
  leap(milliseconds: number): void;
  /** Starts a process: everything that its function sets off belongs to it. */
  start(name: string, skew: number, main: (process: Process) => void): Process;
  /** Adds a line to the trace. */
  note(line: string): void;
  /** Returns the SHA-256 of the trace. */
  digest(): string;
};

/** @param onLine gets each line of the trace */
export const createWorld = (seed: string, onLine?: (line: string) => void): World => {
  const random = randomOf(seed);
  const trace = createHash('sha256');
  let lines = '';
  let count = 0;
  let ahead = 0;
  /** The process to which the step belongs that is being taken. */
  let current: Process | undefined;

  const note = (line: string) => {
    // A whole number is written ten times as fast as a fraction.
    const text = `${Math.round(scheduler.time * 1_000)} ${line}\n`;
    onLine?.(text);
    lines += text;
    count += 1;
    if (count < LINES_IN_A_HASH) return;
    trace.update(lines);
    lines = '';
    count = 0;
  };

  const scheduler = createScheduler(({ process, what }) => {
    current = process;
    note(process ? `${process.name} ${what}` : what);
  });

  const now = (skew = 0) => EPOCH + Math.floor(scheduler.time + ahead + skew);

  const hex = (digits: number): string =>
    random
      .below(16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  const uuid = (version: string): string => `${hex(8)}-${hex(4)}-${version}${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`;

  const simulated: Machine = {
    now: () => now(current?.skew),
    elapsed: () => scheduler.time,
    setTimer: (job, milliseconds) => scheduler.after(Math.max(1, milliseconds || 0), 'timer', job, current),
    clearTimer: (timer) => timer && scheduler.cancel(timer),
    nextTurn: (job) => void scheduler.after(0, 'turn', job, current),
    random: random.next,
    randomBytes: (count) => Buffer.from(Array.from({ length: count }, () => random.below(256))),
    uuid: () => uuid('4'),
    uuidv7: () => uuid('7'),
    processName: () => current?.name ?? 'world',
  };
  Object.assign(machine, simulated);

  return Object.assign(scheduler, {
    random,
    now: () => now(),
    leap(milliseconds: number) {
      note(`all clocks go ahead by ${milliseconds} ms`);
      ahead += milliseconds;
    },
    start(name: string, skew: number, main: (process: Process) => void) {
      const process: Process = { name, skew, isAlive: true, pausedUntil: 0 };
      scheduler.after(0, 'starts', () => main(process), process);
      return process;
    },
    note,
    digest: () => trace.copy().update(lines).digest('hex'),
  });
};
