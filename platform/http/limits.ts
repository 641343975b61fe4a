import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit, type Store } from 'express-rate-limit';
import { defined } from '../../schemas/kernel/defined.ts';
import { machine } from '../machine/machine.ts';
import { problems, sendProblem } from './problem.ts';

export type ClientLimit = {
  /** Requests that one client may send in a minute. */
  perMinute: number;
  /** Number of trusted proxies in front: the client is that many places from the end of X-Forwarded-For. */
  trustedProxies: number;
  /** The store of the counts, in windows of {@link MINUTE}; in memory when left out. */
  store?: Store;
};

export const MINUTE = 60_000;

/** Paths of monitoring are not limited. */
const UNLIMITED: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

/** Prefix length of a network: an IPv6 client can use every address in it. */
const IPV6_NETWORK = 56;

/** Returns the client of a request, as an address or as a network. */
export const clientOf = ({ headers, socket }: IncomingMessage, trustedProxies: number): string => {
  const forwarded = trustedProxies > 0 ? String(headers['x-forwarded-for'] ?? '').split(',') : [];
  const hops = [...forwarded.map((hop) => hop.trim()).filter(Boolean), socket.remoteAddress ?? ''];
  return ipKeyGenerator(hops[Math.max(0, hops.length - 1 - trustedProxies)] ?? '', IPV6_NETWORK);
};

/**
 * Answers 429 to a client that sends too many requests, for the rest of a minute, with RateLimit and RateLimit-Policy
 * (draft-ietf-httpapi-ratelimit-headers) on every answer.
 */
export const clientLimit = ({ perMinute, trustedProxies, store }: ClientLimit): RequestHandler =>
  rateLimit({
    ...defined({ store }),
    windowMs: MINUTE,
    limit: perMinute,
    identifier: 'client',
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // The library's checks assume Express's `req.ip`, which is not used here.
    validate: false,
    keyGenerator: (req) => clientOf(req, trustedProxies),
    skip: ({ url }) => UNLIMITED.has(url.split('?')[0] ?? ''),
    handler(req, res) {
      const { resetTime } = (req as typeof req & { rateLimit: { resetTime?: Date } }).rateLimit;
      const left = resetTime ? resetTime.getTime() - machine.now() : MINUTE;
      sendProblem(res, problems.tooManyRequests(Math.max(1, Math.ceil(left / 1000))));
    },
  });
