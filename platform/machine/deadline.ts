import { machine } from './machine.ts';

/**
 * Waits for a promise, but not for longer than that many milliseconds.
 * @param late makes the error for a promise that takes longer
 * @throws what the promise rejects with, or the error of `late`
 */
export const withDeadline = async <T>(promise: Promise<T>, milliseconds: number, late: () => Error): Promise<T> => {
  const over = Promise.withResolvers<never>();
  const timer = machine.setTimer(() => over.reject(late()), milliseconds);
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    machine.clearTimer(timer);
  }
};
