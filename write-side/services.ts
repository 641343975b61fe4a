import type { Check } from '../platform/http/health.ts';
import type { Telemetry } from '../platform/telemetry/telemetry.ts';
import type { Arounds } from './kernel/command-steps.ts';
import type { Processes } from './policies/run-policies.ts';

/**
 * The outside of a context: services that its commands and process managers call.
 * @template Settings the settings that it reads
 */
// biome-ignore lint/suspicious/noExplicitAny: a program has every setting; a context declares those that it reads
export type Outside<Settings = any> = {
  /** Refuses settings that name no service. @throws Error with the name SettingsError */
  check(settings: Settings): void;
  /**
   * Starts what stands in for a service that the settings do not name, in a process that runs every side.
   * @returns the settings that lead to it
   */
  standIn(settings: Settings, dataFolder: string): Promise<{ settings: Partial<Settings>; stop(): Promise<void> }>;
  /** Opens what the context's commands need. */
  commands(
    settings: Settings,
    telemetry: Pick<Telemetry, 'registry'>,
  ): { around: Arounds; checks: Readonly<Record<string, () => Promise<Check>>> };
  /** Opens the context's process managers. */
  processes(settings: Settings): Processes;
};
