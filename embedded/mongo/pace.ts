import { setImmediate as nextTurn } from 'node:timers/promises';
import { CommandError } from './errors.ts';

const SLICE_MS = 8;

/** Yields to other connections, and ends work whose time limit is over. */
export type Pace = {
  /** Await it between steps. @throws CommandError 50 after the time limit */
  (): Promise<void> | undefined;
  /** Restarts the time limit: a cursor that waits for its client uses no time. */
  resume(): void;
  pause(): void;
};

/** @param maxTimeMS the time limit of the work in milliseconds; 0 is no limit */
export const pacer = (maxTimeMS = 0): Pace => {
  let left = maxTimeMS > 0 ? maxTimeMS : Infinity;
  let resumed = performance.now();
  let turn = resumed;
  const pace = () => {
    const now = performance.now();
    if (now - resumed > left) throw new CommandError(50, 'operation exceeded time limit');
    if (now - turn < SLICE_MS) return undefined;
    return nextTurn().then(() => {
      turn = performance.now();
    });
  };
  const resume = () => {
    resumed = performance.now();
    turn = resumed;
  };
  const pause = () => {
    left -= performance.now() - resumed;
  };
  return Object.assign(pace, { resume, pause });
};
