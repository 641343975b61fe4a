import { afterAll, beforeAll, expect, test } from 'vitest';
import { streams } from '../../platform/event-store/streams.ts';
import { startTestStores, type TestStores } from '../../platform/subscriptions/testing.ts';
import { call, openProgram, type Plaza } from '../support/plaza.ts';

let stores: TestStores;
let plaza: Plaza;

const openWriteSide = () => openProgram('write-side', { EVENTSTORE_URL: stores.eventStoreUrl });
const restart = async () => {
  await plaza.close();
  plaza = await openWriteSide();
};

beforeAll(async () => {
  stores = await startTestStores();
  plaza = await openWriteSide();
});
afterAll(async () => {
  await plaza.close();
  await stores.stop();
});

const reservation = { reservationId: 'r1', customerId: 'C1', carNumber: '10더8612', amount: 5000 };

/** Registers a lot and reserves a spot in it, each once. */
const commandsOf = (lotId: string) => [
  ['/parking/lots', { lotId, name: 'Jeongja', spots: 5 }] as const,
  [`/parking/lots/${lotId}/reservations`, reservation] as const,
];

const give = async (lotId: string) => {
  const answers = [];
  for (const [path, body] of commandsOf(lotId)) answers.push(await call(plaza.url, 'POST', path, body));
  return answers;
};

const lastRevision = async (stream: string) => (await streams(stores.client).readLast(stream))!.revision;

test('a lot whose first event was removed takes no command, and is not registered again', async () => {
  for (const { status } of await give('1')) expect(status).toBe(201);
  await streams(stores.client).keepLast('parkingLot-1', 1);
  await restart();
  for (const { status, headers, body } of await give('1')) {
    expect([status, headers.get('Retry-After')]).toEqual([503, null]);
    expect(body).toMatchObject({ type: '/problems/stream-truncated', detail: expect.stringContaining('parkingLot-1') });
  }
  expect(await lastRevision('parkingLot-1')).toBe(1n);
  expect(plaza.output()).toMatch(/"level":50.*parkingLot-1 lacks the events before revision 1/);
});

test('a lot with an event of another program takes no command, and says which event that is', async () => {
  for (const { status } of await give('2')) expect(status).toBe(201);
  await streams(stores.client).put('parkingLot-2', { type: 'Photo', data: Buffer.from([255, 1]), metadata: {} });
  await restart();
  for (const { status, headers, body } of await give('2')) {
    expect([status, headers.get('Retry-After')]).toEqual([503, null]);
    const detail = 'parkingLot-2 holds Photo at revision 2, an event of another program';
    expect(body).toMatchObject({ type: '/problems/foreign-event', detail });
  }
  expect(await lastRevision('parkingLot-2')).toBe(2n);
});
