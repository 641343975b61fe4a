/**
 * P8: `npm start` until it says that it listens, on an empty folder and on one with a million events, and what
 * all processes that it started hold in memory when idle.
 *
 *     npm run bench -- start [--events 1000000] [--rounds 5]
 *
 * Prints a Markdown table of medians. Memory is resident memory (Linux).
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmbeddedStores } from '../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../platform/event-store/client.ts';
import { median } from './figures.ts';
import { fillWithParking } from './parking-history.ts';
import { familyOf, residentMiB } from './processes.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } },
});
const ROOT = new URL('../', import.meta.url).pathname;
const SETTLED_AFTER_MS = 3_000;

const start = async (dataFolder: string): Promise<{ ready: number; memory: number }> => {
  const started = performance.now();
  const npm = spawn('npm', ['start'], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, PLAZA_DATA: dataFolder, PORT: '0', LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => npm.once('close', () => resolve()));
  const ready = await new Promise<number>((resolve, reject) => {
    createInterface({ input: npm.stdout }).on('line', (line) => {
      if (line.includes('listens on')) resolve(performance.now() - started);
    });
    void ended.then(() => reject(new Error('npm start ended before it was ready')));
  });
  await delay(SETTLED_AFTER_MS);
  const memory = residentMiB(familyOf(npm.pid!));
  process.kill(-npm.pid!, 'SIGTERM');
  await ended;
  return { ready, memory };
};

console.log('| data | ready, ms | memory 3 s later, MiB |\n|---|---:|---:|');
for (const events of [0, Number(values.events)]) {
  const folder = await mkdtemp(join(tmpdir(), 'plaza-bench-'));
  try {
    if (events > 0) {
      const stores = await startEmbeddedStores({ dataFolder: folder });
      const client = connectEventStore(stores.eventStoreUrl);
      await fillWithParking(client, events);
      await disconnectEventStore(client);
      await stores.stop();
    }
    const runs: { ready: number; memory: number }[] = [];
    for (let round = 0; round < Number(values.rounds); round++) runs.push(await start(folder));
    const [ready, memory] = [median(runs.map((each) => each.ready)), median(runs.map((each) => each.memory))];
    console.log(`| ${events === 0 ? 'empty' : `${events} events`} | ${Math.round(ready)} | ${Math.round(memory)} |`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
