import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import type { Db } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../platform/identity/caller.ts';
import { Causes, MOST_AFTER, MOST_BEFORE } from '../schemas/kernel/causes.ts';
import { readSide as foodCourt } from './food-court.ts';
import type { ReadContext } from './kernel/context.ts';
import { readSide as parking } from './parking.ts';
import { eventIdAt, insertHistory, reach, serveReadApi, startDatabase } from './testing.ts';

const theater = {
  schema: { name: 'theater', title: 'Theater', events: {}, commands: {}, queries: {}, problems: {} },
  overview: async () => ({}),
} satisfies ReadContext;

const callers: Record<string, Pick<Caller, 'id' | 'roles'> & { scope?: string[] }> = {
  staff: { id: 'S', roles: ['staff'] },
  parker: { id: 'P', roles: ['staff'], scope: ['parking'] },
  shop: { id: 'shop-1', roles: ['shop'] },
};
const identify = async (authorization: string | undefined): Promise<Caller | undefined> => {
  const known = callers[String(authorization)];
  return known && { sub: known.id, expiresAt: Number.MAX_SAFE_INTEGER, ...known };
};

let database: Awaited<ReturnType<typeof startDatabase>>;
let api: Awaited<ReturnType<typeof serveReadApi>>;
let db: Db;

const at = (second: number) => `2026-01-31T09:00:${second.toFixed(3).padStart(6, '0')}Z`;

beforeAll(async () => {
  database = await startDatabase();
  db = database.db;
  const request = { correlationId: 'visit-1', commandId: 'key:1', causationId: 'key:1', time: at(1) };
  const reaction = {
    correlationId: 'visit-1',
    commandId: 'parking.coupons:1',
    causationId: eventIdAt(10n),
    actor: 'policy:parking.coupons',
    stream: 'coupon-1',
    time: at(1.25),
  };
  await insertHistory(db, 'parking', [
    { position: 10n, type: 'ParkingReserved', rest: request },
    { position: 11n, type: 'ReservationDiscounted', rest: request },
    { position: 20n, type: 'CouponIssued', rest: reaction },
    { position: 25n, type: 'LotRegistered', rest: { correlationId: 'another' } },
    {
      position: 50n,
      type: 'CouponRedeemed',
      rest: { correlationId: 'visit-1', commandId: 'x', causationId: 'key:1', stream: 'coupon-2', time: at(0.5) },
    },
    {
      position: 60n,
      rest: { correlationId: 'lost', commandId: 'y', causationId: eventIdAt(1n), actor: 'process:parking.places' },
    },
  ]);
  await insertHistory(db, 'theater', [
    {
      position: 30n,
      type: 'MessageMade',
      rest: {
        ...reaction,
        actor: 'process:theater.messages',
        commandId: 'm',
        causationId: eventIdAt(20n),
        stream: 'message-1',
        time: at(2.25),
      },
    },
  ]);
  await insertHistory(
    db,
    'food-court',
    ['shop-1', 'shop-2'].map((shopId, n) => ({
      position: 70n + BigInt(n),
      type: 'OrderPlaced',
      data: { shopId },
      rest: { correlationId: 'orders' },
    })),
  );
  await insertHistory(
    db,
    'theater',
    Array.from({ length: 1_500 }, (_, n) => ({ position: 10_000n + BigInt(n), rest: { correlationId: 'long' } })),
  );
  for (const view of ['parking.history', 'theater.history', 'food-court.history']) await reach(db, view, 20_000n);
  api = await serveReadApi(db, [parking, foodCourt, theater], { identify, answerWithin: 20_000 });
});
afterAll(async () => {
  await api.stop();
  await database.stop();
});

const ajv = new Ajv({ strict: false });
formats.default(ajv);
const fits = ajv.compile(Causes);

const causesOf = async (position: bigint, authorization = 'staff') => {
  const answer = await api.get(`/history/${eventIdAt(position)}/causes`, { Authorization: authorization });
  if (answer.status === 200) expect([fits(answer.body), fits.errors]).toEqual([true, null]);
  return answer;
};
const links = (body: Causes) =>
  body.commands.map(({ policy = 'client', cause, causationId, millisecondsAfter, events }) => [
    policy,
    cause,
    causationId,
    millisecondsAfter,
    ...events.map(({ context, type }) => `${context} ${type}`),
  ]);

const visit = [
  ['client', 'request', 'key:1', undefined, 'parking ParkingReserved', 'parking ReservationDiscounted'],
  ['parking.coupons', 'event', eventIdAt(10n), 250, 'parking CouponIssued'],
  ['theater.messages', 'event', eventIdAt(20n), 1_000, 'theater MessageMade'],
  ['client', 'command', 'key:1', 0, 'parking CouponRedeemed'],
];

describe('the causes of an event', () => {
  it.each([10n, 11n, 20n, 30n, 50n])(
    'are the same tree over all contexts from each of its events: %s',
    async (from) => {
      const { status, body } = await causesOf(from);
      expect(status).toBe(200);
      expect(links(body)).toEqual(visit);
      expect(body).toMatchObject({ eventId: eventIdAt(from), correlationId: 'visit-1', isWhole: true });
    },
  );

  it('that are not in the answer are named as such', async () => {
    const { body } = await causesOf(60n);
    expect(links(body)).toEqual([['parking.places', 'unlisted', eventIdAt(1n), undefined, 'parking LotRegistered']]);
  });

  it('are the nearest of many', async () => {
    const positions = ({ commands }: Causes) =>
      commands.flatMap(({ events }) => events).map(({ position }) => position);
    const { body: middle } = await causesOf(10_500n);
    const range = (first: number, length: number) => Array.from({ length }, (_, n) => `${first + n}`);
    expect(positions(middle)).toEqual(range(10_500 - MOST_BEFORE, MOST_BEFORE + 1 + MOST_AFTER));
    expect(middle.isWhole).toBe(false);
    const { body: last } = await causesOf(11_499n);
    expect(positions(last)).toEqual(range(11_499 - MOST_BEFORE, MOST_BEFORE + 1));
    expect(last.isWhole).toBe(false);
  });

  it('are those that the caller may see', async () => {
    const { body } = await causesOf(10n, 'parker');
    expect(links(body)).toEqual(visit.filter(([policy]) => policy !== 'theater.messages'));
    expect((await causesOf(30n, 'parker')).status).toBe(404);
    const own = await causesOf(70n, 'shop');
    expect(own.body.commands.flatMap(({ events }: Causes['commands'][number]) => events)).toMatchObject([
      { data: { shopId: 'shop-1' } },
    ]);
    expect((await causesOf(71n, 'shop')).status).toBe(404);
    expect((await causesOf(10n, 'nobody')).status).toBe(401);
  });

  it('of an event that does not exist are not found, and of what is no event id are refused', async () => {
    expect(await causesOf(9n)).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
    const odd = await api.get('/history/4711/causes', { Authorization: 'staff' });
    expect(odd).toMatchObject({ status: 400, body: { type: '/problems/invalid-request' } });
    const asked = await api.get(`/history/${eventIdAt(10n)}/causes?limit=1`, { Authorization: 'staff' });
    expect(asked.status).toBe(400);
  });
});
