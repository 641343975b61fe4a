import { parseArgs } from 'node:util';
import { projectionsIn } from '../projections/contexts.ts';
import { AlreadyBuildingError, PoisonedBuildError } from '../projections/kernel/build.ts';
import { discardRebuild, rebuild, withFreshViews } from '../projections/kernel/rebuild.ts';
import { showProgress } from '../projections/progress.ts';
import { SelectionError, selectProjections } from '../projections/select.ts';
import { interrupted, operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run replay -- NAME… | --context NAME | --all [--dry-run]`: makes views anew from history while the old ones
 * serve, then switches. Killed, it goes on the next time; interrupted, it takes away what it made. A dry run makes the
 * views, shows that history can be replayed, and leaves the live ones alone.
 */
const INTERRUPTED = 130;

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { context: { type: 'string' }, all: { type: 'boolean' }, 'dry-run': { type: 'boolean' } },
  });
  const signal = interrupted();
  try {
    process.exitCode = await operate(async ({ settings, client, db }) => {
      const known = projectionsIn(settings.PLAZA_CONTEXTS);
      const projections = selectProjections(known, { names: positionals, context: values.context, all: values.all });
      const label = projections.map(({ name }) => name).join(', ');
      const progress = showProgress(process.stdout, label);
      const options = { client, db, projections, signal, onProgress: progress.update };
      const replay = values['dry-run'] ? withFreshViews(options, null, async () => true) : rebuild(options);
      const done = await replay.finally(progress.end);
      if (done) {
        console.log(values['dry-run'] ? `${label}: can be replayed` : `${label}: replayed`);
        return 0;
      }
      if (!values['dry-run']) await discardRebuild({ ...options, signal: new AbortController().signal });
      console.log(`${label}: cancelled, the views are as they were`);
      return INTERRUPTED;
    });
  } catch (error) {
    const expected = [AlreadyBuildingError, PoisonedBuildError, SelectionError].some((kind) => error instanceof kind);
    if (!expected) throw error;
    console.error(`plaza: ${(error as Error).message}`);
    process.exitCode = 1;
  }
});
