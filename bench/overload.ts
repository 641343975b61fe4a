/**
 * Load shedding: ten times as many clients as may wait. The write side keeps accepting what it can, refuses the rest
 * with 503, and its memory stays flat.
 *
 *     npm run bench -- overload [--bound 200] [--seconds 20]
 *
 * Prints a Markdown table, a row for each second of load after the first: resident memory is read from /proc (Linux).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { startEmbeddedStores } from '../embedded/start.ts';
import { registerLots } from './pipeline/load.ts';
import { residentMiB } from './processes.ts';
import { startServer } from './write-side/servers.ts';

const { values } = parseArgs({
  options: { bound: { type: 'string', default: '200' }, seconds: { type: 'string', default: '20' } },
});
const folder = await mkdtemp(join(tmpdir(), 'plaza-bench-'));
const stores = await startEmbeddedStores({ dataFolder: folder });
process.env.MAX_WAITING_COMMANDS = values.bound;
const server = await startServer('plaza', stores.eventStoreUrl);

try {
  const lots = Array.from({ length: 100 }, (_, index) => `lot-${index}`);
  await registerLots(server.url, lots);
  let cars = 0;
  const options: autocannon.Options = {
    url: server.url,
    connections: Number(values.bound) * 10,
    duration: Number(values.seconds),
    requests: [
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        setupRequest: (request) => {
          cars += 1;
          request.path = `/parking/lots/${lots[cars % lots.length]}/reservations`;
          request.body = `{"customerId":"CUST1","carNumber":"${cars}","amount":5000}`;
          return request;
        },
      },
    ],
  };
  let [accepted, shed] = [0, 0];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const load = autocannon(options, () => end());
  load.on('response', (_client, status) => {
    if (status === 201) accepted += 1;
    else if (status === 503) shed += 1;
  });
  console.log('| second | accepted | shed | memory, MiB |\n|---:|---:|---:|---:|');
  let second = 0;
  const timer = setInterval(() => {
    second += 1;
    console.log(`| ${second} | ${accepted} | ${shed} | ${residentMiB([server.pid]).toFixed(0)} |`);
    [accepted, shed] = [0, 0];
  }, 1_000);
  await ended;
  clearInterval(timer);
} finally {
  await server.stop();
  await stores.stop();
  await rm(folder, { recursive: true, force: true });
}
