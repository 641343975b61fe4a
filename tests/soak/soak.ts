import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { comparePositions, START, type StoredEvent } from '../../platform/event-store/types.ts';
import { startSandbox } from '../../write-side/payments/sandbox.ts';
import { ROOT } from '../deploy/compose.ts';
import { type Instance, openInstance, ready, succeed } from '../deploy/instances.ts';
import { startGateway } from '../deploy/nginx.ts';
import { checkCommands, checkEffects, checkQueries } from '../simulation/checkers/log.ts';
import { checkCoupons, checkMoney } from '../simulation/checkers/money.ts';
import { checkPlaces } from '../simulation/checkers/places.ts';
import { randomOf } from '../simulation/random.ts';
import type { Account } from '../simulation/stores/payments.ts';
import { temporaryData } from '../support/plaza.ts';
import type { Disturbance } from './chart.ts';
import { startLoad } from './load.ts';
import { folderOf, type Sample, scrape, usageOf } from './samples.ts';

export type SoakOptions = {
  minutes: number;
  /** Commands a second. */
  rate: number;
  /** Milliseconds from one disturbance to the next. */
  disturbEvery: number;
  sampleEvery: number;
  seed: string;
  /** Ends the soak early. */
  signal: AbortSignal;
  log(line: string): void;
  onSample(sample: Sample): void;
};

export type Outcome = {
  samples: readonly Sample[];
  disturbances: readonly Disturbance[];
  commands: number;
  queries: number;
  events: number;
  /** Events that pages received. */
  received: number;
  failures: ReadonlyMap<string, number>;
  /** A line for each broken rule. */
  wrong: readonly string[];
};

const SIDES = ['write-side', 'policies', 'projections', 'read-api'] as const;
/** The longest time that the load sets for a timer, and some more. */
const RESTED_AFTER = 70_000;
const REST_WITHIN = 600_000;
const STARTS = 5;
/** A dump of many documents that differ. */
const MAX_OUTPUT = 2 ** 26;

const portOf = (url: string): number => Number(new URL(url.replace(/^(esdb|mongodb):/, 'http:')).port);

/** Reads every event, with encrypted fields as they are stored. */
const readAll = async (eventStoreUrl: string): Promise<StoredEvent[]> => {
  const client = connectEventStore(eventStoreUrl);
  const reading = new AbortController();
  const events: StoredEvent[] = [];
  const tail = await readTail(client);
  const { signal } = reading;
  for await (const batch of pullBatches({ client, from: START, maxBatch: 1_000, encrypted: true, signal })) {
    events.push(...batch.events);
    if (comparePositions(batch.checkpoint, tail) >= 0) break;
  }
  reading.abort();
  await disconnectEventStore(client);
  return events;
};

/** Waits until nothing is appended for as long as any timer may take. @returns whether that happened in time */
const rest = async (eventStoreUrl: string): Promise<boolean> => {
  const client = connectEventStore(eventStoreUrl);
  const until = performance.now() + REST_WITHIN;
  let last = START;
  let since = performance.now();
  while (performance.now() - since < RESTED_AFTER && performance.now() < until) {
    const tail = await readTail(client);
    if (comparePositions(tail, last) !== 0) since = performance.now();
    last = tail;
    await pause(1_000);
  }
  await disconnectEventStore(client);
  return performance.now() - since >= RESTED_AFTER;
};

const accountsIn = (file: string): Map<string, Account> => {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT key, state, amount, charged FROM charges').all() as unknown as (Account & {
    key: string;
  })[];
  database.close();
  return new Map(rows.map(({ key, ...account }) => [key, account]));
};

/**
 * Runs two processes of each side behind nginx on embedded stores, as docs/operations.md has it, under a steady load,
 * while processes are killed and replaced and views are replayed. In the second half the second process of each side
 * and the stores are left alone, because a leak shows only in a process that lives long.
 */
export const soak = async (nginx: string, options: SoakOptions): Promise<Outcome> => {
  const { minutes, rate, disturbEvery, sampleEvery, seed, signal, log, onSample } = options;
  const data = temporaryData();
  const charges = `${data.folder}/payments.sqlite`;
  const sandbox = await startSandbox({ file: charges });
  const folder = `${data.folder}/data`;
  let stores = await startEmbeddedStores({ dataFolder: folder });
  const { eventStoreUrl, mongoUrl } = stores;
  const ports = { eventStorePort: portOf(eventStoreUrl), mongoPort: portOf(mongoUrl) };
  const env = {
    EVENTSTORE_URL: eventStoreUrl,
    MONGODB_URL: mongoUrl,
    PAYMENT_URL: sandbox.url,
    PERSONAL_KEY: randomBytes(32).toString('base64'),
    DRAIN_SECONDS: '3',
    // A busy machine must not turn answers into 503s here.
    COMMAND_TIMEOUT_MS: '9000',
    QUERY_TIMEOUT_MS: '20000',
    LOG_LEVEL: 'info',
  };
  const samples: Sample[] = [];
  const disturbances: Disturbance[] = [];
  const wrong: string[] = [];
  /** The processes that this soak ends itself. */
  const ending = new Set<number>();

  const watch = ({ name, program }: Instance): void => {
    const { pid } = program;
    void program.ended.then((code) => {
      if (!ending.has(pid)) wrong.push(`${name} ended by itself with ${code}: ${program.output().slice(-1000)}`);
    });
  };
  const opened = await Promise.all(
    SIDES.flatMap((side) => [1, 2].map(async (n) => [`${side}-${n}`, await openInstance(side, env)] as const)),
  );
  const instances = new Map<string, Instance>(opened);
  await Promise.all(opened.map(([, { program }]) => ready(program)));
  for (const instance of instances.values()) watch(instance);
  const portsOf = (side: string) => [1, 2].map((n) => Number(instances.get(`${side}-${n}`)!.port));
  const gateway = await startGateway(nginx, {
    writeSide: portsOf('write-side'),
    readApi: portsOf('read-api'),
    projections: portsOf('projections'),
  });

  const random = randomOf(seed);
  const load = startLoad(gateway.url, rate, random);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const lasts = minutes * 60;
  const isOver = () => signal.aborted || seconds() >= lasts;
  const failed = () => [...load.failures.values()].reduce((sum, count) => sum + count, 0);

  /** A port that was just left may be taken for a moment by a connection of somebody else. */
  const startAgain = async (start: () => Promise<void>): Promise<void> => {
    for (let left = STARTS; ; left--) {
      try {
        return await start();
      } catch (error) {
        if (left === 0) throw error;
        log(`does not start: ${String(error).slice(-300)}`);
        await pause(1_000);
      }
    }
  };
  const restart = async (name: string, how: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const instance = instances.get(name)!;
    const { program } = instance;
    ending.add(program.pid);
    const code = await program.end(how);
    if (how === 'SIGTERM' && code !== 0)
      wrong.push(`${name} ended with ${code} when it was replaced: ${program.output().slice(-1000)}`);
    await startAgain(() => succeed(instance, env));
    watch(instance);
  };
  const kill = async (name: string): Promise<void> => {
    if (name === 'stores') {
      process.kill(stores.pid, 'SIGKILL');
      await stores.exited;
      return startAgain(async () => {
        stores = await startEmbeddedStores({ dataFolder: folder, ...ports });
      });
    }
    return restart(name, 'SIGKILL');
  };
  const operate = async (name: string, ...args: string[]): Promise<string> => {
    const given = { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: MAX_OUTPUT };
    return (await promisify(execFile)(process.execPath, ['programs/run.js', name, ...args], given)).stdout;
  };

  const disturb = async (): Promise<void> => {
    const names = [...instances.keys()];
    const firsts = names.filter((name) => name.endsWith('1'));
    for (let count = 0; !isOver(); count++) {
      await pause(disturbEvery, undefined, { signal }).catch(() => {});
      if (isOver()) return;
      const isEarly = seconds() < lasts / 2;
      const those = isEarly ? [...names, 'stores'] : firsts;
      const kind = (['kill', 'kill', 'replace', 'kill', 'kill', 'replay'] as const)[count % 6]!;
      const what =
        kind === 'kill'
          ? random.pick(those)
          : kind === 'replay'
            ? 'every view'
            : isEarly
              ? 'every side'
              : 'half of each';
      const at = seconds();
      // Processes that are measured in the second half must have been started in the first.
      if (kind !== 'replay' && isEarly && at > lasts * 0.45) continue;
      disturbances.push({ seconds: at, kind, what });
      try {
        if (kind === 'kill') await kill(what);
        else if (kind === 'replay') await operate('replay', '--all');
        else for (const name of isEarly ? names : firsts) await restart(name, 'SIGTERM');
      } catch (error) {
        wrong.push(`${kind} ${what} at ${at.toFixed(0)} s: ${String(error).slice(-2000)}`);
      }
      log(`${kind} ${what}: ${(seconds() - at).toFixed(1)} s`);
    }
  };

  const sample = async (): Promise<void> => {
    while (!isOver()) {
      const processes: [string, Sample['processes'][string]][] = [];
      let lag: Sample['lag'];
      const scraped = await Promise.all(
        [...instances].map(async ([name, { program }]) => ({
          name,
          usage: usageOf(program.pid),
          metrics: await scrape(program.url),
        })),
      );
      for (const { name, usage, metrics } of scraped) {
        if (usage) processes.push([name, { ...usage, ...(metrics && { heap: metrics.heap }) }]);
        lag ??= metrics?.lag;
      }
      const ofStores = usageOf(stores.pid);
      if (ofStores) processes.push(['stores', ofStores]);
      const taken: Sample = {
        seconds: seconds(),
        processes: Object.fromEntries(processes),
        ...(lag && { lag }),
        data: folderOf(folder),
        commands: load.commands.length,
        failures: failed(),
      };
      samples.push(taken);
      onSample(taken);
      await pause(sampleEvery, undefined, { signal }).catch(() => {});
    }
  };

  try {
    await Promise.all([disturb(), sample()]);
    await load.stop();
    log(`${load.commands.length} commands, ${load.queries.length} queries; everything comes to rest`);
    const isAtRest = await rest(eventStoreUrl);
    const verified = await operate('verify').catch(({ stdout, stderr }) => {
      wrong.push('verify finds differences');
      return `${stdout}${stderr}`;
    });
    log(verified);
    const now = Date.now();
    for (const [name, { program }] of instances) {
      ending.add(program.pid);
      const code = await program.end('SIGTERM');
      if (code !== 0) wrong.push(`${name} ended with ${code}`);
    }
    const events = await readAll(eventStoreUrl);
    const accounts = accountsIn(charges);
    if (!isAtRest)
      wrong.push(`it does not come to rest: ${events.slice(-20).map(({ stream, type }) => `${stream} ${type}`)}`);
    wrong.push(
      ...load.wrong,
      ...checkCommands(events, load.commands),
      ...checkEffects(events),
      ...checkPlaces(events, now),
      ...checkMoney(events, accounts),
      ...checkCoupons(events),
      ...checkQueries(load.queries),
    );
    return {
      samples,
      disturbances,
      commands: load.commands.length,
      queries: load.queries.length,
      events: events.length,
      received: load.received,
      failures: load.failures,
      wrong,
    };
  } finally {
    for (const { program } of instances.values()) {
      ending.add(program.pid);
      await program.end('SIGKILL');
    }
    await gateway.stop();
    await stores.stop();
    await sandbox.stop();
    data.remove();
  }
};
