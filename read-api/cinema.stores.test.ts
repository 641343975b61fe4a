import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../platform/identity/caller.ts';
import { readSide as cinema } from './cinema.ts';
import { reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

const callers: Record<string, Caller> = Object.fromEntries(
  [
    ['GUEST', 'customer'],
    ['STRANGER', 'customer'],
    ['SHOP', 'shop'],
    ['STAFF', 'staff'],
  ].map(([sub, role]) => [sub, { sub, id: sub, roles: [role], expiresAt: Number.POSITIVE_INFINITY } as Caller]),
);

let database: Awaited<ReturnType<typeof startDatabase>>;
let signedIn: Awaited<ReturnType<typeof serveReadApi>>;
let open: Awaited<ReturnType<typeof serveReadApi>>;

const shown = { movieId: 'm-1', rating: 5, text: '좋다', writtenAt: '2026-01-31T09:00:00.000Z' };
const guests = ['AAA', 'GUEST', 'ZZZ'].map((customerId) => ({
  customerId,
  showingId: `showing-of-${customerId}`,
  reservationId: `reservation-of-${customerId}`,
}));

beforeAll(async () => {
  database = await startDatabase();
  const { db } = database;
  await viewOf(db, 'cinema.reviews').insertMany(
    guests.map((guest) => ({ _id: `m-1.${guest.customerId}`, ...shown, ...guest })),
  );
  await reach(db, 'cinema.reviews', 1n);
  signedIn = await serveReadApi(db, [cinema], { identify: async (token) => (token ? callers[token] : undefined) });
  open = await serveReadApi(db, [cinema]);
});
afterAll(async () => {
  await Promise.all([signedIn?.stop(), open?.stop()]);
  await database?.stop();
});

const reviewsFor = async (sub?: string) => {
  const { body } = await signedIn.get('/cinema/movies/m-1/reviews', sub ? { Authorization: sub } : {});
  return body.items;
};

it.each([undefined, 'STRANGER', 'SHOP'])('reviews do not identify their guests to %s', async (sub) => {
  expect(await reviewsFor(sub)).toEqual([shown, shown, shown]);
});

it('reviews identify a guest to the guest', async () => {
  expect(await reviewsFor('GUEST')).toEqual([shown, { ...shown, ...guests[1] }, shown]);
});

it('reviews identify every guest to staff, and to everybody without sign-in', async () => {
  const all = guests.map((guest) => ({ ...shown, ...guest }));
  expect(await reviewsFor('STAFF')).toEqual(all);
  expect((await open.get('/cinema/movies/m-1/reviews')).body.items).toEqual(all);
});

it('a page of reviews names no guest in its cursor, its Link or its ETag', async () => {
  const { text, headers, body } = await signedIn.get('/cinema/movies/m-1/reviews?limit=1&sort=rating');
  const decoded = Buffer.from(body.next, 'base64url').toString('latin1');
  for (const part of [text, decoded, JSON.stringify([...headers])]) expect(part).not.toMatch(/AAA|GUEST|ZZZ/);
  const next = await signedIn.get(`/cinema/movies/m-1/reviews?limit=5&sort=rating&cursor=${body.next}`);
  expect(next.body.items).toHaveLength(2);
});

it('an answer that depends on its reader is kept in no cache', async () => {
  expect((await signedIn.get('/cinema/movies/m-1/reviews')).headers.get('Cache-Control')).toBe('no-store');
});

it('one review is found by its guest and by staff only', async () => {
  const statusFor = async (sub?: string) =>
    (await signedIn.get('/cinema/movies/m-1/reviews/GUEST', sub ? { Authorization: sub } : {})).status;
  expect([await statusFor('GUEST'), await statusFor('STAFF')]).toEqual([200, 200]);
  expect([await statusFor(), await statusFor('STRANGER'), await statusFor('SHOP')]).toEqual([401, 404, 403]);
});
