import packageJson from '../../package.json' with { type: 'json' };
import { startTelemetry, type Telemetry } from '../../platform/telemetry/telemetry.ts';
import type { Settings } from './settings.ts';

/** Starts a process's metrics and traces. @param service the process: `write-side` */
export const telemetryOf = (settings: Settings, service: string): Promise<Telemetry> =>
  startTelemetry({
    service,
    version: packageJson.version,
    tracesTo: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
  });
