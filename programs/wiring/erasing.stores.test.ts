import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keyStore } from '../../platform/personal-data/keys.ts';
import { parseMasterKeys } from '../../platform/personal-data/master-key.ts';
import { startTestStores, type TestStores } from '../../platform/subscriptions/testing.ts';
import { contextSchemas } from '../contexts.ts';
import { openErasing } from './erasing.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());

it('waits for views that were never built, before and after an erasure', async () => {
  const keys = keyStore(stores.newDb(), parseMasterKeys(randomBytes(32).toString('base64')));
  await stores.append('parkingLot-1', {
    type: 'ParkingReserved',
    data: { lotId: '1', reservationId: 'r', customerId: 'kim', carNumber: '1', amount: 1 },
  });
  await keys.newSnapshotKey('parkingLot-1', 0);
  const openWith = (contexts: readonly string[]) =>
    openErasing({
      client: stores.client,
      db: stores.newDb(),
      keys: { keys, personal: { erase: keys.erase } as never },
      contexts: contextSchemas.filter(({ name }) => contexts.includes(name)).map((schema) => ({ schema }) as never),
      settings: { COMMAND_TIMEOUT_MS: 100 },
    });
  expect(await openWith(['parking']).find('kim')).toBeUndefined();
  await expect(openWith(['parking']).eraseSnapshots('kim')).rejects.toThrow('behind');
  expect((await keys.snapshotKeys('parkingLot-1')).keys).toHaveLength(1);
  expect(await openWith([]).find('kim')).toEqual({ isKnown: false, open: [] });
});
