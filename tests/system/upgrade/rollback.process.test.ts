import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../deploy/compose.ts';
import { callUnchecked as call, eventually, temporaryData, viewsAreBuilt } from '../../support/plaza.ts';
import { type Program, startProgram } from '../../support/processes.ts';
import { makeNextVersion, NEXT_VERSION } from './next-version.ts';

const data = temporaryData();
const next = join(data.folder, 'next');
const env = { PLAZA_DATA: join(data.folder, 'data'), PLAZA_CONTEXTS: 'parking,food-court', LOG_LEVEL: 'error' };
let plaza: Program;

beforeAll(() => makeNextVersion(next));
afterAll(async () => {
  await plaza?.end();
  data.remove();
});

/** Stops the running version, and starts another one on its data. */
const run = async (root: string) => {
  await plaza?.end();
  plaza = await startProgram('all-in-one', env, root);
  await viewsAreBuilt(plaza.url);
};

const operate = (name: string, ...args: string[]): string =>
  execFileSync(process.execPath, ['programs/run.js', name, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });

const RESERVATIONS = '/parking/lots/1/reservations';
const reserve = async (reservationId: string) => {
  const body = { reservationId, customerId: 'C1', carNumber: `car ${reservationId}`, amount: 5000 };
  const { status } = await call(plaza.url, 'POST', RESERVATIONS, body);
  expect(status).toBe(201);
};

const shown = async (reservationId: string) => {
  const { body } = await eventually(
    () => call(plaza.url, 'GET', `${RESERVATIONS}/${reservationId}`),
    ({ status }) => status === 200,
  );
  return body;
};

type Center = { projections: { name: string; state: string }[] };
const inState = async (wanted: string) =>
  (await call<Center>(plaza.url, 'GET', '/control-center')).body.projections
    .filter(({ state }) => state === wanted)
    .map(({ name }) => name);
const stopped = () => inState('stopped');

test('a rollback by one version keeps every event, and a replay brings the views of the newer version back', async () => {
  await run(ROOT);
  expect((await call(plaza.url, 'POST', '/parking/lots', { lotId: '1', name: '정자역', spots: 9 })).status).toBe(201);
  await reserve('before');
  const before = await shown('before');

  // The newer version builds its views, and stores no event that the older one does not know.
  await run(next);
  const { info } = (await call<{ info: { version: string } }>(plaza.url, 'GET', '/openapi.json')).body;
  expect(info.version).toBe(NEXT_VERSION);
  // The older view serves until then.
  const rebuilt = await eventually(
    () => shown('before'),
    ({ currency }) => currency !== undefined,
  );
  expect(rebuilt).toEqual({ ...before, currency: 'KRW' });
  await eventually(
    () => inState('live'),
    (names) => names.includes('parking.reservations'),
  );

  await run(ROOT);
  await reserve('after');
  await eventually(stopped, (names) => names.includes('parking.reservations'));
  operate('replay', '--context', 'parking');
  const replayed = await eventually(
    () => shown('before'),
    ({ currency }) => currency === undefined,
  );
  expect(replayed).toEqual(before);
  await shown('after');
  await eventually(stopped, ({ length }) => length === 0);
  await reserve('later');
  await shown('later');
  expect(operate('verify')).not.toMatch(/, [1-9]\d* differ/);
}, 240_000);
