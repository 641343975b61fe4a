import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { ProblemError, problems } from './problem.ts';

/** Runs work when there is room for it. @throws ProblemError 503 `overloaded` when too much waits already */
export type Admission = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * Admits a bounded amount of work.
 * @param running how much runs at once
 * @param waiting how much more waits for its turn, in order of arrival
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
