import type { RequestHandler } from 'express';
import { clientLimit } from '../http/limits.ts';
import type { Settings } from './settings.ts';

const LOOPBACK = /^(127\.|localhost$|::1$)/;

/** Whether only this machine reaches an address. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const OF_OTHERS = 6_000;

/** The limit that the settings set on each client, for the single entry; none where only this machine can ask. */
export const limitsOf = ({ HOST, RATE_LIMIT_PER_MINUTE, TRUSTED_PROXIES }: Settings): RequestHandler[] => {
  const perMinute = RATE_LIMIT_PER_MINUTE ?? (isLoopback(HOST) ? 0 : OF_OTHERS);
  return perMinute === 0 ? [] : [clientLimit({ perMinute, trustedProxies: TRUSTED_PROXIES })];
};
