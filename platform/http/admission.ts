import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { ProblemError, problems } from './problem.ts';

/** Runs work when there is room for it. @throws ProblemError 503 `overloaded` when the queue is full */
export type Admission = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * Admits a bounded amount of work.
 * @param running the most work that runs at once
 * @param waiting the most work that waits, in order of arrival
 */
export const admission = (running: number, waiting = 0): Admission => {
  const room = bulkhead(running, waiting);
  return async (work) => {
    try {
      return await room.execute(work);
    } catch (error) {
      throw error instanceof BulkheadRejectedError ? new ProblemError(problems.overloaded()) : error;
    }
  };
};
