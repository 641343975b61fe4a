import type { Check } from '../platform/http/health.ts';
import type { Telemetry } from '../platform/telemetry/telemetry.ts';
import type { StepsByCommand } from './kernel/command-steps.ts';
import type { Processes } from './policies/run-policies.ts';

/**
 * The services that the commands and process managers of a context call.
 * @template Settings the settings that it reads
 */
// biome-ignore lint/suspicious/noExplicitAny: a program has every setting; a context declares those that it reads
export type Services<Settings = any> = {
  /** Refuses settings that name no service. @throws Error with the name SettingsError */
  check(settings: Settings): void;
  /**
   * Starts a stand-in for a service that the settings do not name, in a process that runs every side.
   * @returns the settings that lead to it
   */
  standIn(settings: Settings, dataFolder: string): Promise<{ settings: Partial<Settings>; stop(): Promise<void> }>;
  /** Opens the services that the commands need. */
  commands(
    settings: Settings,
    telemetry: Pick<Telemetry, 'registry'>,
  ): { steps: StepsByCommand; checks: Readonly<Record<string, () => Promise<Check>>> };
  /** Opens the services that the process managers need. */
  processes(settings: Settings): Processes;
};
