import { collectDefaultMetrics, Registry } from 'prom-client';

/** A process's metrics, under Prometheus' names and units; those of Node.js itself (memory, event loop, GC) are in it. */
export const createRegistry = (): Registry => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
};
