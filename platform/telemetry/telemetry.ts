import type { RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { metricsRoutes, requestMetrics } from './http.ts';
import { createRegistry } from './registry.ts';
import { startTracing, type Tracing } from './tracing.ts';

/** A process's metrics, and its traces when they are wanted. */
export type Telemetry = {
  registry: Registry;
  /** Undefined when nobody collects traces. */
  tracing: Tracing | undefined;
  /** What comes before everything else: measures each request. */
  handlers: readonly RequestHandler[];
  /** Answers `/metrics`. */
  routes: RequestHandler;
  stop(): Promise<void>;
};

export type TelemetryOptions = {
  /** The process: `write-side`. */
  service: string;
  /** Plaza's version. */
  version: string;
  /** Where traces go, by OTLP over HTTP; empty for no traces. */
  tracesTo: string;
  /** The share of traces that are kept, from 0 to 1. */
  ratio: number;
};

/** Begins to measure and, when they go anywhere, to trace. OpenTelemetry is loaded only then. */
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
