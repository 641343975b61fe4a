import { afterAll, expect, test } from 'vitest';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { eventually, SHIPPED, temporaryData } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';
import { load, registerLots } from './load.ts';
import { differingDocuments } from './views.ts';

/** How often everything, or only the stores, is killed under load; `CYCLES=500` for a long run. */
const CYCLES = Number(process.env.CYCLES ?? 10);

const data = temporaryData();
let plaza: Program;
afterAll(async () => {
  await plaza.end();
  data.remove();
});

const start = (port: string, EVENTSTORE_FAST = 'on') =>
  startProgram('all-in-one', {
    PLAZA_DATA: data.folder,
    PLAZA_CONTEXTS: 'parking',
    PORT: port,
    EVENTSTORE_FAST,
    ...SHIPPED,
  });

const storesOf = (program: Program): number => {
  const pids = [...program.output().matchAll(/the embedded stores are process (\d+)/g)].map(([, pid]) => Number(pid));
  return pids.at(-1)!;
};

test(`killed ${CYCLES} times under load: every acknowledged command is stored once`, {
  timeout: 300_000 + CYCLES * 10_000,
}, async () => {
  plaza = await start('0');
  const { port } = new URL(plaza.url);
  const lots = await registerLots(plaza.url, 2 + Math.ceil(CYCLES / 100));
  const running = load(plaza.url, lots, 16);

  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const before = running.acknowledged.size;
    const some = 1 + Math.floor(Math.random() * 200);
    await eventually(
      async () => running.acknowledged.size,
      (size) => size >= before + some,
    );
    if (cycle % 5 === 4) {
      process.kill(storesOf(plaza), 'SIGKILL');
    } else {
      await plaza.end('SIGKILL');
      plaza = await start(port, cycle % 2 === 0 ? 'off' : 'on');
    }
  }
  const before = running.acknowledged.size;
  await eventually(
    async () => running.acknowledged.size,
    (size) => size > before,
  );
  await running.stop();
  expect(await plaza.end()).toBe(0);

  const stores = await startEmbeddedStores({ dataFolder: data.folder });
  expect(await running.brokenRules(stores.eventStoreUrl)).toEqual([]);
  const env = { EVENTSTORE_URL: stores.eventStoreUrl, MONGODB_URL: stores.mongoUrl, PLAZA_CONTEXTS: 'parking' };
  const projections = await startProgram('projections', env);
  expect(await differingDocuments(stores).finally(() => projections.end())).toEqual([]);
  await stores.stop();
});
