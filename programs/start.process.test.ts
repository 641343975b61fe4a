import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, eventually, openPlaza, temporaryData } from '../tests/support/plaza.ts';
import { isRunning, startProgram } from '../tests/support/processes.ts';

const ROOT = new URL('../', import.meta.url).pathname;

/**
 * Runs `npm start` as a terminal does: in a process group of its own, which Ctrl-C signals as a whole. Bash replaces
 * itself by the program, so npm ends with the program's exit code; other shells end with the signal.
 */
const npmStart = async (env: Record<string, string>) => {
  const npm = spawn('npm', ['start'], {
    cwd: ROOT,
    env: { ...process.env, npm_config_script_shell: 'bash', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<number | null>((resolve) => npm.once('close', resolve));
  const lines: string[] = [];
  const signal = (name: NodeJS.Signals) => void process.kill(-npm.pid!, name);
  await new Promise<void>((resolve, reject) => {
    for (const stream of [npm.stdout, npm.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (line.includes('Ctrl-C')) resolve();
      });
    void ended.then((code) => reject(new Error(`npm start ended with ${code}:\n${lines.join('\n')}`)));
  });
  return { output: () => lines.join('\n'), signal, ended };
};

describe('npm start', () => {
  const data = temporaryData();
  /** It does not exist before. */
  const folder = join(data.folder, 'data');
  let plaza: Awaited<ReturnType<typeof npmStart>>;
  let url: string;

  beforeAll(async () => {
    plaza = await npmStart({ PLAZA_DATA: folder, PORT: '0' });
    url = /Plaza listens on (\S+)/.exec(plaza.output())?.[1]?.replace('localhost', '127.0.0.1') ?? '';
  });
  afterAll(async () => {
    if (existsSync(join(folder, 'plaza.json'))) plaza?.signal('SIGKILL');
    await plaza?.ended;
    data.remove();
  });

  const reserve = (carNumber: string) =>
    call(url, 'POST', '/parking/lots/kept/reservations', { customerId: 'c', carNumber, amount: 1 });

  test('shows the address, the contexts and where the data is', () => {
    expect(plaza.output()).toMatch(
      new RegExp(
        [
          'Plaza listens on http://localhost:\\d+  \\(ready after \\d+ ms\\)',
          '  staff      http://localhost:\\d+/',
          '  customers  http://localhost:\\d+/app',
          '  reference  http://localhost:\\d+/reference',
          '  contexts   parking, .+',
          `  events     ${folder} \\(embedded\\)`,
          `  views      ${folder} \\(embedded\\)`,
          '  sign-in    OFF: .+',
          '  fill it    npm run demo -- --live',
          '  stop       Ctrl-C',
        ].join('\n'),
      ),
    );
  });

  test('reserves, and keeps what it acknowledged when its stores crash', async () => {
    await call(url, 'POST', '/parking/lots', { lotId: 'kept', name: '정자역', spots: 2 });
    expect((await reserve('a')).status).toBe(201);
    const { pid } = JSON.parse(readFileSync(join(folder, 'stores.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    const reserved = await eventually(
      () => reserve('b'),
      ({ status }) => status !== 503,
    );
    expect([201, 409]).toContain(reserved.status);
    expect(await reserve('c')).toMatchObject({ status: 409, body: { type: '/problems/lot-full' } });
    const lot = await eventually(
      () => call(url, 'GET', '/parking/lots/kept'),
      ({ body }) => body.free === 0,
    );
    expect(lot.body).toMatchObject({ spots: 2, reserved: 2, free: 0 });
  });

  const failure = async (env: Record<string, string>): Promise<string> => {
    try {
      await (await startProgram('all-in-one', { LOG_LEVEL: 'silent', ...env })).end();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('it started');
  };

  test.each<[string, () => Record<string, string>, RegExp]>([
    [
      'its port is taken',
      () => ({ PORT: new URL(url).port, PLAZA_DATA: join(data.folder, 'other') }),
      /ended with 1:\nplaza: Can't listen on 127\.0\.0\.1:\d+: the port is taken\n$/,
    ],
    [
      'another process has its data open',
      () => ({ PLAZA_DATA: folder }),
      /ended with 1:\nplaza: The data in .+ is in use by another process\.\n$/,
    ],
    [
      'settings are wrong, one line each',
      () => ({ COMMAND_TIMEOUT_MS: 'soon', PLAZA_CONTEXTS: 'casino' }),
      /ended with 1:\nplaza: .*PLAZA_CONTEXTS=casino .+\n.*COMMAND_TIMEOUT_MS=soon must be a whole number .+\n$/,
    ],
  ])('prints the reason in one line and ends with 1 when %s', async (_, env, message) => {
    expect(await failure(env())).toMatch(message);
  });

  test('ends in order with Ctrl-C, and the data is there at the next start', async () => {
    const { pid } = JSON.parse(readFileSync(join(folder, 'stores.json'), 'utf8'));
    plaza.signal('SIGINT');
    expect(await plaza.ended).toBe(0);
    expect(isRunning(pid)).toBe(false);
    for (const file of ['plaza.json', 'stores.json']) expect(existsSync(join(folder, file)), file).toBe(false);

    const next = await openPlaza({ PLAZA_DATA: folder });
    url = next.url;
    expect(await reserve('d')).toMatchObject({ status: 409, body: { type: '/problems/lot-full' } });
    const lot = await eventually(
      () => call(url, 'GET', '/parking/lots/kept'),
      ({ status }) => status !== 503,
    );
    expect(lot.body).toMatchObject({ spots: 2, reserved: 2, free: 0 });
    await next.close();
  });
});
