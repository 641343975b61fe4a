import { parseArgs } from 'node:util';
import { showProgress } from '../projections/progress.ts';
import { contextSchemas } from './contexts.ts';
import { exportAll } from './transfer/export.ts';
import { INTERRUPTED, interrupted, operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run export -- FOLDER [--plain]`: writes all events (JSON Lines, CloudEvents 1.0) and views (CSV) into a folder,
 * while Plaza runs. Encrypted personal data stays encrypted unless `--plain`. After Ctrl-C or a kill the same command
 * continues.
 */
await main(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { plain: { type: 'boolean' } } });
  const [folder, ...others] = positionals;
  if (folder === undefined || others.length > 0) {
    console.error('plaza: npm run export -- FOLDER [--plain]');
    process.exitCode = 2;
    return;
  }
  const signal = interrupted();
  process.exitCode = await operate(async ({ client, db, keys }) => {
    const progress = showProgress(process.stdout, 'export');
    const { plain = false } = values;
    const options = { client, db, contexts: contextSchemas, folder, plain, signal, onProgress: progress.update };
    const manifest = await exportAll(options).finally(progress.end);
    if (!manifest) {
      console.log('Interrupted: the same command continues the export');
      return INTERRUPTED;
    }
    console.log(`${manifest.events} events and ${manifest.views.length} views are in ${folder}`);
    if (keys && !plain) console.log('Personal data is encrypted, and views are left out: --plain has both');
    return 0;
  });
});
