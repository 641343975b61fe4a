/**
 * npm run conformance -- [--eventstore URL] [--mongodb URL]
 *
 * Runs the black-box suites against the servers named; with neither, against the embedded stores. With only one named, only its
 * suite runs. May run again, and beside others: every name is random. The database in MongoDB is dropped at the end, the streams
 * stay. Exits with vitest's code.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

try {
  const { values } = parseArgs({ options: { eventstore: { type: 'string' }, mongodb: { type: 'string' } } });
  const { eventstore, mongodb } = values;
  const both = eventstore === undefined && mongodb === undefined;
  const suites = [
    ...(both || eventstore !== undefined ? ['tests/conformance/event-store'] : []),
    ...(both || mongodb !== undefined ? ['tests/conformance/mongo'] : []),
  ];
  const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')));
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--root', root, ...suites], {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...(eventstore === undefined ? {} : { CONFORMANCE_EVENTSTORE_URL: eventstore }),
      ...(mongodb === undefined ? {} : { CONFORMANCE_MONGODB_URL: mongodb }),
    },
  });
  process.exitCode = status ?? 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error('usage: npm run conformance -- [--eventstore esdb://…] [--mongodb mongodb://…]');
  process.exitCode = 2;
}
