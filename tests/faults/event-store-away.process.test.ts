import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedStores, startEmbeddedStores } from '../../embedded/start.ts';
import { type Answer, call, eventually, openProgram, type Plaza, SHIPPED, temporaryData } from '../support/plaza.ts';
import { load } from './load.ts';

/** How often the event store is killed under load. */
const ROUNDS = Number(process.env.ROUNDS ?? 1);

/**
 * Milliseconds after which an append to a silent event store fails by itself. A command is answered after 900 ms; the
 * tests only need to tell the two apart, also on a busy machine.
 */
const APPEND_FAILS_AFTER = 3_000;

const data = temporaryData();
let stores: EmbeddedStores;
let writeSide: Plaza;

beforeAll(async () => {
  stores = await startEmbeddedStores({ dataFolder: data.folder });
  writeSide = await openProgram('write-side', {
    EVENTSTORE_URL: stores.eventStoreUrl,
    PLAZA_CONTEXTS: 'parking',
    ...SHIPPED,
  });
  for (const lotId of ['a', 'b', 'c', 'd'])
    await call(writeSide.url, 'POST', '/parking/lots', { lotId, name: lotId, spots: 100_000 });
});

afterAll(async () => {
  await writeSide.close();
  await stores.stop();
  data.remove();
});

const startAgain = async () => {
  const port = Number(new URL(stores.eventStoreUrl.replace('esdb', 'http')).port);
  stores = await startEmbeddedStores({ dataFolder: data.folder, eventStorePort: port });
};

const timed = async <T>(ask: () => Promise<T>): Promise<[T, number]> => {
  const started = performance.now();
  return [await ask(), performance.now() - started];
};

const reserve = (lotId: string, id: string) =>
  call(writeSide.url, 'POST', `/parking/lots/${lotId}/reservations`, {
    reservationId: id,
    customerId: 'c',
    carNumber: id,
    amount: 1,
  });

const isAway = ({ status, body, headers }: Answer) =>
  status === 503 && body.type === '/problems/event-store-unavailable' && headers.get('Retry-After') === '1';

/** Reserves once the process admits the request: a busy machine may first refuse it as one too many. */
const admitted = (lotId: string, id: string) =>
  eventually(
    () => timed(() => reserve(lotId, id)),
    ([{ body }]) => body.type !== '/problems/overloaded',
  );

/** The fastest answer counts: on a busy machine single ones may be delayed. */
const expectPrompt = (answers: readonly (readonly [Answer, number])[]) => {
  for (const [answer] of answers) expect(isAway(answer), JSON.stringify(answer)).toBe(true);
  expect(Math.min(...answers.map(([, took]) => took))).toBeLessThan(APPEND_FAILS_AFTER);
};

test('a killed event store causes 503 at the limit of a command, and commands succeed once it is back', {
  timeout: 300_000 + ROUNDS * 10_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const running = load(writeSide.url, ['a', 'b', 'c', 'd'], 64);
    await eventually(
      async () => running.acknowledged.size,
      (size) => size > 500,
    );
    process.kill(stores.pid, 'SIGKILL');
    await stores.exited;

    const answers = [];
    for (const lotId of ['a', 'unseen']) answers.push(await admitted(lotId, `away-${round}`));
    expectPrompt(answers);
    await startAgain();
    await eventually(
      () => reserve('a', `back-${round}`),
      ({ status }) => status === 201,
    );
    const { acknowledged } = running;
    const size = acknowledged.size;
    await eventually(
      async () => acknowledged.size,
      (now) => now > size + 200,
    );
    await running.stop();
    expect(await running.brokenRules(stores.eventStoreUrl)).toEqual([]);
  }
});

test('a silent event store causes 503 at the limit of a command, and commands succeed once it answers', async () => {
  process.kill(stores.pid, 'SIGSTOP');
  try {
    const asked = Array.from({ length: 10 }, (_, index) => admitted('b', `silent-${index}`));
    expectPrompt(await Promise.all(asked));
  } finally {
    process.kill(stores.pid, 'SIGCONT');
  }
  for (let index = 0; index < 10; index++)
    await eventually(
      () => reserve('b', `silent-${index}`),
      ({ status }) => status === 201,
    );
});
