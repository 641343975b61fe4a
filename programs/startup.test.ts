import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, eventually, temporaryData } from '../tests/support/plaza.ts';
import { type Program, startProgram } from '../tests/support/processes.ts';

const ALL_IN_ONE = 'all-in-one';

describe('a failed start prints its reason in one line', () => {
  const data = temporaryData();
  let running: Program;
  beforeAll(async () => {
    running = await startProgram(ALL_IN_ONE, { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking' });
  });
  afterAll(async () => {
    await running.end();
    data.remove();
  });

  const failure = async (env: Record<string, string>, name = ALL_IN_ONE): Promise<string> => {
    try {
      await (await startProgram(name, { LOG_LEVEL: 'silent', ...env })).end();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('it started');
  };

  test('for a taken port', async () => {
    const other = temporaryData();
    const { port } = new URL(running.url);
    const message = await failure({ PORT: port, PLAZA_DATA: other.folder });
    expect(message).toMatch(/ended with 1:\nplaza: Can't listen on 127\.0\.0\.1:\d+: the port is taken\n$/);
    other.remove();
  });

  test('for data that another process has open', async () => {
    expect(await failure({ PLAZA_DATA: data.folder })).toMatch(
      /ended with 1:\nplaza: The data in .+ is in use by another process\.\n$/,
    );
  });

  test('for a folder that is not writable', async () => {
    expect(await failure({ PLAZA_DATA: '/proc/plaza' })).toMatch(
      /ended with 1:\nplaza: The data folder \/proc\/plaza cannot be written .+\n$/,
    );
  });

  test('for invalid settings, one line each', async () => {
    expect(await failure({ COMMAND_TIMEOUT_MS: 'soon', PLAZA_CONTEXTS: 'casino', PLAZA_DATA: data.folder })).toMatch(
      /ended with 1:\nplaza: .*PLAZA_CONTEXTS=casino .+\n.*COMMAND_TIMEOUT_MS=soon must be a whole number .+\n$/,
    );
  });

  test('for sign-in without a payment provider or the sandbox by name', async () => {
    const other = temporaryData();
    const env = { PLAZA_DATA: other.folder, AUTH: 'on' };
    expect(await failure(env)).toMatch(/ended with 1:\nplaza: PAYMENT_URL must be set with AUTH=on: .+\n$/);
    const named = await startProgram(ALL_IN_ONE, { ...env, PAYMENT_URL: 'sandbox', PLAZA_CONTEXTS: 'cinema' });
    expect(await named.end()).toBe(0);
    expect(await failure({ ...env, PLAZA_CONTEXTS: 'bike-rental' })).toContain('plaza: PAYMENT_URL must be set');
    const withoutPayments = await startProgram(ALL_IN_ONE, { ...env, PLAZA_CONTEXTS: 'parking' });
    expect(await withoutPayments.end()).toBe(0);
    other.remove();
  });

  test.each(['write-side', 'policies'])(
    '%s with sign-in and without a payment provider or the sandbox by name',
    async (name) => {
      const stores = { EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false', MONGODB_URL: 'mongodb://127.0.0.1:1' };
      expect(await failure({ ...stores, AUTH: 'on' }, name)).toContain('plaza: PAYMENT_URL must be set with AUTH=on: ');
    },
  );
});

test('data survives restarts and crashes of the stores', async () => {
  const data = temporaryData();
  const env = { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking' };
  const first = await startProgram(ALL_IN_ONE, env);
  await call(first.url, 'POST', '/parking/lots', { lotId: 'kept', name: '정자역', spots: 2 });
  expect(await first.end()).toBe(0);

  const second = await startProgram(ALL_IN_ONE, env);
  const reserve = (carNumber: string) =>
    call(second.url, 'POST', '/parking/lots/kept/reservations', { customerId: 'c', carNumber, amount: 1 });
  expect((await reserve('a')).status).toBe(201);

  const storesPid = /the embedded stores are process (\d+)/.exec(second.output())?.[1];
  process.kill(Number(storesPid), 'SIGKILL');
  const reserved = await eventually(
    () => reserve('b'),
    ({ status }) => status !== 503,
  );
  expect([201, 409]).toContain(reserved.status);
  expect(await reserve('c')).toMatchObject({ status: 409, body: { type: '/problems/lot-full' } });
  const lot = await eventually(
    () => call(second.url, 'GET', '/parking/lots/kept'),
    ({ body }) => body.free === 0,
  );
  expect(lot.body).toMatchObject({ spots: 2, reserved: 2, free: 0 });
  expect(await second.end()).toBe(0);
  data.remove();
});

describe.concurrent('unreachable stores', () => {
  const data = temporaryData();
  afterAll(() => data.remove());
  const EVENTSTORE_URL = 'esdb://operator:geheim@127.0.0.1:1?tls=false';
  const MONGODB_URL = 'mongodb://operator:geheim@127.0.0.1:1/';
  const reported = (program: Program, store: string) =>
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
  ])('%s reports each at its start, and again until it answers, without a password', async (name, events, views) => {
    const env = {
      PLAZA_DATA: data.folder,
      PLAZA_CONTEXTS: 'parking',
      EVENTSTORE_URL,
      MONGODB_URL,
    };
    const program = await startProgram(name, env);
    if (events) await reported(program, 'EVENTSTORE_URL=esdb://127.0.0.1:1?tls=false');
    if (views) await reported(program, 'MONGODB_URL=mongodb://127.0.0.1:1/');
    expect(program.output()).not.toContain('geheim');
    await program.end('SIGKILL');
  });
});

describe('the banner', () => {
  const banner = async (env: Record<string, string>): Promise<string> => {
    const plaza = await startProgram(ALL_IN_ONE, env);
    const shown = await eventually(
      async () => plaza.output(),
      (output) => output.includes('stop '),
    );
    await plaza.end();
    return shown;
  };

  test('names the URLs of the event store and of MongoDB', async () => {
    const data = temporaryData();
    const other = temporaryData();
    const running = await startProgram('stores', {
      PLAZA_DATA: other.folder,
      PLAZA_EVENTSTORE_PORT: '0',
      PLAZA_MONGODB_PORT: '0',
    });
    const [, MONGODB_URL = ''] = /MONGODB_URL=(\S+)/.exec(running.output()) ?? [];
    const shown = await banner({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking', MONGODB_URL });
    expect(shown).toMatch(new RegExp(`events +${data.folder} \\(embedded\\)\n +views +${MONGODB_URL}\n`));
    await running.end();
    data.remove();
    other.remove();
  });
});
