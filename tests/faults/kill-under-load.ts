import { expect, onTestFinished } from 'vitest';
import { openTestStores } from '../../embedded/testing.ts';
import { eventually, openProgram, SHIPPED, temporaryData } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';
import { load, registerLots } from './load.ts';
import { differingDocuments } from './views.ts';

const start = (folder: string, port: string, EVENTSTORE_FAST = 'on') =>
  startProgram('all-in-one', {
    PLAZA_DATA: folder,
    PLAZA_CONTEXTS: 'parking',
    PORT: port,
    EVENTSTORE_FAST,
    ...SHIPPED,
  });

const storesOf = (program: Program): number => {
  const pids = [...program.output().matchAll(/the embedded stores are process (\d+)/g)].map(([, pid]) => Number(pid));
  return pids.at(-1)!;
};

/**
 * Kills everything, or only the stores, again and again while clients reserve spots, and checks that every acknowledged
 * command is stored once and that the views equal a replay.
 * @param kills the number of kills; each second start is without the fast path, and of five, the second is of the stores
 */
export const killUnderLoad = async (kills: number): Promise<void> => {
  const data = temporaryData();
  let plaza = await start(data.folder, '0');
  onTestFinished(async () => {
    await plaza.end();
    data.remove();
  });
  const { port } = new URL(plaza.url);
  const lots = await registerLots(plaza.url, 2 + Math.ceil(kills / 100));
  const running = load(plaza.url, lots, 16);

  for (let cycle = 0; cycle < kills; cycle++) {
    const before = running.acknowledged.size;
    const some = 1 + Math.floor(Math.random() * 200);
    await eventually(
      async () => running.acknowledged.size,
      (size) => size >= before + some,
    );
    if (cycle % 5 === 1) {
      process.kill(storesOf(plaza), 'SIGKILL');
    } else {
      await plaza.end('SIGKILL');
      plaza = await start(data.folder, port, cycle % 2 === 0 ? 'off' : 'on');
    }
  }
  const before = running.acknowledged.size;
  await eventually(
    async () => running.acknowledged.size,
    (size) => size > before,
  );
  await running.stop();
  expect(await plaza.end()).toBe(0);

  const stores = await openTestStores({ dataFolder: data.folder });
  expect(await running.brokenRules(stores.eventStoreUrl)).toEqual([]);
  const env = { EVENTSTORE_URL: stores.eventStoreUrl, MONGODB_URL: stores.mongoUrl, PLAZA_CONTEXTS: 'parking' };
  const projections = await openProgram('projections', env);
  expect(await differingDocuments(stores).finally(() => projections.close())).toEqual([]);
  await stores.stop();
};
