import { buildPage } from '../web/build.ts';

/** `npm run build` builds the page. `npm start` runs it first, with `--if-needed`, and starts even if that fails. */
const ifNeeded = process.argv.includes('--if-needed');
const began = performance.now();
try {
  if (await buildPage({ always: !ifNeeded }))
    console.log(`Built the control centre's page in ${Math.round(performance.now() - began)} ms`);
} catch (error) {
  if (!ifNeeded) throw error;
  console.warn(`The control centre's page can't be built: ${error instanceof Error ? error.message : error}`);
}
