import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command } from '../support/operator.ts';
import { call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';

type Member = { name: string; group: string; state: string; eventsBehind: number; position: string; tail: string };
type ControlCenter = { projections: Member[]; contexts: Record<string, unknown>; events: unknown[] };

/**
 * Returns the control centre once it has that many events, and every projection and policy is at the same tail without
 * lag.
 */
const settled = async ({ url }: Plaza, events: number): Promise<ControlCenter> => {
  const look = async () => {
    // Frequent requests would slow the projections down.
    await pause(250);
    const { status, body } = await call<ControlCenter>(url, 'GET', '/control-center');
    const { projections = [] } = body;
    const tails = [...new Set(projections.map(({ tail }) => tail))];
    const busy = projections
      .filter(({ state, eventsBehind }) => state !== 'live' || eventsBehind > 0)
      .map(({ name, state, position }) => `${name} ${state} at ${position}`);
    const policies = projections.filter(({ group }) => group === 'policies').length;
    return { body, summary: { status, events: body.events?.length, tails, busy, policies } };
  };
  let last = await look();
  await eventually(
    async () => {
      last = await look();
      return last.summary;
    },
    ({ status, tails, busy, policies, ...seen }) =>
      status === 200 && seen.events >= events && tails.length === 1 && busy.length === 0 && policies > 0,
  );
  return last.body;
};

const data = temporaryData();
const restored = temporaryData();
const env = { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking', LOG_LEVEL: 'error' };
let plaza: Plaza;
let before: ControlCenter;

const coupons = (program: Plaza) =>
  call<{ items: { status: string }[] }>(program.url, 'GET', '/parking/coupons?customerId=C1');
const statuses = ({ body }: Awaited<ReturnType<typeof coupons>>) => body.items?.map(({ status }) => status).sort();

/** Waits until a program that starts without views answers as before, without new events. */
const answersAsBefore = async (program: Plaza) => {
  await eventually(
    () => call(program.url, 'GET', '/parking/lots/1'),
    ({ status }) => status === 200,
  );
  const after = await settled(program, 7);
  expect(after.events.map(withoutPosition)).toEqual(before.events.map(withoutPosition));
  expect(after.contexts).toEqual(before.contexts);
  expect(statuses(await coupons(program))).toEqual(['issued', 'revoked']);
  return after;
};

/** Positions belong to an event store. */
const withoutPosition = (event: unknown) => ({ ...(event as object), position: undefined });

/** Runs an operator's command on a data folder. */
const run = (name: string, folder: string, ...args: string[]) => command({ PLAZA_DATA: folder }, name, ...args);

beforeAll(async () => {
  plaza = await openPlaza(env);
  const { url } = plaza;
  const lot = { lotId: '1', name: 'Jeongja', spots: 5 };
  await call(url, 'POST', '/parking/lots', lot);
  for (const reservationId of ['r1', 'r2']) {
    const reservation = { reservationId, customerId: 'C1', carNumber: `10더861${reservationId}`, amount: 5000 };
    expect((await call(url, 'POST', '/parking/lots/1/reservations', reservation)).status).toBe(201);
  }
  await call(url, 'DELETE', '/parking/lots/1/reservations/r1');
  await eventually(
    () => coupons(plaza),
    (answer) => String(statuses(answer)) === 'issued,revoked',
  );
  before = await settled(plaza, 7);
  expect(before.events).toHaveLength(7);
});

afterAll(async () => {
  await plaza.close();
  data.remove();
  restored.remove();
});

test('MongoDB needs no backup: from an empty one the views are rebuilt, and policies repeat no effect', async () => {
  await plaza.close();
  const views = (await readdir(data.folder)).filter((file) => file.startsWith('views'));
  expect(views).not.toEqual([]);
  for (const file of views) await rm(join(data.folder, file));
  plaza = await openPlaza(env);
  expect((await answersAsBefore(plaza)).events).toEqual(before.events);
});

test('npm run keys -- plain counts the events that cannot be erased', async () => {
  expect(await run('keys', data.folder, 'plain')).toEqual({
    status: 0,
    output: 'ParkingReserved: 2 events of 1 customers\n',
  });
});

test('a refused import leaves nothing behind', async () => {
  const folder = join(restored.folder, 'broken');
  await mkdir(folder);
  await writeFile(join(folder, 'plaza-export.json'), '{ "format": ');
  const fresh = join(restored.folder, 'refused');
  const refused = { status: 1, output: expect.stringContaining('plaza-export.json is damaged: it is not JSON') };
  expect(await run('import', fresh, folder)).toEqual(refused);
  expect(await readdir(restored.folder)).not.toContain('refused');
  await mkdir(fresh);
  expect(await run('import', fresh, folder)).toEqual(refused);
  expect(await readdir(fresh)).toEqual([]);
});

test('an export of a running Plaza, imported into an empty one, restores its events and views', async () => {
  const folder = join(restored.folder, 'export');
  expect(await run('export', data.folder, folder)).toEqual({
    status: 0,
    output: expect.stringContaining('7 events and'),
  });
  expect(await run('import', data.folder, folder)).toEqual({
    status: 1,
    output: expect.stringContaining('stop all of its processes before an import'),
  });
  const fresh = join(restored.folder, 'data');
  expect(await run('import', fresh, folder)).toEqual({
    status: 0,
    output: expect.stringContaining('7 events are imported'),
  });
  await plaza.close();
  plaza = await openPlaza({ ...env, PLAZA_DATA: fresh });
  await answersAsBefore(plaza);
  expect((await run('verify', fresh, '--context', 'parking')).status).toBe(0);
});
