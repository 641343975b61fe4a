import { Router } from 'express';
import { systemRoutes } from '../../schemas/system.ts';
import { expressPath } from '../http/app.ts';
import { sendJson } from '../http/problem.ts';
import { admitToSystem, type Caller, type Identify } from './caller.ts';

/** How users sign in on a page: the code flow with PKCE (RFC 7636). */
export type SignIn = { signIn: 'off' } | { signIn: 'on'; issuer: string | null; clientId: string; audience: string };

/** The answer of `GET /sign-in`: how to sign in and, for a request with a token, its caller. */
type SignInAnswer = SignIn & { caller?: Omit<Caller, 'expiresAt'> };

/**
 * Guards the routes that belong to no context: admits the callers that each resource's `access` allows, and answers
 * `GET /sign-in`.
 * @param identify undefined when sign-in is off
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
