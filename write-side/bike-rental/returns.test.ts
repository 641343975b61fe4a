import { afterAll, beforeAll, expect, it } from 'vitest';
import { callerOf, serveCommands } from '../testing.ts';
import { writeSide } from './index.ts';
import { bikeRentalSteps } from './steps.ts';

const [SEOHYEON, JEONGJA] = ['서현역', '정자역'];

let served: Awaited<ReturnType<typeof serveCommands>>;
beforeAll(async () => {
  served = await serveCommands(writeSide, {
    callers: {
      kim: callerOf('kim', 'customer'),
      staff: callerOf('s', 'staff'),
      seohyeon: callerOf('t', 'staff', `bike-rental:station:${SEOHYEON}`),
    },
    steps: bikeRentalSteps({
      payments: { circuit: () => 'closed', charge: async () => 'approved', find: async () => undefined },
      answerWithinMs: 1_000,
      maxPayments: 1,
    }),
  });
});
afterAll(() => served.stop());

const post = (who: string, path: string, body: object) =>
  served.send('POST', path, body, { Authorization: `Bearer ${who}` });
const giveBack = (who: string, rental: string, location: string) => post(who, `${rental}/return`, { location });

/** Rents a new bike for kim. @returns the path of the rental */
const rentAt = async (location: string): Promise<string> => {
  const bikeId = crypto.randomUUID();
  await served.give('RegisterBike', { bikeId, location });
  await served.give('AddLocation', { location });
  const rentals = `/bike-rental/bikes/${bikeId}/rentals`;
  expect((await post('kim', rentals, { rentalId: 'r', userId: 'kim' })).status).toBe(201);
  return `${rentals}/r`;
};

it('a station ends the rentals that began there, and no other of the city', async () => {
  const [own, other] = [await rentAt(SEOHYEON), await rentAt(JEONGJA)];
  for (const location of [SEOHYEON, JEONGJA])
    expect(await giveBack('seohyeon', other, location)).toMatchObject({
      status: 404,
      body: { type: '/problems/not-found' },
    });
  expect((await giveBack('seohyeon', own, JEONGJA)).status).toBe(200);
});

it('users return bikes to stations, staff to any place', async () => {
  await rentAt(JEONGJA);
  const [first, second] = [await rentAt(SEOHYEON), await rentAt(SEOHYEON)];
  const home = '내 집 =1+1';
  expect(await giveBack('kim', first, home)).toMatchObject({
    status: 404,
    body: { type: '/problems/station-not-found' },
  });
  expect(await giveBack('kim', first, JEONGJA)).toMatchObject({ status: 200, body: { location: JEONGJA } });
  expect(await giveBack('staff', second, home)).toMatchObject({ status: 200, body: { location: home } });
});
