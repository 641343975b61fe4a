import '../../testing.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { type Kept, keepAgain } from './kept.ts';

afterEach(() => vi.unstubAllGlobals());

const path = '/cinema/showings/s';
const kept: Kept = { seats: ['C2', 'C6'], expiresAt: '2036-01-31T09:05:00.000Z', by: { holdId: 'h1' } };

/** Answers the page's requests, by method and path. */
const answering = (answers: Readonly<Record<string, [status: number, body: object]>>) =>
  vi.stubGlobal('fetch', async (to: string, { method = 'GET' }: RequestInit) => {
    const [status, body] = answers[`${method} ${to}`]!;
    return Response.json(body, { status });
  });

const taken = { type: '/problems/seat-taken', title: 'The seat is taken', status: 409 };

test('the seats of a declined payment are held again', async () => {
  const expiresAt = '2036-01-31T09:07:00.000Z';
  answering({ [`POST ${path}/holds`]: [201, { holdId: 'h2', expiresAt }] });
  expect(await keepAgain(path, 'kim', kept)).toEqual({ seats: ['C2', 'C6'], expiresAt, by: { holdId: 'h2' } });
});

test('a hold that outlives the payment keeps its seats', async () => {
  answering({ [`POST ${path}/holds`]: [409, taken], [`GET ${path}/holds/h1`]: [200, { status: 'held' }] });
  expect(await keepAgain(path, 'kim', kept)).toBe(kept);
});

test('seats that somebody else took meanwhile are not kept', async () => {
  answering({ [`POST ${path}/holds`]: [409, taken], [`GET ${path}/holds/h1`]: [200, { status: 'used' }] });
  expect(await keepAgain(path, 'kim', kept)).toBeUndefined();
});
