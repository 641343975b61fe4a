import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { call, openProgram, type Plaza, temporaryData } from '../support/plaza.ts';
import { differingDocuments } from './views.ts';

/** Rounds of the last spot; `ROUNDS=1000` for a long run. */
const ROUNDS = Number(process.env.ROUNDS ?? 25);
const CLIENTS = 64;

const data = temporaryData();
let stores: OpenedStores;
let processes: Plaza[];
let client: EventStoreClient;

beforeAll(async () => {
  stores = await openTestStores({ dataFolder: data.folder });
  const env = { EVENTSTORE_URL: stores.eventStoreUrl, PLAZA_CONTEXTS: 'parking' };
  processes = await Promise.all([1, 2].map(() => openProgram('write-side', env)));
  client = connectEventStore(stores.eventStoreUrl);
});

afterAll(async () => {
  await Promise.all(processes.map((program) => program.close()));
  await disconnectEventStore(client);
  await stores.stop();
  data.remove();
});

/** Sends reservations of sixty-four clients at the same time. */
const rush = async (lotId: string, through: readonly Plaza[]) => {
  const answers = await Promise.all(
    Array.from({ length: CLIENTS }, (_, index) =>
      call(through[index % through.length]!.url, 'POST', `/parking/lots/${lotId}/reservations`, {
        customerId: `c-${index}`,
        carNumber: `car-${index}`,
        amount: 5000,
      }),
    ),
  );
  const reserved: string[] = [];
  for await (const { type, data: event } of streams(client).read(`parkingLot-${lotId}`, 0n))
    if (type === 'ParkingReserved') reserved.push((event as { reservationId: string }).reservationId);
  const accepted = answers.filter(({ status }) => status === 201).map(({ body }) => String(body.reservationId));
  const refusals = answers.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${body.type}`);
  return { accepted: accepted.sort(), reserved: reserved.sort(), refusals: [...new Set(refusals)] };
};

const open = (lotId: string, spots: number) =>
  call(processes[0]!.url, 'POST', '/parking/lots', { lotId, name: lotId, spots });

test('sixty-four clients get exactly seven of seven spots', async () => {
  await open('seven', 7);
  const { accepted, reserved, refusals } = await rush('seven', processes.slice(0, 1));
  expect(accepted).toHaveLength(7);
  expect(reserved).toEqual(accepted);
  expect(refusals).toEqual(['409 /problems/lot-full']);
});

test('sixty-four clients get exactly seven of seven spots over two processes', async () => {
  await open('seven-two', 7);
  const { accepted, reserved, refusals } = await rush('seven-two', processes);
  expect(accepted).toHaveLength(7);
  expect(reserved).toEqual(accepted);
  expect(refusals).toEqual(['409 /problems/lot-full']);
});

test(`the last spot, two processes, ${ROUNDS} times: one client gets it`, {
  timeout: 300_000 + ROUNDS * 1_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    await open(`last-${round}`, 1);
    const { accepted, reserved, refusals } = await rush(`last-${round}`, processes);
    expect(accepted, `round ${round}`).toHaveLength(1);
    expect(reserved).toEqual(accepted);
    expect(refusals).toEqual(['409 /problems/lot-full']);
  }
});

test('the views equal a fresh replay afterwards', async () => {
  const projections = await openProgram('projections', {
    EVENTSTORE_URL: stores.eventStoreUrl,
    MONGODB_URL: stores.mongoUrl,
    MONGODB_DATABASE: 'plaza',
    PLAZA_CONTEXTS: 'parking',
  });
  expect(await differingDocuments(stores).finally(() => projections.close())).toEqual([]);
});
