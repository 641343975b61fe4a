import { expect } from 'vitest';
import { type Answer, eventually } from '../support/plaza.ts';

type Maker = { method: string; path: string };

/** Returns whether a route adds to a waiting list, which only a full resource has. */
export const needsFull = ({ method, path }: Maker): boolean => method === 'POST' && path.endsWith('/waiting-list');

/** Holds the free places of a resource one by one. @param hold sends a request to the holds of the resource */
export const fill = async (hold: (body: object) => Promise<{ status: number; body: unknown }>): Promise<void> => {
  for (let count = 1; ; count++) {
    const { status, body } = await hold({ holdId: `rest-${count}`, customerId: 'REST', places: 1 });
    if (status === 409) return;
    expect(status, JSON.stringify(body)).toBe(201);
  }
};

/** Returns whether a route is for guests of a showing that has begun. */
export const needsBegun = ({ method, path }: Maker): boolean => method === 'POST' && path.endsWith('/reviews');

/** The route that gives a showing another start. */
export const isMove = ({ method, path }: Maker): boolean =>
  method === 'PATCH' && path === '/cinema/showings/{showingId}';

/**
 * Lets a showing begin, and repeats a request until the showing has.
 * @param move gives the showing another start
 */
export const onceBegun = async (
  move: (body: object) => Promise<Answer>,
  ask: () => Promise<Answer>,
): Promise<Answer> => {
  await eventually(
    () => move({ startsAt: new Date(Date.now() + 2_000).toISOString() }),
    ({ status }) => status === 200,
  );
  return eventually(ask, ({ body }) => body.type !== '/problems/showing-not-begun');
};

/**
 * Returns a body without sessions and without a hall: a slot that has sessions has no holds and no waiting list, and a
 * showing in a hall cannot be moved.
 */
export const withoutSessionsAndHall = (body: unknown): unknown => {
  if (typeof body !== 'object' || body === null) return body;
  const { sessions: _sessions, at: _at, hallId: _hallId, ...rest } = body as Record<string, unknown>;
  return rest;
};
