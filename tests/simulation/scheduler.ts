import type { Timer } from '../../platform/machine/machine.ts';

/**
 * A simulated process. Its memory is what its functions refer to: a crash drops it, since nothing calls them any more.
 */
export type Process = {
  readonly name: string;
  isAlive: boolean;
  /** Virtual milliseconds until which nothing happens in it. */
  pausedUntil: number;
  /** The difference of its clock. */
  readonly skew: number;
};

/** Something that happens at a time: a request that arrives, an answer, a timer. */
export type Step = { at: number; order: number; process: Process | undefined; what: string; run: () => void };

/** Takes steps in the order of their times. Everything that a step sets off is done before the next one begins. */
export type Scheduler = {
  /** Virtual milliseconds since the start. */
  readonly time: number;
  /** Adds a step. It is left out when its process is dead by then. */
  after(milliseconds: number, what: string, run: () => void, process?: Process): Timer;
  cancel(timer: Timer): void;
  /** Takes the steps that are due until a time. */
  runUntil(time: number): Promise<void>;
  /** Takes steps while a condition holds, at most for some milliseconds. @returns whether it stopped holding */
  runWhile(goesOn: () => boolean, atMost: number): Promise<boolean>;
};

/**
 * Steps for one turn of the event loop. Between two immediates, Node runs every promise that is due, and a turn costs
 * more than a step.
 */
const STEPS_IN_A_TURN = 64;

const isBefore = (a: Step, b: Step) => a.at < b.at || (a.at === b.at && a.order < b.order);

const push = (heap: Step[], step: Step): void => {
  let at = heap.push(step) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(step, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = step;
};

const pop = (heap: Step[]): Step => {
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

const canceled = () => {};

/** @param begin is called with each step before it runs */
export const createScheduler = (begin: (step: Step) => void): Scheduler => {
  const heap: Step[] = [];
  let time = 0;
  let order = 0;

  /** Takes the next step. Steps of a paused process come after its pause, in their order. */
  const take = (): void => {
    const step = pop(heap);
    const { process } = step;
    if (step.run === canceled || process?.isAlive === false) return;
    if (process && process.pausedUntil > step.at) {
      step.at = process.pausedUntil;
      step.order = order++;
      push(heap, step);
      return;
    }
    time = step.at;
    begin(step);
    step.run();
  };

  const runWhile: Scheduler['runWhile'] = (goesOn, atMost) =>
    new Promise((resolve) => {
      const end = time + atMost;
      let isOver = false;
      const stop = (holds: boolean) => {
        isOver = true;
        resolve(holds);
      };
      const next = () => {
        if (isOver) return;
        if (!goesOn()) stop(true);
        else if (heap.length === 0 || heap[0]!.at > end) stop(false);
        else take();
      };
      const turn = () => {
        if (isOver) return;
        for (let count = 0; count < STEPS_IN_A_TURN; count++) setImmediate(next);
        setImmediate(turn);
      };
      turn();
    });

  return {
    get time() {
      return time;
    },
    after(milliseconds, what, run, process) {
      const step = { at: time + Math.max(0, milliseconds), order: order++, process, what, run };
      push(heap, step);
      return step;
    },
    cancel(timer) {
      (timer as Step).run = canceled;
    },
    async runUntil(until) {
      await runWhile(() => true, until - time);
      time = Math.max(time, until);
    },
    runWhile,
  };
};
