import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFailed, test } from 'vitest';
import { temporaryData } from '../tests/support/plaza.ts';

test('started by npm, a program ends in order when the shell between the two is ended', async () => {
  const data = temporaryData();
  const settings = { PLAZA_DATA: data.folder, PAYMENT_SANDBOX_PORT: '0', LOG_LEVEL: 'info' };
  const shell = spawn('sh', ['-c', `"${process.execPath}" payment/main.ts; true`], {
    env: { ...process.env, ...settings, npm_lifecycle_event: 'payment-sandbox' },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const closed = once(shell, 'close'); // When the program has let go of the pipe too.
  const [line] = await once(createInterface({ input: shell.stderr }), 'line');
  const { pid } = JSON.parse(line);
  onTestFailed(() => void process.kill(pid, 'SIGKILL'));
  expect(pid).not.toBe(shell.pid);
  shell.kill();
  expect(await closed).toEqual([null, 'SIGTERM']);
  data.remove();
});
