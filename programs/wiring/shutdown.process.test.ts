import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFailed, test } from 'vitest';
import { temporaryData } from '../../tests/support/plaza.ts';

const sandbox = { PAYMENT_SANDBOX_PORT: '0', LOG_LEVEL: 'info' };
const stores = { PLAZA_EVENTSTORE_PORT: '0', PLAZA_MONGODB_PORT: '0' };

test.each([
  { name: 'payment-sandbox', settings: sandbox, said: (line: string) => line },
  { name: 'stores', settings: stores, said: (_: string, data: string) => read(data, 'stores.json') },
])('started by npm, $name ends in order when the shell between the two is ended', async ({ name, settings, said }) => {
  const data = temporaryData();
  const shell = spawn('sh', ['-c', `"${process.execPath}" programs/run.js ${name} 2>&1; true`], {
    env: { ...process.env, ...settings, PLAZA_DATA: data.folder, npm_lifecycle_event: 'start' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(shell, 'close'); // after the program has closed the pipe too
  const [line] = await once(createInterface({ input: shell.stdout }), 'line');
  const { pid } = JSON.parse(said(line, data.folder));
  onTestFailed(() => void process.kill(pid, 'SIGKILL'));
  expect(pid).not.toBe(shell.pid);
  shell.kill();
  expect(await closed).toEqual([null, 'SIGTERM']);
  data.remove();
});

const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');
