import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { call, eventually, type Program, startProgram, temporaryData } from '../support/plaza.ts';

type Member = { name: string; group: string; state: string; eventsBehind: number; position: string; tail: string };
type ControlCenter = { projections: Member[]; contexts: Record<string, unknown>; events: unknown[] };

/**
 * Returns the control centre once it has that many events, and every projection and policy is at the same tail without
 * lag.
 */
const settled = async ({ url }: Program, events: number): Promise<ControlCenter> => {
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
    30_000,
  );
  return last.body;
};

test('MongoDB needs no backup: from an empty one the views are rebuilt, and policies repeat no effect', async () => {
  const data = temporaryData();
  const env = { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking', LOG_LEVEL: 'error' };
  let plaza = await startProgram('all-in-one', env);
  onTestFinished(async () => {
    await plaza.end();
    data.remove();
  });
  const { url } = plaza;
  const lot = { lotId: '1', name: 'Jeongja', spots: 5 };
  await call(url, 'POST', '/parking/lots', lot);
  for (const reservationId of ['r1', 'r2']) {
    const reservation = { reservationId, customerId: 'C1', carNumber: `10더861${reservationId}`, amount: 5000 };
    expect((await call(url, 'POST', '/parking/lots/1/reservations', reservation)).status).toBe(201);
  }
  await call(url, 'DELETE', '/parking/lots/1/reservations/r1');
  const coupons = (program: Program) =>
    call<{ items: { status: string }[] }>(program.url, 'GET', '/parking/coupons?customerId=C1');
  const statuses = ({ body }: Awaited<ReturnType<typeof coupons>>) => body.items?.map(({ status }) => status).sort();
  await eventually(
    () => coupons(plaza),
    (answer) => String(statuses(answer)) === 'issued,revoked',
  );
  const before = await settled(plaza, 7);
  expect(before.events).toHaveLength(7);
  await plaza.end();

  const views = (await readdir(data.folder)).filter((file) => file.startsWith('views'));
  expect(views).not.toEqual([]);
  for (const file of views) await rm(join(data.folder, file));

  plaza = await startProgram('all-in-one', env);
  await eventually(
    () => call(plaza.url, 'GET', '/parking/lots/1'),
    ({ status }) => status === 200,
    20_000,
  );
  const after = await settled(plaza, 7);
  expect(after.events).toEqual(before.events);
  expect(after.contexts).toEqual(before.contexts);
  expect(statuses(await coupons(plaza))).toEqual(['issued', 'revoked']);
}, 90_000);
