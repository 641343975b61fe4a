import { beginFaults, type Fault } from './faults.ts';
import { type Plaza, startPlaza } from './plaza.ts';
import { rest } from './rest.ts';
import { type Command, type Query, runClients } from './workload/clients.ts';
import { createWorld, type World } from './world.ts';

/** The answers that clients saw, and the contents of the stores after everything has come to rest. */
export type History = { commands: Command[]; queries: Query[]; world: World; plaza: Plaza; isAtRest: boolean };

export type SimulationOptions = {
  seed: string;
  /** Commands and queries of clients. */
  operations: number;
  /** Left out faults; the reducer finds those that a failure does not need. */
  without?: readonly Fault[];
  onLine?: (line: string) => void;
};

const START_WITHIN = 4_000;

/** Runs one world: clients and faults, then rest. */
export const simulate = async ({ seed, operations, without = [], onLine }: SimulationOptions): Promise<History> => {
  const world = createWorld(seed, onLine);
  const plaza = startPlaza(world);
  // In most worlds the views are built before the faults begin.
  await world.runUntil(world.random.chance(0.9) ? START_WITHIN : 0);
  const endFaults = beginFaults(world, plaza, without);
  const history = await runClients(world, plaza, operations);
  endFaults();
  return { ...history, world, plaza, isAtRest: await rest(plaza, world) };
};
