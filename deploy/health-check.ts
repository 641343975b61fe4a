import { readFileSync } from 'node:fs';

/**
 * `node deploy/health-check.ts URL [PARENT [SECONDS]]`: exit code 0 when the URL answers with a success within two
 * seconds, else 1.
 *
 * With PARENT, a process that takes the connection and then says nothing to `GET /livez` for SECONDS (15) is ended: its
 * event loop is blocked. It is the child of PARENT: 1 in a container with an init process. Docker starts what has ended
 * again, but does nothing about what is only unhealthy.
 */
const [url = '', parent, seconds = '15'] = process.argv.slice(2);

const ask = (what: string, milliseconds: number): Promise<'well' | 'unwell' | 'silent' | 'away'> =>
  fetch(what, { signal: AbortSignal.timeout(milliseconds) }).then(
    ({ ok }) => (ok ? 'well' : 'unwell'),
    (error) => (error.name === 'TimeoutError' ? 'silent' : 'away'),
  );

const health = await ask(url, 2000);
if (health === 'silent' && parent !== undefined) {
  const hangs = (await ask(new URL('/livez', url).href, Number(seconds) * 1000)) === 'silent';
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
  for (const child of hangs ? children : []) process.kill(Number(child), 'SIGKILL');
}
process.exit(health === 'well' ? 0 : 1);
