import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestHandler } from 'express';
import { clientOf } from './limits.ts';

const current = new AsyncLocalStorage<{ name: string }>();

/**
 * Remembers the client of a request while the process works on it, so that clients take turns. It is the address (see
 * {@link clientOf}) until {@link nameClient} names the subject of a token.
 */
export const rememberClient =
  (trustedProxies: number): RequestHandler =>
  (req, _res, next) =>
    current.run({ name: clientOf(req, trustedProxies) }, next);

/** Replaces the client's address by a name that belongs to the client alone. */
export const nameClient = (name: string): void => {
  const client = current.getStore();
  if (client) client.name = name;
};

/** Returns the client of the request that this process works on; the empty text outside of requests. */
export const currentClient = (): string => current.getStore()?.name ?? '';
