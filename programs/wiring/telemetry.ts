import packageJson from '../../package.json' with { type: 'json' };
import { startTelemetry, type Telemetry } from '../../platform/telemetry/telemetry.ts';
import type { Settings } from './settings.ts';

/** A process's metrics and traces, as the settings want them. @param service the process: `write-side` */
export const telemetryOf = (settings: Settings, service: string): Promise<Telemetry> =>
  startTelemetry({
    service,
    version: packageJson.version,
    tracesTo: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
  });
