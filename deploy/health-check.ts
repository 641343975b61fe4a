import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * `node deploy/health-check.ts URL [PROGRAM [SECONDS]]`: exit code 0 when the URL answers with a success within two
 * seconds, else 1.
 *
 * With PROGRAM (`programs/write-side.ts`), it ends a process that runs the program from this folder, accepts the
 * connection and does not answer `GET /livez` for SECONDS (15): its event loop is blocked. Docker restarts a container
 * that has ended, but not one that is only unhealthy.
 */
const [url = '', program, seconds = '15'] = process.argv.slice(2);

const ask = (what: string, milliseconds: number): Promise<'well' | 'unwell' | 'silent' | 'away'> =>
  fetch(what, { signal: AbortSignal.timeout(milliseconds) }).then(
    ({ ok }) => (ok ? 'well' : 'unwell'),
    (error) => (error.name === 'TimeoutError' ? 'silent' : 'away'),
  );

/** Returns whether a process was started as `node PROGRAM` in this process's folder. */
const isRunning = (pid: string): boolean => {
  try {
    const [, file] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return file === program && readlinkSync(`/proc/${pid}/cwd`) === process.cwd();
  } catch {
    return false;
  }
};

const health = await ask(url, 2000);
if (health === 'silent' && program !== undefined) {
  const hangs = (await ask(new URL('/livez', url).href, Number(seconds) * 1000)) === 'silent';
  const running = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isRunning(name));
  for (const pid of hangs ? running : []) process.kill(Number(pid), 'SIGKILL');
}
process.exit(health === 'well' ? 0 : 1);
