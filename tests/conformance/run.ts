/**
 * npm run conformance -- [--eventstore URL] [--mongodb URL] [--engine]
 *
 * Runs the black-box suites against the servers named; with none, against the embedded stores. With only one named,
 * only its suite runs. `--engine` names MongoDB's own engine (npm ci --prefix tests/conformance/engine, glibc 2.38);
 * where it cannot run, the reason is printed and the suite is skipped. May run again, and beside others: every name is
 * random. The database in MongoDB is dropped at the end, the streams stay. Exits with vitest's code.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { argumentsOf } from '../../programs/wiring/commands.ts';
import { main } from '../../programs/wiring/shutdown.ts';
import { engineProblem, startEngine } from './engine.ts';
import { TRIED } from './tried.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const run = async (eventstore: string | undefined, mongodb: string | undefined): Promise<number> => {
  const both = eventstore === undefined && mongodb === undefined;
  const suites = [
    ...(both || eventstore !== undefined ? ['tests/conformance/event-store'] : []),
    ...(both || mongodb !== undefined ? ['tests/conformance/mongo'] : []),
  ];
  const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')));
  const child = spawn(process.execPath, [vitest, 'run', '--root', root, ...suites], {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...(eventstore === undefined ? {} : { CONFORMANCE_EVENTSTORE_URL: eventstore }),
      ...(mongodb === undefined ? {} : { CONFORMANCE_MONGODB_URL: mongodb }),
    },
  });
  const [code] = await once(child, 'close');
  return code ?? 1;
};

const runOnEngine = async (eventstore: string | undefined): Promise<number> => {
  const problem = engineProblem();
  if (problem) {
    console.log(`skipped: ${problem}`);
    return eventstore === undefined ? 0 : run(eventstore, undefined);
  }
  const engine = await startEngine();
  try {
    return await run(eventstore, engine.url);
  } finally {
    await engine.stop();
  }
};

const { eventstore, mongodb, engine } = argumentsOf('conformance', [
  `Every test has passed on EventStoreDB ${TRIED.EventStoreDB.join(' and ')}, and on ${TRIED.MongoDB.join(' and ')}.`,
]).values;

await main(async () => {
  process.exitCode = await (engine ? runOnEngine(eventstore) : run(eventstore, mongodb));
});
