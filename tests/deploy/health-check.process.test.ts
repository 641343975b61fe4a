import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { temporaryData } from '../support/plaza.ts';
import { ROOT } from './compose.ts';

describe('deploy/health-check.ts', () => {
  const SERVER = `
    import { createServer } from 'node:http';
    const server = createServer((req, res) => res.writeHead(req.url === '/readyz' ? 503 : 200).end());
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    process.on('SIGUSR2', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));`;
  const data = temporaryData();
  afterAll(() => data.remove());

  /** Starts a server in its own folder, as in an image. */
  const startServer = async (folder: string) => {
    const cwd = join(data.folder, folder);
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'main.mjs'), SERVER);
    const server = spawn(process.execPath, ['main.mjs'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => server.once('close', (_, signal) => resolve(signal)));
    const port = await new Promise<string>((resolve) => {
      createInterface({ input: server.stdout }).once('line', resolve);
    });
    const check = (path: string, ...args: string[]) =>
      new Promise<number>((resolve) => {
        const url = `http://127.0.0.1:${port}${path}`;
        const file = join(ROOT, 'deploy/health-check.ts');
        const child = execFile(process.execPath, [file, url, ...args], { cwd }, () => resolve(child.exitCode ?? -1));
      });
    return { server, ended, check };
  };

  test('reports a process’s health, and kills only a process that hangs', async () => {
    const [{ server, ended, check }, other] = await Promise.all([startServer('one'), startServer('other')]);
    expect(await check('/', 'main.mjs', '0.3')).toBe(0);
    expect(await check('/readyz', 'main.mjs', '0.3')).toBe(1);
    for (const each of [server, other.server]) each.kill('SIGUSR2');
    expect(await check('/readyz')).toBe(1);
    expect(await check('/readyz', 'other.mjs', '0.3')).toBe(1);
    expect(server.exitCode ?? server.signalCode).toBeNull();
    expect(await check('/readyz', 'main.mjs', '0.3')).toBe(1);
    expect(await ended).toBe('SIGKILL');
    expect(other.server.signalCode).toBeNull();
    other.server.kill('SIGKILL');
    await other.ended;
  });
});
