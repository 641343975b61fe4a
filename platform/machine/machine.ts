import { randomBytes, randomUUID, randomUUIDv7 } from 'node:crypto';
import { hostname } from 'node:os';

/** A timer that was set. */
export type Timer = object;

/**
 * The machine on which the process runs. The sides take time, timers, randomness and names from here and from nowhere
 * else, so that a simulation decides all of them (docs/decisions/0117).
 */
export const machine = {
  /** Returns the time of day, in milliseconds since 1970. */
  now: (): number => Date.now(),
  /** Returns the milliseconds of a clock that is never set and continues while the process is paused. */
  elapsed: (): number => performance.now(),
  /**
   * Calls a function once, at once for a moment that has passed: a caller's clock moves on while it computes the rest. A
   * timer with `ref: false` does not keep the process running.
   */
  setTimer(job: () => void, milliseconds: number, { ref = true }: { ref?: boolean } = {}): Timer {
    const timer = setTimeout(job, Math.max(0, milliseconds));
    return ref ? timer : timer.unref();
  },
  clearTimer: (timer: Timer | undefined): void => clearTimeout(timer as NodeJS.Timeout | undefined),
  /** Calls a function when the work that is due now is done. */
  nextTurn: (job: () => void): void => void setImmediate(job),
  /** Returns a number from 0 up to, but not including, 1. */
  random: (): number => Math.random(),
  /** Returns random bytes that nobody can guess: the key of a customer. */
  randomBytes: (count: number): Buffer => randomBytes(count),
  /** Returns a random UUID of version 4. */
  uuid: (): string => randomUUID(),
  /** Returns a UUID of version 7: it begins with the time. */
  uuidv7: (): string => randomUUIDv7(),
  /** Returns the name of the process, unique among those that run. */
  processName: (): string => `${hostname()}-${process.pid}`,
};

/** The time, timers, randomness and names that a process takes from its machine. */
export type Machine = typeof machine;

/** Waits for some milliseconds, or until the signal. Never rejects. */
export const pause = (
  milliseconds: number,
  { signal, ...options }: { signal?: AbortSignal | undefined; ref?: boolean } = {},
): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const over = () => {
      signal?.removeEventListener('abort', over);
      machine.clearTimer(timer);
      resolve();
    };
    const timer = machine.setTimer(over, milliseconds, options);
    signal?.addEventListener('abort', over);
  });
