import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, hash } from 'node:crypto';
import { type Machine, machine, type Timer } from '../../platform/machine/machine.ts';
import { type Random, randomOf } from './random.ts';

/** A simulated process. Its memory is what its functions refer to: a crash drops it, since nothing calls them any more. */
export type Process = {
  readonly name: string;
  isAlive: boolean;
  /** Virtual milliseconds until which nothing happens in it. */
  pausedUntil: number;
  /** The difference of its clock. */
  readonly skew: number;
};

type Step = { at: number; order: number; process: Process | undefined; what: string; run: () => void };

/** The time at which every simulation starts. */
const EPOCH = Date.UTC(2031, 0, 6, 9);

/**
 * A world with one thread of time. All that happens is a step: a request that arrives, an answer, a timer. The seed
 * decides when each is due, and everything that a step sets off is done before the next one begins.
 */
export type World = {
  readonly random: Random;
  /** Virtual milliseconds since the start. */
  readonly time: number;
  /** Returns the time of day, in milliseconds since 1970. */
  now(): number;
  /** Sets every time of day ahead, as when all machines were asleep. */
  leap(milliseconds: number): void;
  /** Adds a step. It is left out when its process is dead by then. */
  after(milliseconds: number, what: string, run: () => void, process?: Process): Timer;
  cancel(timer: Timer): void;
  /** Starts a process: everything that its function sets off belongs to it. */
  start(name: string, skew: number, main: (process: Process) => void): Process;
  /** Runs a function as a part of a process. */
  inside<Result>(process: Process, job: () => Result): Result;
  /** Takes the steps that are due until a time. */
  runUntil(time: number): Promise<void>;
  /** Runs until a condition holds, at most for some milliseconds. @returns whether it holds */
  runWhile(goesOn: () => boolean, atMost: number): Promise<boolean>;
  note(line: string): void;
  /** The number of steps, and the SHA-256 of all of them. */
  readonly steps: number;
  digest(): string;
};

const current = new AsyncLocalStorage<Process>();

/** Resolves when everything that the last step set off is done: promises come before the next turn of the event loop. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @param onLine gets each line of the trace */
export const createWorld = (seed: string, onLine?: (line: string) => void): World => {
  const random = randomOf(seed);
  const heap: Step[] = [];
  const canceled = new WeakSet<object>();
  const trace = createHash('sha256');
  let lines: string[] = [];
  let time = 0;
  let ahead = 0;
  let order = 0;
  let steps = 0;
  let ids = 0;

  const note = (line: string) => {
    const text = `${time.toFixed(3)} ${line}\n`;
    onLine?.(text);
    lines.push(text);
    if (lines.length < 1_000) return;
    trace.update(lines.join(''));
    lines = [];
  };

  const isBefore = (a: Step, b: Step) => a.at < b.at || (a.at === b.at && a.order < b.order);

  const push = (step: Step) => {
    let at = heap.push(step) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(step, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = step;
  };

  const pop = (): Step => {
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  };

  const after: World['after'] = (milliseconds, what, run, process) => {
    const step = { at: time + Math.max(0, milliseconds), order: order++, process, what, run };
    push(step);
    return step;
  };

  const cancel = (timer: Timer) => void canceled.add(timer);

  const take = async (step: Step): Promise<void> => {
    const { process } = step;
    if (canceled.has(step) || process?.isAlive === false) return;
    if (process && process.pausedUntil > step.at) {
      push(Object.assign(step, { at: process.pausedUntil, order: order++ }));
      return;
    }
    time = step.at;
    steps += 1;
    note(process ? `${process.name} ${step.what}` : step.what);
    if (process) current.run(process, step.run);
    else step.run();
    await settled();
  };

  const uuid = (version: string): string => {
    const digits = hash('sha256', `${seed} ${ids++}`);
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${version}${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
  };

  const now = (skew = 0) => EPOCH + Math.floor(time + ahead + skew);

  const simulated: Machine = {
    now: () => now(current.getStore()?.skew),
    elapsed: () => time,
    setTimer: (job, milliseconds) => after(Math.max(1, milliseconds || 0), 'timer', job, current.getStore()),
    clearTimer: (timer) => timer && cancel(timer),
    nextTurn: (job) => void after(0, 'turn', job, current.getStore()),
    random: random.next,
    uuid: () => uuid('4'),
    uuidv7: () => uuid('7'),
    processName: () => current.getStore()?.name ?? 'world',
  };
  Object.assign(machine, simulated);

  const runWhile: World['runWhile'] = async (goesOn, atMost) => {
    const end = time + atMost;
    while (goesOn()) {
      if (heap.length === 0 || heap[0]!.at > end) return false;
      await take(pop());
    }
    return true;
  };

  return {
    random,
    get time() {
      return time;
    },
    now: () => now(),
    leap(milliseconds) {
      note(`all clocks go ahead by ${milliseconds} ms`);
      ahead += milliseconds;
    },
    after,
    cancel,
    start(name, skew, main) {
      const process: Process = { name, skew, isAlive: true, pausedUntil: 0 };
      current.run(process, () => main(process));
      return process;
    },
    inside: (process, job) => current.run(process, job),
    async runUntil(until) {
      while (heap.length > 0 && heap[0]!.at <= until) await take(pop());
      time = Math.max(time, until);
    },
    runWhile,
    note,
    get steps() {
      return steps;
    },
    digest: () => trace.copy().update(lines.join('')).digest('hex'),
  };
};
