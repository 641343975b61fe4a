import type { Request, RequestHandler, Response } from 'express';
import { type Role, type Rule, roles } from '../../schemas/access.ts';
import { ProblemError, problems } from '../http/problem.ts';
import { type Reach, reachIn, type Scoped } from './scope.ts';

/** The sender of a request, from a verified token. */
export type Caller = {
  sub: string;
  /** The id under which the subject owns things. */
  id: string;
  roles: readonly Role[];
  /** The entries of the token's scope claim, which limit what the roles reach; undefined without the claim. */
  scope?: readonly string[];
  /** When the token expires, in milliseconds since 1970: an answer that lasts ends then. */
  expiresAt: number;
};

/**
 * Tells who asks.
 * @returns undefined for a request without a token
 * @throws ProblemError 401 for a token that is not good, 503 when it can't be found out
 */
export type Identify = (authorization: string | undefined) => Promise<Caller | undefined>;

/** A thing's scope field and the values of it that a caller reaches. */
export type Within = { field: string; values: readonly string[] };

/**
 * The things that a caller may use: all, or those within the caller's scope and those that have the caller's id in one of
 * the fields.
 */
export type Permit =
  | { kind: 'all' }
  | { kind: 'some'; within?: Within; own?: { id: string; fields: readonly string[] } };

const ALL: Permit = { kind: 'all' };

export type Admitted = {
  caller: Caller | undefined;
  permit: Permit;
  /** What the caller reaches of a context, in answers about several contexts. */
  reach(context: Scoped): Reach;
  /** The things whose personal fields the caller sees; undefined for none. */
  personal: Permit | undefined;
};

/** Without sign-in everybody may use everything. */
const OFF: Admitted = { caller: undefined, permit: ALL, personal: ALL, reach: () => 'all' };

/** Returns the things of a context that a rule lets a caller's roles use; undefined for none. */
const permitOfRoles = (rule: Rule, caller: Caller, context: Scoped): Permit | undefined => {
  const { field } = context.scope ?? {};
  const grants = caller.roles.flatMap((role) => (rule[role] ? [{ role, grant: rule[role] }] : []));
  const isScoped = ({ grant }: (typeof grants)[number]) => grant === 'all' || grant.own === field;
  const reach = reachIn(context, { ...caller, roles: grants.filter(isScoped).map(({ role }) => role) });
  if (reach === 'all') return ALL;

  const isOutside = caller.scope !== undefined && reachIn(context, caller).length === 0;
  const fields = grants.flatMap(({ grant }) =>
    grant === 'all' || grant.own === field || isOutside ? [] : [grant.own],
  );
  if (reach.length === 0 && fields.length === 0) return undefined;
  return {
    kind: 'some',
    ...(field !== undefined && reach.length > 0 ? { within: { field, values: reach } } : {}),
    ...(fields.length > 0 ? { own: { id: caller.id, fields } } : {}),
  };
};

/**
 * Returns the things of a context that a rule lets a caller use.
 * @throws ProblemError 401 without a caller, 403 when the rule names none of the caller's roles, or nothing is in their
 *   scope
 */
const permitOf = (rule: Rule, caller: Caller | undefined, context: Scoped): Permit => {
  if (rule.anyone === 'all') return ALL;
  if (!caller) throw new ProblemError(problems.unauthenticated());
  const permit = permitOfRoles(rule, caller, context);
  if (!permit) throw new ProblemError(problems.forbidden());
  return permit;
};

const isWithin = (within: Within | undefined, thing: Readonly<Record<string, unknown>>): boolean =>
  within?.values.includes(thing[within.field] as string) ?? false;

/** Returns whether a permit covers a thing: a document, or the data of a command. */
export const isPermitted = (permit: Permit, thing: Readonly<Record<string, unknown>>): boolean => {
  if (permit.kind === 'all') return true;
  const { own, within } = permit;
  return isWithin(within, thing) || (own?.fields.some((field) => thing[field] === own.id) ?? false);
};

/** Returns the roles in a claim. Names that Plaza does not know are left out. */
export const rolesIn = (claim: unknown): Role[] => {
  const names: unknown[] = Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [];
  return roles.filter((role) => names.includes(role));
};

/**
 * Admits the callers that a rule of a context names, and keeps what they may use for {@link permitted}. Comes before a
 * route's own handlers.
 * @param identify left out where sign-in is off: everybody may use everything
 */
export const admit =
  (identify: Identify | undefined, rule: Rule, context: Scoped): RequestHandler =>
  async (req: Request, res: Response, next) => {
    if (identify) {
      const caller = await identify(req.headers.authorization);
      const permit = permitOf(rule, caller, context);
      const personal = caller && permitOfRoles(rule, caller, context);
      res.locals.admitted = { ...OFF, caller, permit, personal } satisfies Admitted;
    }
    next();
  };

/**
 * Admits the callers that a rule of a resource names which belongs to no context.
 * @param isScoped whether the resource leaves out by itself what a caller does not reach; any other is for callers only
 *   whose token has no scope
 */
export const admitToSystem =
  (identify: Identify, rule: Rule, isScoped: boolean): RequestHandler =>
  async (req: Request, res: Response, next) => {
    const caller = await identify(req.headers.authorization);
    if (rule.anyone !== 'all') {
      if (!caller) throw new ProblemError(problems.unauthenticated());
      const roles = caller.roles.filter((role) => rule[role]);
      if (roles.length === 0 || (caller.scope && !isScoped)) throw new ProblemError(problems.forbidden());
      const reach = (context: Scoped) => reachIn(context, { ...caller, roles });
      res.locals.admitted = { caller, permit: ALL, personal: ALL, reach } satisfies Admitted;
    }
    next();
  };

/** Returns what {@link admit} found out about a request. */
export const permitted = (res: Response): Admitted => res.locals.admitted ?? OFF;

/** What only the stream of a command can tell: the owner of the thing that it names, or the scope that it is in. */
export type Condition = { ownedBy?: string; within?: Within };

/**
 * Returns what the thing that a command names must fulfil, where the command's data does not tell: one of the two.
 * @param known the fields that the command's data may have
 * @returns undefined when the data tells that the caller may give the command
 * @throws ProblemError 403 when the data tells that the caller may not
 */
export const conditionOf = (
  permit: Permit,
  data: Readonly<Record<string, unknown>>,
  known: readonly string[],
): Condition | undefined => {
  if (permit.kind === 'all' || isPermitted(permit, Object.fromEntries(known.map((name) => [name, data[name]]))))
    return undefined;
  const { own, within } = permit;
  const isOwnerUnknown = own !== undefined && !own.fields.every((field) => known.includes(field));
  const isScopeUnknown = within !== undefined && !known.includes(within.field);
  if (!isOwnerUnknown && !isScopeUnknown) throw new ProblemError(problems.forbidden());
  return { ...(isOwnerUnknown ? { ownedBy: own.id } : {}), ...(isScopeUnknown ? { within } : {}) };
};
