import type { RequestHandler } from 'express';
import packageJson from '../../package.json' with { type: 'json' };
import { createApp } from '../../platform/http/app.ts';
import { type Checks, healthRoutes, isReady } from '../../platform/http/health.ts';
import type { LogLine } from '../../platform/subscriptions/trouble.ts';
import { readyMetric } from '../../platform/telemetry/ready.ts';
import { startTelemetry, type Telemetry } from '../../platform/telemetry/telemetry.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { type Log, logFailures } from './log.ts';
import { serve } from './serve.ts';
import { requireSettings, type Settings } from './settings.ts';
import type { StoresOptions } from './stores.ts';

/** The settings, log and stores that a program takes from its process. */
export type Host = {
  settings: Settings;
  log: Log;
  /** Called when the program can work no longer, for example because its embedded stores cannot be restarted. */
  onFailure(error: unknown): void;
  /** Starts embedded stores; by default as a process of their own. */
  startStores?: StoresOptions['start'];
};

/** A program that has opened, and answers. */
export type Opened = {
  /** The address that it serves: `http://127.0.0.1:8088`. */
  url: string;
  /** Says for people that the program answers, and where. */
  ready: string;
  /** Additional milliseconds that `close` may take, for draining. */
  drains: number;
  /** Answers the accepted requests, then closes everything: no timer, connection or listener is left. */
  close(): Promise<void>;
};

type NumberSetting = { [Name in keyof Settings]: Settings[Name] extends number ? Name : never }[keyof Settings];

/** The means that the sides of a program share. */
export type Program = Host & {
  /** Logs a line for operators. */
  note: LogLine;
  onError: ReturnType<typeof logFailures>;
  telemetry: Telemetry;
  /** Closes what the sides have opened, in reverse order, once all requests are answered. */
  opened: AsyncDisposableStack;
};

/** The sides of a program, once they have started. */
export type Sides = {
  /** Returns every handler in order: the sides' own, `/metrics`, and `/livez` with `/readyz`. */
  handlers(metrics: RequestHandler, health: RequestHandler): readonly RequestHandler[];
  /** The schemas of the contexts whose paths are served. */
  schemas?: readonly ContextSchema[];
  /** Conditions for `/readyz`. */
  checks: Checks;
  /** Checks that `/readyz?verbose` shows and that do not make the process unready. */
  informational?: Checks;
  /** Milliseconds for which the process answers after SIGTERM, so that gateways choose another one. */
  drain?: number;
  /** Milliseconds that requests in flight may take on top of that. */
  inFlight?: number;
  /** Ends unlimited answers such as event streams. */
  endStreams?(): void;
  /** Runs before the first request is answered. */
  warmUp?(): Promise<void>;
  /** Returns the text that says that the program answers. */
  ready(url: string): string;
};

/**
 * Returns a function that opens a program in any process: `programs/` runs it as a process of its own, tests within
 * theirs. It listens first; requests wait until the sides have started. A program that cannot open leaves nothing open.
 * @param port the setting with its port
 * @param needs settings that must not be empty
 */
export const openProgram =
  (
    { name, port, needs = [] }: { name: string; port: NumberSetting; needs?: (keyof Settings)[] },
    start: (program: Program) => Promise<Sides>,
  ) =>
  async (host: Host): Promise<Opened> => {
    const { settings, log } = host;
    requireSettings(settings, needs);
    const onError = logFailures(log);
    const opened = new AsyncDisposableStack();
    try {
      const telemetry = await startTelemetry({
        service: name,
        version: packageJson.version,
        tracesTo: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
        ratio: settings.OTEL_TRACES_SAMPLER_ARG,
      });
      opened.defer(telemetry.stop);
      const serving = await serve(settings, settings[port]);
      opened.defer(serving.abort);
      const sides = await start({
        ...host,
        note: (line, level = 'info') => log[level](line),
        onError,
        telemetry,
        opened,
      });
      const { checks, informational = {}, drain = 0, inFlight = 0 } = sides;
      let stopping = false;
      const health = healthRoutes({ checks, informational, stopping: () => stopping });
      readyMetric(telemetry.registry, name, () => isReady({ checks, stopping: () => stopping }));
      const handlers = [...telemetry.handlers, ...sides.handlers(telemetry.routes, health)];
      await sides.warmUp?.();
      serving.handle(createApp(handlers, sides.schemas ?? [], onError));
      return {
        url: serving.url,
        ready: sides.ready(serving.url),
        drains: drain + inFlight,
        async close() {
          stopping = true;
          await serving.drain(drain);
          sides.endStreams?.();
          await serving.close();
          await opened.disposeAsync();
        },
      };
    } catch (error) {
      await opened.disposeAsync();
      throw error;
    }
  };
