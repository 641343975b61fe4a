import { collectDefaultMetrics, Registry } from 'prom-client';

/** Creates a process's metrics registry, with the default metrics of Node.js (memory, event loop, GC). */
export const createRegistry = (): Registry => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
};
