/**
 * Timers and offers of limited places.
 *
 *     npm run bench -- places [--waiting 10000] [--freed 1000] [--timers 10000] [--hold 60] [--connections 64]
 *
 * Offers: customers wait for spots of a full lot, which then gets spots at once; each spot is offered to the next in
 * line. Timers: holds in as many lots, one each, fall due while Plaza is down; then it starts and ends them all.
 * `--hold` is the seconds for which they last: the time in which they are made. Prints a Markdown table.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Client, clientOf } from './pipeline/client.ts';
import { startListening } from './pipeline/sides.ts';
import { familyOf, microsecondsEach, threadSeconds } from './processes.ts';

const { values } = parseArgs({
  options: {
    waiting: { type: 'string', default: '10000' },
    freed: { type: 'string', default: '1000' },
    timers: { type: 'string', default: '10000' },
    hold: { type: 'string', default: '60' },
    connections: { type: 'string', default: '64' },
  },
});
const [waiting, freed, timers, hold] = [values.waiting, values.freed, values.timers, values.hold].map(Number) as [
  number,
  number,
  number,
  number,
];
const LOOK_EVERY = 20;

/** Starts Plaza with the data of a folder, does something with it, and stops it. */
const withPlaza = async <Result>(
  folder: string,
  use: (client: Client, pids: readonly number[]) => Promise<Result>,
): Promise<Result> => {
  const env = { PLAZA_DATA: folder, PORT: '0', LOG_LEVEL: 'error', PLAZA_CONTEXTS: 'parking' };
  const { child, url, stop } = await startListening('npm', ['start', '--silent'], env);
  const client = clientOf(url, Number(values.connections));
  try {
    return await use(client, familyOf(child.pid!));
  } finally {
    client.close();
    await stop();
  }
};

/** Sends a request, again while Plaza is too busy: its id makes it safe to repeat. */
const must = async (status: number, client: Client, ...request: Parameters<Client['send']>): Promise<unknown> => {
  for (;;) {
    const answer = await client.send(...request);
    if (answer.status === status) return answer.body;
    if (answer.status !== 503) throw new Error(JSON.stringify(answer.body));
    await pause(LOOK_EVERY);
  }
};

const each = (count: number, give: (n: number) => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, n) => give(n)));

/** Waits until something is so. */
const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await pause(LOOK_EVERY);
};

type Row = { what: string; count: number; seconds: number; cpu: ReturnType<typeof microsecondsEach> };

const measured = async (
  what: string,
  count: number,
  pids: readonly number[],
  act: () => Promise<unknown>,
): Promise<Row> => {
  const before = threadSeconds(pids);
  const began = performance.now();
  await act();
  return { what, count, seconds: (performance.now() - began) / 1_000, cpu: microsecondsEach(pids, before, count) };
};

const offers = async (client: Client, pids: readonly number[]): Promise<Row> => {
  const lot = async () => (await must(200, client, 'GET', '/parking/lots/full')) as Record<string, number>;
  await must(201, client, 'POST', '/parking/lots', { lotId: 'full', name: 'Lot', spots: 0, holdFor: 3_600 });
  await each(waiting, (n) =>
    must(201, client, 'POST', '/parking/lots/full/waiting-list', {
      entryId: `e-${n}`,
      customerId: `c-${n}`,
      places: 1,
    }),
  );
  await until(async () => (await lot()).waiting === waiting);
  return measured('offers', freed, pids, async () => {
    await must(200, client, 'PATCH', '/parking/lots/full', { spots: freed });
    await until(async () => (await lot()).onHold === freed);
  });
};

const makeHolds = async (client: Client): Promise<void> => {
  const lots = Array.from({ length: timers }, (_, n) => `t-${n}`);
  await each(timers, (n) =>
    must(201, client, 'POST', '/parking/lots', { lotId: lots[n], name: 'Lot', spots: 1, holdFor: hold }),
  );
  await each(timers, (n) =>
    must(201, client, 'POST', `/parking/lots/${lots[n]}/holds`, { holdId: 'h', customerId: `c-${n}`, places: 1 }),
  );
};

/** Returns whether no lot is full any more. */
const areFree = async (client: Client): Promise<boolean> => {
  const body = await must(200, client, 'GET', '/parking/lots?sort=free&limit=1');
  return (body as { items: { free: number }[] }).items.every(({ free }) => free > 0);
};

const folders = [await mkdtemp(join(tmpdir(), 'plaza-bench-')), await mkdtemp(join(tmpdir(), 'plaza-bench-'))] as const;
try {
  const rows = [await withPlaza(folders[0], offers)];
  await withPlaza(folders[1], makeHolds);
  await pause(hold * 1_000);
  rows.push(
    await withPlaza(folders[1], (client, pids) => measured('timers', timers, pids, () => until(() => areFree(client)))),
  );
  const n = (value: number): string => Math.round(value).toLocaleString('en');
  const threads = [...new Set(rows.flatMap(({ cpu }) => [...cpu.keys()]))];
  console.log(`| | a second | CPU for each, µs: ${threads.join(' | ')} |\n|---|---:|${'---:|'.repeat(threads.length)}`);
  for (const { what, count, seconds, cpu } of rows)
    console.log(
      `| ${n(count)} ${what} | ${n(count / seconds)} | ${threads.map((t) => n(cpu.get(t) ?? 0)).join(' | ')} |`,
    );
} finally {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}
