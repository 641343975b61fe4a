import { Router } from 'express';
import { systemRoutes } from '../../schemas/system.ts';
import { expressPath } from '../http/app.ts';
import { sendJson } from '../http/problem.ts';
import { admitToSystem, type Caller, type Identify } from './caller.ts';

/** How a page signs its users in, with the code flow and PKCE (RFC 7636). */
export type SignIn = { signIn: 'off' } | { signIn: 'on'; issuer: string | null; clientId: string; audience: string };

/** The answer of `GET /sign-in`: how one signs in and, to whoever sends a token, whose it is. */
type SignInAnswer = SignIn & { caller?: Omit<Caller, 'expiresAt'> };

/**
 * Comes before the routes of what is no context's: admits the callers that each resource's `access` names, and answers `GET /sign-in`.
 * @param identify left out where sign-in is off
 */
export const systemGuard = (identify: Identify | undefined, signIn: SignIn): Router => {
  const router = Router({ caseSensitive: true });
  router.get('/sign-in', async (req, res) => {
    const caller = await identify?.(req.headers.authorization);
    const shown = ({ expiresAt: _, ...rest }: Caller) => rest;
    const answer: SignInAnswer = caller ? { ...signIn, caller: shown(caller) } : signIn;
    sendJson(res, 200, answer, { 'Cache-Control': 'no-store' });
  });
  if (!identify) return router;
  for (const { method, path, access, tag } of systemRoutes) {
    const guard = admitToSystem(identify, access, tag === 'control-center');
    router[method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete'](expressPath(path), guard);
  }
  return router;
};
