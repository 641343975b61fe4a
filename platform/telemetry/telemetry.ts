import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { metricsRoutes, requestMetrics } from './http.ts';
import type { Tracing, TracingOptions } from './tracing.ts';

/** A process's metrics, and its traces if they are exported. */
export type Telemetry = {
  registry: Registry;
  /** Undefined when no traces are exported. */
  tracing: Tracing | undefined;
  /** Measures each request; comes before all other handlers. */
  handlers: readonly RequestHandler[];
  /** Answers `/metrics`. */
  routes: RequestHandler;
  stop(): Promise<void>;
};

let ofProcess: Registry | undefined;

/** Returns the default metrics of Node.js, which a process collects once, whatever it opens. */
const processMetrics = (): Registry => {
  if (!ofProcess) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
};

/**
 * Starts metrics, with the default ones of Node.js (memory, event loop, GC), and, unless `tracesTo` is empty, traces.
 * OpenTelemetry is loaded only then.
 */
export const startTelemetry = async (options: TracingOptions): Promise<Telemetry> => {
  const registry = new Registry();
  for (const metric of processMetrics().getMetricsAsArray()) registry.registerMetric(metric as never);
  const tracing = options.tracesTo === '' ? undefined : await (await import('./tracing.ts')).startTracing(options);
  return {
    registry,
    tracing,
    handlers: [requestMetrics(registry), ...(tracing ? [tracing.requests] : [])],
    routes: metricsRoutes(registry),
    async stop() {
      await tracing?.stop();
    },
  };
};
