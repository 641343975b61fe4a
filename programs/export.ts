import { showProgress } from '../projections/progress.ts';
import { contextSchemas, projectionsOf } from './contexts.ts';
import { exportAll } from './transfer/export.ts';
import { argumentsOf } from './wiring/commands.ts';
import { INTERRUPTED, interrupted, operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run export -- FOLDER [--plain]`: writes all events (JSON Lines, CloudEvents 1.0) and views (CSV) into a folder,
 * while Plaza runs. Encrypted personal data stays encrypted unless `--plain`. After Ctrl-C or a kill the same command
 * continues.
 */
const {
  values: { plain = false },
  positionals: [folder = ''],
} = argumentsOf('export');

await main(async () => {
  const signal = interrupted();
  process.exitCode = await operate(async ({ settings, client, db, keys }) => {
    const projections = await projectionsOf(settings.PLAZA_CONTEXTS, settings.TIME_ZONE);
    const progress = showProgress(process.stdout, 'export');
    const manifest = await exportAll({
      client,
      db,
      contexts: contextSchemas,
      projections,
      folder,
      plain,
      signal,
      onProgress: progress.update,
      onLeftOut: (reason) => console.error(`plaza: left out: ${reason}`),
    }).finally(progress.end);
    if (!manifest) {
      console.log('Interrupted: the same command continues the export');
      return INTERRUPTED;
    }
    console.log(`${manifest.events} events and ${manifest.views.length} views are in ${folder}`);
    if (keys && !plain) console.log('Personal data is encrypted, and views are left out: --plain has both');
    return 0;
  });
});
