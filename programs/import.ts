import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readTail } from '../platform/event-store/tail.ts';
import { comparePositions, START } from '../platform/event-store/types.ts';
import { isAnyAlive } from '../platform/subscriptions/workers.ts';
import { showProgress } from '../projections/progress.ts';
import { contextSchemas } from './contexts.ts';
import { importAll } from './transfer/import.ts';
import { TransferError } from './transfer/manifest.ts';
import { argumentsOf } from './wiring/commands.ts';
import { INTERRUPTED, interrupted, type Operated, operate } from './wiring/operate.ts';
import { runningOn } from './wiring/running.ts';
import { readSettings } from './wiring/settings.ts';
import { main } from './wiring/shutdown.ts';

/** Removes the embedded stores that were created for an import that was refused. @param before what was in the folder */
const removeCreated = (folder: string, before: readonly string[] | undefined): void => {
  if (before?.some((name) => name.startsWith('events.sqlite'))) return;
  const created = before ? readdirSync(folder).filter((name) => !before.includes(name)) : ['.'];
  for (const name of created) rmSync(join(folder, name), { recursive: true, force: true });
};

/**
 * `npm run import -- FOLDER`: appends the events of an export to an empty Plaza that is stopped. The views follow at
 * its next start. After Ctrl-C or a kill the same command continues.
 */
const [folder = ''] = argumentsOf('import').positionals;

await main(async () => {
  const signal = interrupted();
  const data = resolve(readSettings().PLAZA_DATA);
  const before = existsSync(data) ? readdirSync(data) : undefined;
  let isRefused = false;
  const run = async ({ settings, client, db }: Operated) => {
    if (runningOn(settings.PLAZA_DATA) || (await isAnyAlive(db)))
      throw new TransferError('Plaza works on these stores: stop all of its processes before an import');
    const progress = showProgress(process.stdout, 'import');
    const options = { client, db, contexts: contextSchemas, folder, signal, onProgress: progress.update };
    const events = await importAll(options)
      .catch(async (error) => {
        isRefused = comparePositions(await readTail(client), START) === 0;
        throw error;
      })
      .finally(progress.end);
    if (events === null) {
      console.log('Interrupted: the same command continues the import');
      return INTERRUPTED;
    }
    console.log(`${events} events are imported; the views follow when Plaza starts`);
    return 0;
  };
  process.exitCode = await operate(run, { mayCreate: true }).catch((error) => {
    if (isRefused) removeCreated(data, before);
    throw error;
  });
});
