import { buildPage } from '../web/build.ts';
import { argumentsOf } from './wiring/commands.ts';
import { fail } from './wiring/shutdown.ts';

/** `npm run build` builds the page. `npm start` runs it first, with `--if-needed`, and starts even if that fails. */
const { 'if-needed': ifNeeded = false } = argumentsOf('build').values;
const began = performance.now();
try {
  if (await buildPage({ always: !ifNeeded }))
    console.log(`Built the control centre's page in ${Math.round(performance.now() - began)} ms`);
} catch (error) {
  if (!ifNeeded) fail(error);
  console.warn(`The pages can't be built: ${error instanceof Error ? error.message : error}. All else works`);
}
