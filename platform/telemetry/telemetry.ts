import type { RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { metricsRoutes, requestMetrics } from './http.ts';
import { createRegistry } from './registry.ts';
import { startTracing, type Tracing } from './tracing.ts';

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

export type TelemetryOptions = {
  /** The name of the process: `write-side`. */
  service: string;
  version: string;
  /** URL of the OTLP collector (HTTP); empty for no traces. */
  tracesTo: string;
  /** The share of recorded traces, from 0 to 1. */
  ratio: number;
};

/** Starts metrics and, if `tracesTo` is set, traces. OpenTelemetry is loaded only then. */
export const startTelemetry = async ({ service, version, tracesTo, ratio }: TelemetryOptions): Promise<Telemetry> => {
  const registry = createRegistry();
  const tracing = tracesTo === '' ? undefined : await startTracing({ service, version, ratio });
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
