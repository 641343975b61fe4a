import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statuses } from '../subscriptions/status.ts';
import { startTestStores, type TestStores } from '../subscriptions/testing.ts';
import { consumerMetrics } from './consumers.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());

test('the lag of a projection that no process reports grows, and has no number of events', async () => {
  const db = stores.newDb();
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
  const common = { view: 'v', group: 'projections', state: 'live' as const, eventsBehind: 0, secondsBehind: 0.2 };
  const at = { position: '7', tail: '7', progressAt: ago(60) };
  await statuses(db).insertMany([
    { _id: 'dead', ...common, ...at, worker: 'gone', updatedAt: ago(60) },
    { _id: 'alive', ...common, ...at, worker: 'here', updatedAt: new Date(Date.now() + 60_000) },
  ]);
  const registry = new Registry();
  consumerMetrics(registry, db);
  const lines = (await registry.metrics()).split('\n');
  const sample = (metric: string, projection: string) =>
    lines
      .find((line) => line.startsWith(`${metric}{group="projections",projection="${projection}"`))
      ?.split(' ')
      .at(-1);
  expect(Number(sample('plaza_projection_lag_seconds', 'dead'))).toBeGreaterThan(59);
  expect(sample('plaza_projection_lag_events', 'dead')).toBeUndefined();
  expect(sample('plaza_projection_lag_seconds', 'alive')).toBe('0.2');
  expect(sample('plaza_projection_lag_events', 'alive')).toBe('0');
});
