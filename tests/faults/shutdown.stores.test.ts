import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { call, eventually, openProgram, type Plaza, temporaryData } from '../support/plaza.ts';
import { load } from './load.ts';

const data = temporaryData();
let stores: OpenedStores;
let writeSide: Plaza;
const start = (port: string) =>
  openProgram('write-side', {
    EVENTSTORE_URL: stores.eventStoreUrl,
    PLAZA_CONTEXTS: 'parking',
    WRITE_SIDE_PORT: port,
  });

beforeAll(async () => {
  stores = await openTestStores({ dataFolder: data.folder });
  writeSide = await start('0');
});

afterAll(async () => {
  await writeSide.close();
  await stores.stop();
  data.remove();
});

test('an orderly end under load loses and doubles no reservation', async () => {
  const { port } = new URL(writeSide.url);
  for (const lotId of ['a', 'b'])
    await call(writeSide.url, 'POST', '/parking/lots', { lotId, name: lotId, spots: 100_000 });
  const running = load(writeSide.url, ['a', 'b'], 32);
  const took: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = running.acknowledged.size;
    await eventually(
      async () => running.acknowledged.size,
      (size) => size > before + 300,
    );
    const started = performance.now();
    await writeSide.close();
    took.push(performance.now() - started);
    writeSide = await start(port);
  }
  // The fastest counts: on a busy machine single ones may be delayed.
  expect(Math.min(...took)).toBeLessThan(5_000);
  await running.stop();
  // Every accepted connection was answered; only refused ones broke.
  expect([...running.statuses.keys()].sort()).toEqual([0, 201]);
  expect(await running.brokenRules(stores.eventStoreUrl)).toEqual([]);
});
