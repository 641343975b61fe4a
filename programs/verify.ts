import { selectProjections } from '../projections/select.ts';
import { verifyViews } from '../projections/verify.ts';
import { projectionsOf } from './contexts.ts';
import { argumentsOf } from './wiring/commands.ts';
import { INTERRUPTED, interrupted, operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run verify [-- NAME… | --context NAME]`: compares the read models with a fresh replay of history and prints
 * every document that differs. Exit code 0 when none does and every view is built.
 */
const SHOWN = 20;

const { values, positionals } = argumentsOf('verify');

await main(async () => {
  const signal = interrupted();
  process.exitCode = await operate(async ({ settings, client, db }) => {
    const known = await projectionsOf(settings.PLAZA_CONTEXTS, settings.TIME_ZONE);
    const all = positionals.length === 0 && values.context === undefined;
    const projections = selectProjections(known, { names: positionals, context: values.context, all });
    const results = await verifyViews({ client, db, projections, signal });
    if (!results) return INTERRUPTED;
    for (const { view, isBuilt, documents, position, differences } of results) {
      if (!isBuilt) {
        console.log(`${view}: never built`);
        continue;
      }
      console.log(`${view}: ${documents} documents at ${position}, ${differences.length} differ`);
      for (const { id, live, fresh } of differences.slice(0, SHOWN))
        console.log(`  ${id}\n    view   ${JSON.stringify(live)}\n    replay ${JSON.stringify(fresh)}`);
    }
    return results.every(({ isBuilt, differences }) => isBuilt && differences.length === 0) ? 0 : 1;
  });
});
