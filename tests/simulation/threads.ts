import { Worker } from 'node:worker_threads';
import type { Ran } from './run-world.ts';
import type { SimulationOptions } from './simulate.ts';

export type WorldOptions = Omit<SimulationOptions, 'onLine'>;

/** The operations of one world. Each world starts from nothing. */
const MOST_IN_A_WORLD = 4_000;

/** Returns the worlds of a run; each has a seed of its own that derives from the run's. */
export const worldsOf = (seed: string, operations: number): WorldOptions[] =>
  Array.from({ length: Math.ceil(operations / MOST_IN_A_WORLD) }, (_, index) => ({
    seed: index === 0 ? seed : `${seed}-${index}`,
    operations: Math.min(MOST_IN_A_WORLD, operations - index * MOST_IN_A_WORLD),
  }));

/** Starts a thread that runs worlds. An error that nobody handles is a failure of its world. */
export const startThread = (bug?: string) => {
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { bug } });
  let running: PromiseWithResolvers<Ran> | undefined;
  worker.on('message', (ran: Ran) => running?.resolve(ran));
  worker.on('error', (error) => running?.resolve({ digest: '', failures: [`the process ends: ${String(error)}`] }));
  return {
    run(world: WorldOptions): Promise<Ran> {
      running = Promise.withResolvers();
      worker.postMessage(world);
      return running.promise;
    },
    stop: () => worker.terminate(),
  };
};
