import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { familyOf } from '../processes.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/**
 * Plaza in one process, Plaza with each side in its own process behind the gateway, or a peer that does the same work.
 */
export type Side = 'plaza' | 'apart' | 'emmett';

/** A pipeline that takes commands and shows views. */
export type Running = {
  url: string;
  mongoUrl: string;
  database: string;
  /** The processes that run it, stores included where they are embedded. */
  pids: readonly number[];
  /** Ends it and removes its data. */
  stop(): Promise<void>;
};

/**
 * Starts a program and waits until it prints the address that it listens on. It ends with this process at the latest.
 * @throws Error with its output when it ends before
 */
export const startListening = async (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; url: string; stop(): Promise<void> }> => {
  const child = spawn(command, args, {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGTERM');
  };
  process.once('exit', end);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void ended.then(() => process.off('exit', end));
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`;
        const found = /listens on (http:\/\/[\w.:]+)/.exec(line);
        if (found?.[1]) resolve(found[1].replace('localhost', '127.0.0.1'));
      });
    }
    void ended.then(() => reject(new Error(`${command} ${args.join(' ')} ended:\n${output}`)));
  });
  const stop = async () => {
    end();
    await ended;
  };
  return { child, url, stop };
};

const storesOf = (folder: string): { mongoUrl: string } =>
  JSON.parse(readFileSync(join(folder, 'stores.json'), 'utf8')) as { mongoUrl: string };

/**
 * Starts `npm start` with empty data: on embedded stores, or on those that EVENTSTORE_URL and MONGODB_URL name.
 * @param settings more environment variables
 */
export const startPlaza = async (settings: Readonly<Record<string, string>> = {}): Promise<Running> => {
  const folder = await mkdtemp(join(tmpdir(), 'plaza-bench-'));
  const database = `plaza_bench_${randomUUID().slice(0, 8)}`;
  const env = { PLAZA_DATA: folder, PORT: '0', LOG_LEVEL: 'error', MONGODB_DATABASE: database };
  const { child, url, stop } = await startListening('npm', ['start', '--silent'], { ...env, ...settings });
  return {
    url,
    mongoUrl: process.env.MONGODB_URL || storesOf(folder).mongoUrl,
    database,
    pids: familyOf(child.pid!),
    async stop() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** The stores of sides that start none: embedded ones, or those that EVENTSTORE_URL and MONGODB_URL name. */
const openStores = async () => {
  const { EVENTSTORE_URL, MONGODB_URL } = process.env;
  const folder = await mkdtemp(join(tmpdir(), 'plaza-bench-'));
  const stores = EVENTSTORE_URL && MONGODB_URL ? undefined : await startEmbeddedStores({ dataFolder: folder });
  const mongoUrl = stores?.mongoUrl ?? MONGODB_URL!;
  const database = `plaza_bench_${randomUUID().slice(0, 8)}`;
  return {
    mongoUrl,
    database,
    pids: stores ? [stores.pid] : [],
    env: {
      EVENTSTORE_URL: stores?.eventStoreUrl ?? EVENTSTORE_URL!,
      MONGODB_URL: mongoUrl,
      MONGODB_DATABASE: database,
    },
    async stop() {
      await stores?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** @throws Error when the peers are not installed */
export const requirePeers = (): void => {
  if (!existsSync(`${ROOT}bench/peers/node_modules`))
    throw new Error('The peers are not installed: npm ci --prefix bench/peers');
};

const startEmmett = async (): Promise<Running> => {
  requirePeers();
  const { env, pids, ...stores } = await openStores();
  const { child, url, stop } = await startListening(process.execPath, ['bench/peers/emmett-pipeline.ts'], {
    ...env,
    NODE_ENV: 'production',
  });
  return {
    ...stores,
    url,
    pids: [child.pid!, ...pids],
    async stop() {
      await stop();
      await stores.stop();
    },
  };
};

/** Starts the car park with each side as a process of its own, behind the gateway. */
const startApart = async (): Promise<Running> => {
  const { env, pids, ...stores } = await openStores();
  const start = (program: string, port: string, urls: Readonly<Record<string, string>> = {}) =>
    startListening(process.execPath, ['programs/run.js', program], {
      ...env,
      ...urls,
      PLAZA_CONTEXTS: 'parking,customers',
      [port]: '0',
    });
  const sides = await Promise.all([
    start('write-side', 'WRITE_SIDE_PORT'),
    start('read-api', 'READ_API_PORT'),
    start('policies', 'POLICIES_PORT'),
    start('projections', 'PROJECTIONS_PORT'),
  ]);
  const gateway = await start('gateway', 'PORT', { WRITE_SIDE_URL: sides[0].url, READ_API_URL: sides[1].url });
  const all = [gateway, ...sides];
  return {
    ...stores,
    url: gateway.url,
    pids: [...all.map(({ child }) => child.pid!), ...pids],
    async stop() {
      await Promise.all(all.map(({ stop }) => stop()));
      await stores.stop();
    },
  };
};

const START: Readonly<Record<Side, () => Promise<Running>>> = {
  plaza: startPlaza,
  apart: startApart,
  emmett: startEmmett,
};

/** Starts a side with empty data. */
export const startSide = (side: Side): Promise<Running> => START[side]();
