import { discardRebuild, rebuild, withFreshViews } from '../projections/kernel/rebuild.ts';
import { showProgress } from '../projections/progress.ts';
import { selectProjections } from '../projections/select.ts';
import { projectionsOf } from './contexts.ts';
import { argumentsOf } from './wiring/commands.ts';
import { INTERRUPTED, interrupted, operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run replay -- NAME…
 * --context NAME
 * --all [--dry-run]`: rebuilds views from history while the old ones serve, then switches. After a kill the next run
 * continues; after an interruption the new views are removed. A dry run shows that history can be replayed, and changes
 * no view.
 */
const { values, positionals } = argumentsOf('replay');

await main(async () => {
  const signal = interrupted();
  process.exitCode = await operate(async ({ settings, client, db }) => {
    const known = await projectionsOf(settings.PLAZA_CONTEXTS, settings.TIME_ZONE);
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
});
