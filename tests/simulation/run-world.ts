import { check } from './checkers/check.ts';
import { type SimulationOptions, simulate } from './simulate.ts';

/** The outcome of a world: the SHA-256 of its trace, and the broken rules. */
export type Ran = { digest: string; failures: string[] };

export const runWorld = async (options: SimulationOptions): Promise<Ran> => {
  const history = await simulate(options);
  return { digest: history.world.digest(), failures: check(history) };
};
