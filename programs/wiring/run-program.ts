import { createLog } from './log.ts';
import type { Host, Opened } from './open-program.ts';
import { readSettings } from './settings.ts';
import { fail, main, onShutdown } from './shutdown.ts';

/**
 * Runs a program as a process of its own until SIGTERM or SIGINT: its settings are the environment's, its log is
 * standard error, and a failure ends the process with code 1.
 * @param report reports that the program answers, in place of the log, which then has warnings only unless LOG_LEVEL is set
 */
export const runProgram = (
  name: string,
  open: (host: Host) => Promise<Opened>,
  report?: (ready: string) => void,
): Promise<void> =>
  main(async () => {
    const settings = readSettings(report ? { LOG_LEVEL: 'warn', ...process.env } : process.env);
    const log = createLog(settings.LOG_LEVEL, name);
    const { ready, drains, close } = await open({ settings, log, onFailure: fail });
    onShutdown(close, drains);
    if (report) report(ready);
    else log.info(ready);
  });
