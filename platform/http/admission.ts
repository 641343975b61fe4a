import { currentClient } from './client.ts';
import { fairQueue } from './fair-queue.ts';
import { ProblemError, problems } from './problem.ts';

/** Runs work when there is room for it. @throws ProblemError 503 `overloaded` when too much waits */
export type Admission = <Result>(work: () => Promise<Result>) => Promise<Result>;

type Turn = { take(): void; refuse(error: ProblemError): void };

/**
 * Admits a bounded amount of work. Clients take turns (see {@link currentClient}), so one that sends much waits for
 * itself and not others for it; when too much waits, the client with the most of it is refused.
 * @param running the most work that runs at once
 * @param waiting the most work that waits
 */
export const admission = (running: number, waiting = 0): Admission => {
  const queue = fairQueue<Turn>();
  let free = running;
  const turn = () =>
    new Promise<void>((take, refuse) => {
      queue.add(currentClient(), { take, refuse });
      if (queue.size > waiting) queue.evict()?.refuse(new ProblemError(problems.overloaded()));
    });
  return async (work) => {
    if (free > 0) free -= 1;
    else await turn();
    try {
      return await work();
    } finally {
      const next = queue.take();
      if (next) next.take();
      else free += 1;
    }
  };
};
