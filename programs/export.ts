import { showProgress } from '../projections/progress.ts';
import { contextSchemas } from './contexts.ts';
import { exportAll } from './transfer/export.ts';
import { INTERRUPTED, interrupted, onlyArgument, operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run export -- FOLDER`: writes all events (JSON Lines, CloudEvents 1.0) and views (CSV) into a folder, while Plaza
 * runs. After Ctrl-C or a kill the same command continues.
 */
await main(async () => {
  const folder = onlyArgument('npm run export -- FOLDER');
  const signal = interrupted();
  process.exitCode = await operate(async ({ client, db }) => {
    const progress = showProgress(process.stdout, 'export');
    const options = { client, db, contexts: contextSchemas, folder, signal, onProgress: progress.update };
    const manifest = await exportAll(options).finally(progress.end);
    if (!manifest) {
      console.log('Interrupted: the same command continues the export');
      return INTERRUPTED;
    }
    console.log(`${manifest.events} events and ${manifest.views.length} views are in ${folder}`);
    return 0;
  });
});
