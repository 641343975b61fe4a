import type { Request, RequestHandler, Response } from 'express';
import { type Role, type Rule, roles } from '../../schemas/access.ts';
import { ProblemError, problems } from '../http/problem.ts';

/** The sender of a request, from a verified token. */
export type Caller = {
  sub: string;
  /** The id under which the subject owns things. */
  id: string;
  roles: readonly Role[];
  /** When the token expires, in milliseconds since 1970: an answer that lasts ends then. */
  expiresAt: number;
};

/**
 * Tells who asks.
 * @returns undefined for a request without a token
 * @throws ProblemError 401 for a token that is not good, 503 when it can't be found out
 */
export type Identify = (authorization: string | undefined) => Promise<Caller | undefined>;

/** What a caller may do: everything, or what has the caller's id in one of the fields. */
export type Permit = { kind: 'all' } | { kind: 'own'; id: string; fields: readonly string[] };

const ALL: Permit = { kind: 'all' };

/** What somebody may do who was not asked who they are: everything. Used where sign-in is off. */
const OFF: { caller: Caller | undefined; permit: Permit } = { caller: undefined, permit: ALL };

/**
 * What a rule lets a caller do.
 * @throws ProblemError 401 without a caller, 403 when none of their roles may
 */
const permitOf = (rule: Rule, caller: Caller | undefined): Permit => {
  if (rule.anyone === 'all') return ALL;
  if (!caller) throw new ProblemError(problems.unauthenticated());
  const grants = caller.roles.flatMap((role) => rule[role] ?? []);
  if (grants.includes('all')) return ALL;
  const fields = grants.flatMap((grant) => (grant === 'all' ? [] : [grant.own]));
  if (fields.length === 0) throw new ProblemError(problems.forbidden());
  return { kind: 'own', id: caller.id, fields };
};

/** The roles in a claim; names that Plaza does not know are left out. */
export const rolesIn = (claim: unknown): Role[] => {
  const names: unknown[] = Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [];
  return roles.filter((role) => names.includes(role));
};

/**
 * Lets in whom a rule lets in, and keeps what they may do for {@link permitted}. Comes before a route's own handlers.
 * @param identify left out where sign-in is off: everybody may do everything
 */
export const admit =
  (identify: Identify | undefined, rule: Rule): RequestHandler =>
  async (req: Request, res: Response, next) => {
    if (identify) {
      const caller = await identify(req.headers.authorization);
      res.locals.admitted = { caller, permit: permitOf(rule, caller) };
    }
    next();
  };

/** What {@link admit} found out about a request. */
export const permitted = (res: Response): { caller: Caller | undefined; permit: Permit } => res.locals.admitted ?? OFF;

/**
 * Whether a permit lets its caller give a command with this data.
 * @param known the fields that the command's data may have
 * @returns whose the thing must be that the command names, where only its stream can tell; undefined when all is well
 * @throws ProblemError 403 when the data names somebody else
 */
export const mustBeOwnedBy = (
  permit: Permit,
  data: Readonly<Record<string, unknown>>,
  known: readonly string[],
): string | undefined => {
  if (permit.kind === 'all') return undefined;
  const { id, fields } = permit;
  if (fields.some((field) => known.includes(field) && data[field] === id)) return undefined;
  if (fields.every((field) => known.includes(field))) throw new ProblemError(problems.forbidden());
  return id;
};
