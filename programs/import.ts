import { isAnyAlive } from '../platform/subscriptions/workers.ts';
import { showProgress } from '../projections/progress.ts';
import { contextSchemas } from './contexts.ts';
import { importAll } from './transfer/import.ts';
import { TransferError } from './transfer/manifest.ts';
import { INTERRUPTED, interrupted, type Operated, onlyArgument, operate } from './wiring/operate.ts';
import { runningOn } from './wiring/running.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run import -- FOLDER`: appends the events of an export to an empty Plaza that is stopped. The views follow at
 * its next start. After Ctrl-C or a kill the same command continues.
 */
await main(async () => {
  const folder = onlyArgument('npm run import -- FOLDER');
  const signal = interrupted();
  const run = async ({ settings, client, db }: Operated) => {
    if (runningOn(settings.PLAZA_DATA) || (await isAnyAlive(db)))
      throw new TransferError('Plaza works on these stores: stop all of its processes before an import');
    const progress = showProgress(process.stdout, 'import');
    const options = { client, db, contexts: contextSchemas, folder, signal, onProgress: progress.update };
    const events = await importAll(options).finally(progress.end);
    if (events === null) {
      console.log('Interrupted: the same command continues the import');
      return INTERRUPTED;
    }
    console.log(`${events} events are imported; the views follow when Plaza starts`);
    return 0;
  };
  process.exitCode = await operate(run, { mayCreate: true });
});
