import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { eventually } from './plaza.ts';
import { isRunning } from './processes.ts';

const START = `
  import { startProgram } from ${JSON.stringify(new URL('./processes.ts', import.meta.url).href)};
  const { pid } = await startProgram('gateway', {
    WRITE_SIDE_URL: 'http://127.0.0.1:1',
    READ_API_URL: 'http://127.0.0.1:1',
  });
  console.log(pid);
  setInterval(() => {}, 1000);`;

test('a program ends when the process that started it is killed', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', START], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  expect(isRunning(pid)).toBe(true);
  parent.kill('SIGKILL');
  expect(
    await eventually(
      async () => isRunning(pid),
      (running) => !running,
    ),
  ).toBe(false);
});
