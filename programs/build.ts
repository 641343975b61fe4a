import { buildPage } from '../web/build.ts';
import { buildPrograms } from './bundle/build.ts';
import { argumentsOf } from './wiring/commands.ts';
import { fail } from './wiring/shutdown.ts';

/** `npm run build` builds everything. `npm start` runs it first, with `--if-needed`, and starts even if that fails. */
const { 'if-needed': ifNeeded = false } = argumentsOf('build').values;

const build = async (what: string, make: typeof buildPage): Promise<void> => {
  const began = performance.now();
  try {
    if (await make({ always: !ifNeeded })) console.log(`Built ${what} in ${Math.round(performance.now() - began)} ms`);
  } catch (error) {
    if (!ifNeeded) fail(error);
    const [reason = ''] = String(error instanceof Error ? error.message : error).split(/:?\n/);
    console.warn(`Can't build ${what}: ${reason}. \`npm run build\` says more; all else works.`);
  }
};

await build("the control centre's page", buildPage);
await build('the programs', buildPrograms);
