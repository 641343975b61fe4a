import type { RequestHandler } from 'express';
import packageJson from '../../package.json' with { type: 'json' };
import { createApp } from '../../platform/http/app.ts';
import { type Checks, healthRoutes } from '../../platform/http/health.ts';
import { startTelemetry, type Telemetry } from '../../platform/telemetry/telemetry.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { createLog, type Log, logFailures } from './log.ts';
import { serve } from './serve.ts';
import { readSettings, requireSettings, type Settings } from './settings.ts';
import { main, onShutdown } from './shutdown.ts';

type NumberSetting = { [Name in keyof Settings]: Settings[Name] extends number ? Name : never }[keyof Settings];

/** The process that the sides run in. */
export type Program = {
  settings: Settings;
  log: Log;
  info(line: string): void;
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
  /** Reports that the program answers. */
  announce(url: string): void;
};

/**
 * Runs a program until SIGTERM or SIGINT. It listens first; requests wait until the sides have started.
 * @param needs settings that must not be empty
 */
export const runProgram = (
  { name, port, needs = [] }: { name: string; port: NumberSetting; needs?: (keyof Settings)[] },
  start: (program: Program) => Promise<Sides>,
): Promise<void> =>
  main(async () => {
    const settings = readSettings();
    requireSettings(settings, needs);
    const log = createLog(settings.LOG_LEVEL, name);
    const onError = logFailures(log);
    const opened = new AsyncDisposableStack();
    const telemetry = await startTelemetry({
      service: name,
      version: packageJson.version,
      tracesTo: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
      ratio: settings.OTEL_TRACES_SAMPLER_ARG,
    });
    opened.defer(telemetry.stop);
    const serving = await serve(settings, settings[port]);
    const sides = await start({ settings, log, info: (line) => log.info(line), onError, telemetry, opened });
    const { checks, informational = {}, drain = 0, inFlight = 0 } = sides;
    let stopping = false;
    const health = healthRoutes({ checks, informational, stopping: () => stopping });
    const handlers = [...telemetry.handlers, ...sides.handlers(telemetry.routes, health)];
    const app = createApp(handlers, sides.schemas ?? [], onError);
    onShutdown(async () => {
      stopping = true;
      await serving.drain(drain);
      sides.endStreams?.();
      await serving.close();
      await opened.disposeAsync();
    }, drain + inFlight);
    await sides.warmUp?.();
    serving.handle(app);
    sides.announce(serving.url);
  });
