import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../platform/identity/caller.ts';
import { readSide as parking } from './parking.ts';
import { eventIdAt, insertHistory, reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

const callers: Readonly<Record<string, Omit<Caller, 'sub' | 'expiresAt'>>> = {
  staff: { id: 's', roles: ['staff'] },
  'staff of mine': { id: 't', roles: ['staff'], scope: ['parking:lot:mine'] },
  owner: { id: 'kim', roles: ['customer'] },
};
const identify = async (who: string | undefined): Promise<Caller | undefined> =>
  who === undefined ? undefined : { sub: who, ...callers[who]!, expiresAt: 8_640_000_000_000 };

const OTHER = 'other-lot';
const coupon = { couponId: 'mine.r-1', lotId: 'mine', reservationId: 'r-1', customerId: 'kim' };
const redeemedOn = { lotId: OTHER, reservationId: 'r-2' };

let database: Awaited<ReturnType<typeof startDatabase>>;
let api: Awaited<ReturnType<typeof serveReadApi>>;

beforeAll(async () => {
  database = await startDatabase();
  const { db } = database;
  await viewOf(db, 'parking.coupons').insertOne({
    _id: coupon.couponId,
    _position: '20',
    ...coupon,
    status: 'redeemed',
    value: 1000,
    issuedAt: '2026-01-31T09:00:00.000Z',
    redeemedOn,
  });
  const event = { type: 'CouponRedeemed', data: { ...coupon, redeemedOn }, resources: ['/parking/coupons/mine.r-1'] };
  await insertHistory(db, 'parking', [{ position: 20n, ...event }]);
  for (const view of ['coupons', 'history', 'lots', 'reservations']) await reach(db, `parking.${view}`, 20n);
  api = await serveReadApi(db, [parking], { identify });
});
afterAll(async () => {
  await api.stop();
  await database.stop();
});

const COUPON = '/parking/coupons/mine.r-1';
const CENTER = '/control-center';

describe('a coupon that was used in another lot', () => {
  it.each([COUPON, '/parking/coupons', `${COUPON}/history`, `/history/${eventIdAt(20n)}/causes`, CENTER])(
    'does not name that lot to staff of its own at %s',
    async (path) => {
      const [limited, whole] = [
        await api.get(path, { authorization: 'staff of mine' }),
        await api.get(path, { authorization: 'staff' }),
      ];
      expect([limited.status, whole.status]).toEqual([200, 200]);
      if (path !== CENTER || whole.text.includes('CouponRedeemed')) {
        expect(limited.text).toContain(coupon.couponId);
        expect(whole.text).toContain(OTHER);
      }
      expect(limited.text).not.toContain(OTHER);
    },
  );

  it('does not name it to them in the live events', async () => {
    const firstOf = async (authorization: string) => {
      const leave = new AbortController();
      const url = `${api.url}/control-center/events?after=-1`;
      const response = await fetch(url, { headers: { authorization }, signal: leave.signal });
      let text = '';
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if (text.includes('CouponRedeemed') && text.endsWith('\n\n')) break;
      }
      leave.abort();
      return text;
    };
    const limited = await firstOf('staff of mine');
    expect(limited).toContain(coupon.couponId);
    expect(limited).not.toContain(OTHER);
    expect(await firstOf('staff')).toContain(OTHER);
  });

  it('names it to its owner', async () => {
    expect((await api.get(COUPON, { authorization: 'owner' })).body.redeemedOn).toEqual(redeemedOn);
  });
});
