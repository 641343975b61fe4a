/**
 * P1, P2, P3: reservations a second, over many lots and on one, by Plaza's write side, by Emmett on Express, and by
 * Express with one bare append for each request: each a process of its own, in turns, on the same event store.
 *
 *     npm ci --prefix bench/peers
 *     npm run bench -- commands [--seconds 6] [--rounds 3] [--lots 1000] [--sides plaza,emmett,bare]
 *                            [--loads many,ten,one]
 *
 * The side `encrypted` is Plaza with PERSONAL_KEY, its keys in an embedded MongoDB.
 *
 * Uses the server at EVENTSTORE_URL, or an embedded one in a temporary folder. Prints a Markdown table of medians.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedStores } from '../embedded/start.ts';
import { registerLots } from './pipeline/load.ts';
import { type Figures, HEAD, measure, medians, row, WARM_UP_SECONDS } from './write-side/measure.ts';
import { type Side, startServer } from './write-side/servers.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
    lots: { type: 'string', default: '1000' },
    sides: { type: 'string', default: 'plaza,emmett,bare' },
    loads: { type: 'string', default: 'many,ten,one' },
  },
});
const sides = values.sides.split(',') as Side[];
const seconds = Number(values.seconds);

const folder = await mkdtemp(join(tmpdir(), 'plaza-bench-'));
const needsStores = !process.env.EVENTSTORE_URL || sides.includes('encrypted');
const stores = needsStores ? await startEmbeddedStores({ dataFolder: folder }) : undefined;
const encrypting = { PERSONAL_KEY: randomBytes(32).toString('base64'), MONGODB_URL: stores?.mongoUrl ?? '' };
const eventStoreUrl = process.env.EVENTSTORE_URL ?? stores?.eventStoreUrl ?? '';

const LOTS = { many: Number(values.lots), ten: 10, one: 1 } as const;
const loads = values.loads.split(',') as (keyof typeof LOTS)[];

try {
  const figures = new Map<string, Figures[]>();
  for (const load of loads) {
    const servers = await Promise.all(
      sides.map(async (side) => {
        const server = await startServer(side, eventStoreUrl, side === 'encrypted' ? encrypting : {});
        /** Measures with new lots: one lot is full after a few rounds. */
        const measureFor = async (duration: number) => {
          const lots = Array.from({ length: LOTS[load] }, (_, index) => `${side}-${Date.now().toString(36)}-${index}`);
          await registerLots(server.url, lots);
          return measure(server.url, lots, duration, { server: server.pid, stores: stores?.pid });
        };
        return { side, server, measureFor };
      }),
    );
    for (const { measureFor } of servers) await measureFor(WARM_UP_SECONDS);
    for (let round = 0; round < Number(values.rounds); round++)
      for (const { side, measureFor } of servers) {
        const measured = await measureFor(seconds);
        const name = `${side}, ${load} lots`;
        console.error(row(name, measured));
        figures.set(name, [...(figures.get(name) ?? []), measured]);
      }
    await Promise.all(servers.map(({ server }) => server.stop()));
  }
  console.log(HEAD);
  for (const load of loads)
    for (const side of sides)
      console.log(row(`${side}, ${load} lots`, medians(figures.get(`${side}, ${load} lots`) ?? [])));
} finally {
  await stores?.stop();
  await rm(folder, { recursive: true, force: true });
}
