import type { Telemetry } from '../../platform/telemetry/telemetry.ts';
import type { WriteSideContext } from '../../write-side/context.ts';
import type { Settings } from './settings.ts';

/**
 * Opens the contexts' external services.
 * @throws SettingsError when a required service is not set
 */
export const openServices = async (contexts: readonly WriteSideContext[], settings: Settings) => {
  const all = (await Promise.all(contexts.map(({ services }) => services?.()))).filter((one) => one !== undefined);
  for (const { check } of all) check(settings);
  let reached = settings;
  const stops: (() => Promise<void>)[] = [];
  return {
    /** Starts stand-ins for services that are not set, in a process that runs every side. */
    async standIn(dataFolder: string): Promise<void> {
      for (const { standIn } of all) {
        const started = await standIn(reached, dataFolder);
        reached = { ...reached, ...started.settings };
        stops.push(started.stop);
      }
    },
    commands(telemetry: Telemetry) {
      const opened = all.map(({ commands }) => commands(reached, telemetry));
      return {
        steps: Object.assign({}, ...opened.map(({ steps }) => steps)),
        checks: Object.assign({}, ...opened.map(({ checks }) => checks)),
      };
    },
    processes() {
      const opened = all.map(({ processes }) => processes(reached));
      return {
        managers: opened.flatMap(({ managers }) => managers),
        perform: Object.assign({}, ...opened.map(({ perform }) => perform)),
        close: () => {
          for (const { close } of opened) close();
        },
      };
    },
    async stop(): Promise<void> {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
};
