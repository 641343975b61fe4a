import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openTestStores } from '../../embedded/testing.ts';
import { command, foundIn } from '../support/operator.ts';
import { call, eventually, openPlaza, openProgram, temporaryData } from '../support/plaza.ts';

const PERSONAL = ['10더8612', '홍길동', 'gildong@example.com', '+821012345678', 'a reason of mine'];
const newKey = () => randomBytes(32).toString('base64');

/** Returns the personal values that occur in the bytes of the event store's files. */
const foundInEvents = (folder: string): string[] => foundIn(folder, PERSONAL, (name) => name.startsWith('events'));

test('personal data is encrypted in the event store with keys that a master key wraps', async () => {
  const data = temporaryData();
  const [first, second] = [newKey(), newKey()];
  const env = { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking,customers', LOG_LEVEL: 'error' };
  let plaza = await openPlaza({ ...env, PERSONAL_KEY: first });
  onTestFinished(async () => {
    await plaza.close();
    data.remove();
  });
  await call(plaza.url, 'POST', '/parking/lots', { lotId: '1', name: 'Jeongja', spots: 50 });
  const contact = { name: '홍길동', email: 'gildong@example.com', phone: '+821012345678', language: 'ko' };
  expect((await call(plaza.url, 'PUT', '/customers/C1/contact', contact)).status).toBe(200);
  const reserve = (reservationId: string, carNumber: string) =>
    call(plaza.url, 'POST', '/parking/lots/1/reservations', {
      reservationId,
      customerId: 'C1',
      carNumber,
      amount: 5000,
    });
  const reserved = await reserve('r0', '10더8612');
  expect(reserved.status).toBe(201);
  // Enough events for a snapshot when the process ends.
  for (let index = 1; index < 15; index++) expect((await reserve(`r${index}`, `car ${index}`)).status).toBe(201);
  await call(plaza.url, 'DELETE', '/parking/lots/1/reservations/r1', { reason: 'a reason of mine' });
  await plaza.close();
  expect(foundInEvents(data.folder)).toEqual([]);

  // Without the master key, or with another one, nothing starts and nothing is written.
  for (const PERSONAL_KEY of ['', second]) {
    const failed = openPlaza({ ...env, PERSONAL_KEY });
    await expect(failed).rejects.toThrow(
      PERSONAL_KEY === '' ? 'PERSONAL_KEY must be set' : 'PERSONAL_KEY is not the master key',
    );
    expect((await command({ ...env, PERSONAL_KEY }, 'verify')).status).not.toBe(0);
  }
  const stores = await openTestStores({ dataFolder: data.folder });
  const { eventStoreUrl: EVENTSTORE_URL, mongoUrl: MONGODB_URL } = stores;
  const keyless = openProgram('write-side', { ...env, EVENTSTORE_URL, MONGODB_URL });
  await expect(keyless).rejects.toThrow('PERSONAL_KEY must be set');

  const rotated = await command({ ...env, PERSONAL_KEY: `${second},${first}` }, 'keys', 'rotate');
  expect(rotated.output).toContain('keys were wrapped anew');
  expect(await command({ ...env, PERSONAL_KEY: second }, 'keys', 'check')).toMatchObject({ status: 0 });
  await stores.stop();

  plaza = await openPlaza({ ...env, PERSONAL_KEY: second });
  // Repeated under the keyed hash of the same command: the same event.
  const repeated = await reserve('r0', '10더8612');
  expect(repeated.status).toBe(201);
  expect(repeated.headers.get('Event-Position')).toBe(reserved.headers.get('Event-Position'));
  expect((await reserve('r20', '10더8612')).body.type).toBe('/problems/car-already-reserved');
  const arrived = await call(plaza.url, 'POST', '/parking/lots/1/reservations/r0/arrival');
  expect(arrived.status).toBe(200);
  const shown = await eventually(
    () => call<{ carNumber: string; status: string }>(plaza.url, 'GET', '/parking/lots/1/reservations/r0'),
    ({ body }) => body.status === 'arrived',
    30_000,
  );
  expect(shown.body.carNumber).toBe('10더8612');
  await plaza.close();
  expect(await command({ ...env, PERSONAL_KEY: second }, 'verify')).toMatchObject({ status: 0 });
  expect(foundInEvents(data.folder)).toEqual([]);

  const exported = join(data.folder, 'exported');
  expect(await command({ ...env, PERSONAL_KEY: second }, 'export', exported, '--plain')).toMatchObject({ status: 0 });
  const moved = join(data.folder, 'moved');
  const imported = await command({ ...env, PLAZA_DATA: moved, PERSONAL_KEY: first }, 'import', exported);
  expect(imported).toMatchObject({ status: 0 });
  expect(foundInEvents(moved)).toEqual([]);
}, 180_000);
