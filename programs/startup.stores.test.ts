import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestStores } from '../embedded/testing.ts';
import {
  call,
  eventually,
  openPlaza,
  openProgram,
  type Plaza,
  temporaryData,
  viewsAreBuilt,
} from '../tests/support/plaza.ts';

describe('a Plaza does not open', () => {
  let data: ReturnType<typeof temporaryData>;
  beforeAll(() => {
    data = temporaryData();
  });
  afterAll(() => data.remove());

  test('on a folder that is not writable', async () => {
    await expect(openPlaza({ PLAZA_DATA: '/proc/plaza' })).rejects.toThrow(
      /^The data folder \/proc\/plaza cannot be written .+$/,
    );
  });

  test('with sign-in unless it has a payment provider or the sandbox by name', async () => {
    const env = { PLAZA_DATA: data.folder, AUTH: 'on' };
    await expect(openPlaza(env)).rejects.toThrow(/^PAYMENT_URL must be set with AUTH=on: .+$/);
    const named = await openPlaza({ ...env, PAYMENT_URL: 'sandbox', PLAZA_CONTEXTS: 'cinema' });
    await named.close();
    await expect(openPlaza({ ...env, PLAZA_CONTEXTS: 'bike-rental' })).rejects.toThrow('PAYMENT_URL must be set');
    const withoutPayments = await openPlaza({ ...env, PLAZA_CONTEXTS: 'parking' });
    await withoutPayments.close();
  });

  test.each(['write-side', 'policies'] as const)(
    'as %s with sign-in and without a payment provider or the sandbox by name',
    async (name) => {
      const stores = { EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false', MONGODB_URL: 'mongodb://127.0.0.1:1' };
      await expect(openProgram(name, { ...stores, AUTH: 'on' })).rejects.toThrow(
        'PAYMENT_URL must be set with AUTH=on: ',
      );
    },
  );
});

describe.concurrent('unreachable stores', () => {
  const data = temporaryData();
  afterAll(() => data.remove());
  const EVENTSTORE_URL = 'esdb://operator:geheim@127.0.0.1:1?tls=false';
  const MONGODB_URL = 'mongodb://operator:geheim@127.0.0.1:1/';
  const reported = (program: Plaza, store: string) =>
    eventually(
      async () =>
        program
          .output()
          .split('\n')
          .filter((line) => line.includes(`${store} cannot be reached`)),
      (lines) => lines.length > 1,
    );

  test.each([
    ['all-in-one', true, true],
    ['write-side', true, false],
    ['read-api', false, true],
    ['projections', true, true],
    ['policies', true, true],
  ] as const)(
    '%s reports each at its start, and again until it answers, without a password',
    async (name, events, views) => {
      const env = { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking', EVENTSTORE_URL, MONGODB_URL };
      const program = await openProgram(name, env);
      if (events) await reported(program, 'EVENTSTORE_URL=esdb://127.0.0.1:1?tls=false');
      if (views) await reported(program, 'MONGODB_URL=mongodb://127.0.0.1:1/');
      expect(program.output()).not.toContain('geheim');
      await program.close();
    },
  );
});

test('with an external EventStoreDB no embedded one starts', async () => {
  const [data, other] = [temporaryData(), temporaryData()];
  const stores = await openTestStores({ dataFolder: other.folder, only: 'events' });
  expect(readdirSync(other.folder)).not.toContain('views.sqlite');
  const EVENTSTORE_URL = stores.eventStoreUrl;
  const plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking', EVENTSTORE_URL });
  await viewsAreBuilt(plaza.url);
  expect(readdirSync(data.folder)).toContain('views.sqlite');
  expect(readdirSync(data.folder)).not.toContain('events.sqlite');
  await plaza.close();
  await stores.stop();
  data.remove();
  other.remove();
});

test.each(['on', 'off'])(
  'a Plaza on kurrentdb://… works as on esdb://…, with EVENTSTORE_FAST=%s',
  async (EVENTSTORE_FAST) => {
    const [data, other] = [temporaryData(), temporaryData()];
    const stores = await openTestStores({ dataFolder: other.folder });
    const EVENTSTORE_URL = stores.eventStoreUrl.replace(/^esdb/, 'kurrentdb');
    const plaza = await openPlaza({
      PLAZA_DATA: data.folder,
      PLAZA_CONTEXTS: 'parking',
      EVENTSTORE_URL,
      EVENTSTORE_FAST,
    });
    const lot = { lotId: 'l', name: '정자역', spots: 1 };
    const { status, headers } = await call(plaza.url, 'POST', '/parking/lots', lot);
    expect(status).toBe(201);
    const position = { 'Min-Event-Position': headers.get('Event-Position') ?? '', Prefer: 'wait=20' };
    expect((await call(plaza.url, 'GET', '/parking/lots/l', undefined, position)).body).toMatchObject({ free: 1 });
    await plaza.close();
    await stores.stop();
    data.remove();
    other.remove();
  },
);

test('with an external MongoDB no embedded one starts, and the banner names its URL', async () => {
  const [data, other] = [temporaryData(), temporaryData()];
  const stores = await openTestStores({ dataFolder: other.folder });
  const plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking', MONGODB_URL: stores.mongoUrl });
  expect(readdirSync(data.folder)).toContain('events.sqlite');
  expect(readdirSync(data.folder)).not.toContain('views.sqlite');
  expect(plaza.ready).toMatch(new RegExp(`events +${data.folder} \\(embedded\\)\n +views +${stores.mongoUrl}\n`));
  await plaza.close();
  await stores.stop();
  data.remove();
  other.remove();
});
