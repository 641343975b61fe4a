import type { RequestHandler } from 'express';
import type { Db } from 'mongodb';
import { rememberClient } from '../../platform/http/client.ts';
import { clientLimit, MINUTE } from '../../platform/http/limits.ts';
import { type SharedCount, sharedCounts } from '../../platform/http/shared-counts.ts';
import { createMongoClient } from '../../platform/mongo.ts';
import { messageOf } from '../../platform/subscriptions/transient.ts';
import { isLoopback } from './loopback.ts';
import type { Warnings } from './reachable.ts';
import type { Settings } from './settings.ts';

const OF_OTHERS = 6_000;

export type Limits = {
  handlers: RequestHandler[];
  stop(): Promise<void>;
};

/**
 * Returns the limit on each client, after a handler that remembers whose request it is. With MONGODB_URL the processes of one scope count together, else each alone.
 * @param scope `entry`: clients reach it directly, and it is limited by default if other machines can reach it; `side`:
 *   it is behind a gateway, and limited only if the setting is set
 */
export const limitsOf = (
  scope: 'entry' | 'side',
  { HOST, RATE_LIMIT_PER_MINUTE, TRUSTED_PROXIES, MONGODB_URL, MONGODB_DATABASE }: Settings,
  log: Warnings,
): Limits => {
  const byDefault = scope === 'side' || isLoopback(HOST) ? 0 : OF_OTHERS;
  const perMinute = RATE_LIMIT_PER_MINUTE ?? byDefault;
  const remember = rememberClient(TRUSTED_PROXIES);
  const alone = (...handlers: RequestHandler[]): Limits => ({
    handlers: [remember, ...handlers],
    stop: async () => {},
  });
  if (perMinute === 0) return alone();
  const limit = { perMinute, trustedProxies: TRUSTED_PROXIES };
  if (MONGODB_URL === '') return alone(clientLimit(limit));

  const mongo = createMongoClient(MONGODB_URL);
  const db: Db = mongo.db(MONGODB_DATABASE);
  const onError = (error: unknown) => log.warn(`clients are counted by this process alone: ${messageOf(error)}`);
  const store = sharedCounts({
    counts: db.collection<SharedCount>('client_counts'),
    scope,
    windowMs: MINUTE,
    onError,
  });
  return {
    handlers: [remember, clientLimit({ ...limit, store })],
    async stop() {
      await store.stop();
      await mongo.close();
    },
  };
};
