import { randomBytes, randomUUID, randomUUIDv7 } from 'node:crypto';
import { hostname } from 'node:os';

/** A timer that was set. */
export type Timer = object;

/** The time, timers, randomness and names that a process takes from its machine. */
export type Machine = {
  /** Returns the time of day, in milliseconds since 1970. */
  now(): number;
  /** Returns the milliseconds of a clock that is never set and continues while the process is paused. */
  elapsed(): number;
  /** Calls a function once. A timer with `ref: false` does not keep the process running. */
  setTimer(job: () => void, milliseconds: number, options?: { ref?: boolean }): Timer;
  clearTimer(timer: Timer | undefined): void;
  /** Calls a function when the work that is due now is done. */
  nextTurn(job: () => void): void;
  /** Returns a number from 0 up to, but not including, 1. */
  random(): number;
  /** Returns random bytes that nobody can guess: the key of a customer. */
  randomBytes(count: number): Buffer;
  /** Returns a random UUID of version 4. */
  uuid(): string;
  /** Returns a UUID of version 7: it begins with the time. */
  uuidv7(): string;
  /** Returns the name of the process, unique among those that run. */
  processName(): string;
};

/**
 * The machine on which the process runs. The sides take time, timers, randomness and names from here and from nowhere
 * else, so that a simulation decides all of them (docs/decisions/0117).
 */
export const machine: Machine = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimer(job, milliseconds, { ref = true } = {}) {
    const timer = setTimeout(job, milliseconds);
    return ref ? timer : timer.unref();
  },
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  nextTurn: (job) => void setImmediate(job),
  random: () => Math.random(),
  randomBytes: (count) => randomBytes(count),
  uuid: () => randomUUID(),
  uuidv7: () => randomUUIDv7(),
  processName: () => `${hostname()}-${process.pid}`,
};

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
