/**
 * P9: reservations from the command to every view: accepted, coupon issued, all views caught up; by `npm start` and by
 * Emmett on Express, which do the same work on stores of the same kind.
 *
 *     npm ci --prefix bench/peers
 *     npm run bench -- pipeline [--seconds 10] [--warm-up 4] [--rounds 3] [--lots 1000]
 *                            [--sides plaza,apart,emmett] [--loads closed,500,1000,2000,3000] [--over many,one]
 *
 * The side `apart` is Plaza with each side in a process of its own, behind the gateway: what a command costs each of
 * them. `closed` is 64 connections that each wait for their answer; a number is an open loop of so many a second. Uses
 * the stores at EVENTSTORE_URL and MONGODB_URL, or embedded ones in a temporary folder. Every run begins with empty
 * data. Prints two Markdown tables of medians: results, and CPU by process and thread (Linux).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { quantile } from './figures.ts';
import { clientOf } from './pipeline/client.ts';
import { type Answers, closedLoop, openLoop, registerLots } from './pipeline/load.ts';
import { type Side, startSide } from './pipeline/sides.ts';
import { caughtUp, probe } from './pipeline/visible.ts';
import { microsecondsEach, residentMiB, threadSeconds } from './processes.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    lots: { type: 'string', default: '1000' },
    sides: { type: 'string', default: 'plaza,emmett' },
    loads: { type: 'string', default: 'closed,500,1000,2000,3000' },
    over: { type: 'string', default: 'many,one' },
  },
});
const seconds = Number(values.seconds);
const LOTS = { many: Number(values.lots), one: 1 } as const;
const IDLE_AFTER = 2_000;
const SAMPLE_EVERY = 250;

type Figures = Answers & {
  /** Accepted a second. */
  rate: number;
  /** Accepted for each second until the last view has caught up. */
  endToEnd: number;
  /** Milliseconds from the answer until every view shows it. */
  visible50: number;
  visible99: number;
  /** MiB of all processes. */
  idle: number;
  highest: number;
  /** Microseconds for each accepted reservation, until all views have caught up. */
  cpu: ReadonlyMap<string, number>;
};

const measure = async (side: Side, lotCount: number, load: string): Promise<Figures> => {
  const running = await startSide(side);
  const client = clientOf(running.url, 64);
  const mongo = new MongoClient(running.mongoUrl);
  const db = mongo.db(running.database);
  try {
    await pause(IDLE_AFTER);
    const idle = residentMiB(running.pids);
    const run = Date.now().toString(36);
    const lots = Array.from({ length: lotCount }, (_, index) => `${run}-${index}`);
    await registerLots(running.url, [...lots, `${run}-probe`]);
    const warmUp = await closedLoop(running.url, lots, Number(values['warm-up']));
    await caughtUp(db, warmUp.accepted);

    let highest = 0;
    const sampling = setInterval(() => {
      highest = Math.max(highest, residentMiB(running.pids));
    }, SAMPLE_EVERY);
    const before = threadSeconds(running.pids);
    const began = performance.now();
    const endProbe = probe(client, `${run}-probe`);
    const answers =
      load === 'closed'
        ? await closedLoop(running.url, lots, seconds)
        : await openLoop(running.url, lots, seconds, Number(load));
    const sentIn = (performance.now() - began) / 1000;
    await caughtUp(db, warmUp.accepted + answers.accepted);
    const shownIn = (performance.now() - began) / 1000;
    const waits = await endProbe();
    clearInterval(sampling);
    const cpu = microsecondsEach(running.pids, before, answers.accepted);
    return {
      ...answers,
      rate: answers.accepted / sentIn,
      endToEnd: answers.accepted / shownIn,
      visible50: quantile(waits, 0.5),
      visible99: quantile(waits, 0.99),
      idle,
      highest,
      cpu,
    };
  } finally {
    client.close();
    if (process.env.MONGODB_URL) await db.dropDatabase();
    await mongo.close();
    await running.stop();
  }
};

/** The middle one by reservations end to end. */
const median = (runs: readonly Figures[]): Figures =>
  [...runs].sort((a, b) => a.endToEnd - b.endToEnd)[Math.floor(runs.length / 2)]!;

const cells = (...cells: (string | number)[]): string =>
  `| ${cells.map((cell) => (typeof cell === 'number' ? Math.round(cell).toLocaleString('en') : cell)).join(' | ')} |`;

const HEAD = `| load | accepted/s | end to end/s | p50 ms | p99 ms | p99.9 ms | others | visible after, p50 ms | p99 ms | idle MiB | highest MiB |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|`;

const row = (name: string, { rate, endToEnd, p50, p99, p999, others, visible50, visible99, ...figures }: Figures) =>
  cells(name, rate, endToEnd, p50, p99, p999, others, visible50, visible99, figures.idle, figures.highest);

const cpuTable = (rows: readonly (readonly [name: string, figures: Figures])[]): string => {
  const threads = [...new Set(rows.flatMap(([, { cpu }]) => [...cpu.keys()]))];
  return [
    cells('CPU for each reservation, µs', ...threads),
    `|---|${'---:|'.repeat(threads.length)}`,
    ...rows.map(([name, { cpu }]) => cells(name, ...threads.map((thread) => cpu.get(thread) ?? 0))),
  ].join('\n');
};

const figures = new Map<string, Figures[]>();
for (let round = 0; round < Number(values.rounds); round++)
  for (const over of values.over.split(',') as (keyof typeof LOTS)[])
    for (const load of values.loads.split(','))
      for (const side of values.sides.split(',') as Side[]) {
        const name = `${side}, ${over === 'one' ? 'one lot' : `${LOTS.many} lots`}, ${load === 'closed' ? load : `${load}/s`}`;
        try {
          const measured = await measure(side, LOTS[over], load);
          console.error(row(name, measured));
          figures.set(name, [...(figures.get(name) ?? []), measured]);
        } catch (error) {
          console.error(`${name}: ${(error as Error).message}`);
        }
      }
const rows = [...figures].map(([name, runs]) => [name, median(runs)] as const);
console.log([HEAD, ...rows.map(([name, each]) => row(name, each)), '', cpuTable(rows)].join('\n'));
