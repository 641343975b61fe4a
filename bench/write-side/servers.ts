import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const ROOT = new URL('../../', import.meta.url).pathname;

const FILES = {
  plaza: 'programs/write-side.ts',
  encrypted: 'programs/write-side.ts',
  emmett: 'bench/peers/emmett.ts',
  bare: 'bench/peers/bare.ts',
} as const;

/** A server that is measured: Plaza's write side, the same with encrypted personal data, or one of its peers. */
export type Side = keyof typeof FILES;

export type Server = { url: string; pid: number; stop(): Promise<void> };

/**
 * Starts a server on an event store.
 * @throws Error when it ends before it listens, or when the peers are not installed
 */
export const startServer = async (
  side: Side,
  eventStoreUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Server> => {
  if (!FILES[side].startsWith('programs/') && !existsSync(`${ROOT}bench/peers/node_modules`))
    throw new Error('The peers are not installed: npm ci --prefix bench/peers');
  const child = spawn(process.execPath, [FILES[side]], {
    cwd: ROOT,
    env: { ...process.env, EVENTSTORE_URL: eventStoreUrl, WRITE_SIDE_PORT: '0', NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`;
        const found = /listens on (http:\/\/[\d.:]+)/.exec(line);
        if (found?.[1]) resolve(found[1]);
      });
    }
    void ended.then(() => reject(new Error(`${side} ended:\n${output}`)));
  });
  return {
    url,
    pid: child.pid as number,
    async stop() {
      child.kill();
      await ended;
    },
  };
};
