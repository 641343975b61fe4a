import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from '../support/tools.ts';
import { ROOT } from './compose.ts';

/** Returns the path of nginx, undefined without one. */
export const findNginx = (): string | undefined => findTool('nginx');

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!address || typeof address === 'string') throw new Error('no port');
  return address.port;
};

export type Gateway = { url: string; tlsUrl?: string; log(): string; stop(): Promise<void> };

/**
 * Runs nginx on deploy/gateway/nginx.conf, with only its port, its temporary folder and the addresses of the sides put
 * in: names in Docker's network there, ports of this machine here.
 * @param options `tls` in PEM, left out for plain HTTP; `requestsPerSecond` that a client may send after its burst, so
 * that a test of the limit does not depend on how fast the machine sends
 */
export const startGateway = async (
  nginx: string,
  sides: {
    writeSide: readonly number[];
    readApi: readonly number[];
    projections: readonly number[];
    /** Left out where the food court has no write side of its own. */
    foodCourt?: readonly number[];
  },
  { tls, requestsPerSecond = 100 }: { tls?: { certificate: string; key: string }; requestsPerSecond?: number } = {},
): Promise<Gateway> => {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  // Started by root, nginx runs its workers as another user.
  await chmod(folder, 0o755);
  const port = await freePort();
  await cp(join(ROOT, 'deploy/gateway'), folder, { recursive: true });

  const servers = (ports: readonly number[]) => (_: string, options: string) =>
    ports.map((each) => `server 127.0.0.1:${each}${options};`).join(' ');
  const addresses = await readFile(join(folder, 'upstreams.conf'), 'utf8');
  const upstreams = (sides.foodCourt ? addresses.replace(/^#(?! \S)/gm, '') : addresses)
    .replace(/^resolver .*;$/m, '')
    .replace(/server read-api:\d+ resolve(.*);/, servers(sides.readApi))
    .replace(/server projections:\d+ resolve(.*);/, servers(sides.projections))
    .replace(/server food-court-write-side:\d+ resolve(.*);/, servers(sides.foodCourt ?? []))
    .replace(/server write-side:\d+ resolve(.*);/, servers(sides.writeSide));
  await writeFile(join(folder, 'upstreams.conf'), upstreams);

  const conf = (await readFile(join(folder, 'nginx.conf'), 'utf8'))
    .replace('listen 8088;', `listen 127.0.0.1:${port};`)
    .replace(/listen \[::\]:8088;/, '')
    .replace('rate=100r/s', `rate=${requestsPerSecond}r/s`)
    .replaceAll('/tmp/', `${folder}/`)
    .replace('/etc/nginx/tls/', tls ? `${folder}/tls/` : `${folder}/none/`)
    .replace('worker_processes auto;', 'worker_processes 1;');
  await writeFile(join(folder, 'nginx.conf'), conf);

  const tlsPort = tls && (await freePort());
  if (tls) {
    const tlsConf = (await readFile(join(folder, 'tls/tls.conf'), 'utf8'))
      .replace('listen 8443 ssl;', `listen 127.0.0.1:${tlsPort} ssl;`)
      .replace(/listen \[::\]:8443 ssl;/, '')
      .replaceAll('/etc/nginx/certificate/', `${folder}/`);
    await writeFile(join(folder, 'tls/tls.conf'), tlsConf);
    await writeFile(join(folder, 'plaza.crt'), tls.certificate);
    await writeFile(join(folder, 'plaza.key'), tls.key, { mode: 0o600 });
  }

  // A file: nginx opens /dev/stdout by name, which a pipe of Node.js (a socket) does not allow.
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'a');
  const child = spawn(nginx, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(`${url}/livez`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) {
    if (child.exitCode !== null)
      throw new Error(`nginx ended with ${child.exitCode}:\n${readFileSync(logFile, 'utf8')}`);
  }
  return {
    url,
    ...(tlsPort === undefined ? {} : { tlsUrl: `https://127.0.0.1:${tlsPort}` }),
    log: () => readFileSync(logFile, 'utf8'),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
};
