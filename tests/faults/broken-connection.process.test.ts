import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { temporaryData } from '../support/plaza.ts';

const PROGRAM = new URL('./broken-connection.ts', import.meta.url).pathname;

test('a connection that breaks while appends wait for it fails the appends, not the process', async () => {
  const data = temporaryData();
  const stores = await startEmbeddedStores({ dataFolder: data.folder });
  const program = spawn(process.execPath, [PROGRAM], {
    env: { ...process.env, EVENTSTORE_URL: stores.eventStoreUrl },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exit = once(program, 'exit');
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('connected');
  process.kill(stores.pid, 'SIGSTOP');
  program.stdin.write('\n');
  expect((await lines.next()).value).toBe('sent');
  process.kill(stores.pid, 'SIGKILL');
  expect((await lines.next()).value).toBe('500 failed');
  expect(await exit).toEqual([0, null]);
  await stores.stop();
  data.remove();
});
