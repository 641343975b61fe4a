import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryStreams } from '../../platform/event-store/testing.ts';
import { START } from '../../platform/event-store/types.ts';
import { createApp } from '../../platform/http/app.ts';
import type { Caller } from '../../platform/identity/caller.ts';
import { commandHandler } from '../kernel/command-handler.ts';
import { commandRoutes } from '../kernel/http.ts';
import { writeSide } from './index.ts';
import { bikeRentalSteps } from './steps.ts';

const [SEOHYEON, JEONGJA] = ['서현역', '정자역'];

const expiresAt = Number.MAX_SAFE_INTEGER;
const callers: Readonly<Record<string, Caller>> = {
  kim: { sub: 'kim', id: 'kim', roles: ['customer'], expiresAt },
  staff: { sub: 's', id: 's', roles: ['staff'], expiresAt },
  seohyeon: { sub: 't', id: 't', roles: ['staff'], scope: [`bike-rental:station:${SEOHYEON}`], expiresAt },
};

const { schema } = writeSide;
const onError = (error: unknown) => {
  throw error;
};
const handler = commandHandler({ store: memoryStreams(), contexts: [writeSide], timeZone: 'Asia/Seoul', onError });
const routes = commandRoutes({
  contexts: [schema],
  handler,
  answerWithin: 5_000,
  identify: async (who) => callers[who ?? ''],
  steps: bikeRentalSteps({
    payments: { circuit: () => 'closed', charge: async () => 'approved', find: async () => undefined },
    answerWithinMs: 1_000,
    maxPayments: 1,
  }),
  tail: async () => START,
  onError,
});
const server = createServer(createApp([routes], [schema], onError));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const post = async (who: string, path: string, body: object) => {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/bike-rental/bikes${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', Authorization: who },
  });
  return { status: response.status, body: (await response.json()) as { type?: string; location?: string } };
};

/** Rents a new bike for kim. */
const rentAt = async (location: string): Promise<string> => {
  const bikeId = crypto.randomUUID();
  await handler.handle({ type: 'RegisterBike', data: { bikeId, location }, actor: 'staff' });
  await handler.handle({ type: 'AddLocation', data: { location }, actor: 'policy:bike-rental.locations' });
  expect((await post('kim', `/${bikeId}/rentals`, { rentalId: 'r', userId: 'kim' })).status).toBe(201);
  return `/${bikeId}/rentals/r/return`;
};

it('a station ends the rentals that began there, and no other of the city', async () => {
  const [own, other] = [await rentAt(SEOHYEON), await rentAt(JEONGJA)];
  for (const location of [SEOHYEON, JEONGJA])
    expect(await post('seohyeon', other, { location })).toMatchObject({
      status: 404,
      body: { type: '/problems/not-found' },
    });
  expect(await post('seohyeon', own, { location: JEONGJA })).toMatchObject({ status: 200 });
});

it('users return bikes to stations, staff to any place', async () => {
  await rentAt(JEONGJA);
  const [first, second] = [await rentAt(SEOHYEON), await rentAt(SEOHYEON)];
  const home = { location: '내 집 =1+1' };
  expect(await post('kim', first, home)).toMatchObject({ status: 404, body: { type: '/problems/station-not-found' } });
  expect(await post('kim', first, { location: JEONGJA })).toMatchObject({ status: 200, body: { location: JEONGJA } });
  expect(await post('staff', second, home)).toMatchObject({ status: 200, body: home });
});
