import type { Request, RequestHandler, Response } from 'express';
import { type Role, type Rule, roles } from '../../schemas/access.ts';
import { nameClient } from '../http/client.ts';
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
  /** When the token expires, in milliseconds since 1970. Event streams end then. */
  expiresAt: number;
};

/**
 * Identifies the caller of a request.
 * @returns undefined for a request without a token
 * @throws ProblemError 401 for an invalid token, 503 when the keys are unavailable
 */
export type Identify = (authorization: string | undefined) => Promise<Caller | undefined>;

/** A thing's scope field and the values of it that a caller reaches. */
export type Within = { field: string; values: readonly string[] };

/**
 * The things that a caller may use: all, or those within the caller's scope and those that have the caller's id in one
 * of the fields.
 */
export type Permit =
  | { kind: 'all' }
  | {
      kind: 'some';
      within?: Within;
      /** `needs`: by the field with the id, another field that the thing must have. */
      own?: { id: string; fields: readonly string[]; needs?: Readonly<Record<string, string>> };
    };

const ALL: Permit = { kind: 'all' };

export type Admitted = {
  caller: Caller | undefined;
  permit: Permit;
  /** Returns how much of a context the caller reaches, for answers about several contexts. */
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
  const isScoped = ({ grant }: (typeof grants)[number]) => typeof grant === 'string' || grant.own === field;
  const reach = reachIn(context, { ...caller, roles: grants.filter(isScoped).map(({ role }) => role) });
  if (reach === 'all') return ALL;

  const isOutside = caller.scope !== undefined && reachIn(context, caller).length === 0;
  const fields = grants.flatMap(({ grant }) =>
    typeof grant === 'string' || grant.own === field || isOutside ? [] : [grant.own],
  );
  const needs = Object.fromEntries(
    grants.flatMap(({ grant }) => (typeof grant === 'string' || !grant.needs ? [] : [[grant.own, grant.needs]])),
  );
  if (reach.length === 0 && fields.length === 0) return undefined;
  return {
    kind: 'some',
    ...(field !== undefined && reach.length > 0 ? { within: { field, values: reach } } : {}),
    ...(fields.length > 0 ? { own: { id: caller.id, fields, needs } } : {}),
  };
};

/** Returns the rule for the personal fields of a query. */
const personalRule = (rule: Rule): Rule =>
  Object.fromEntries(Object.entries(rule).filter(([, grant]) => grant !== 'impersonal'));

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

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => value?.constructor === Object;

/**
 * Returns a value without the objects inside it that have a value outside the scope: a coupon names the reservation in
 * another lot on which it was used.
 */
export const partsWithin = (within: Within, value: unknown): unknown => {
  const isSeen = (part: unknown) => !isObject(part) || !Object.hasOwn(part, within.field) || isWithin(within, part);
  if (Array.isArray(value)) return value.filter(isSeen).map((part) => partsWithin(within, part));
  if (!isObject(value)) return value;
  const seen = Object.entries(value).filter(([, part]) => isSeen(part));
  return Object.fromEntries(seen.map(([name, part]) => [name, partsWithin(within, part)]));
};

/** Returns an item of a document as a caller sees it. Owners see all of theirs. */
export const seenBy = <Item extends object>(
  permit: Permit,
  document: Readonly<Record<string, unknown>>,
  item: Item,
): Item => {
  if (permit.kind === 'all' || !permit.within) return item;
  const { within, ...rest } = permit;
  return isPermitted(rest, document) ? item : (partsWithin(within, item) as Item);
};

/** Returns whether a permit covers a thing: a document, or the data of a command. */
export const isPermitted = (permit: Permit, thing: Readonly<Record<string, unknown>>): boolean => {
  if (permit.kind === 'all') return true;
  const { own, within } = permit;
  const hasNeeded = (field: string) => {
    const needed = own?.needs?.[field];
    return needed === undefined || thing[needed] !== undefined;
  };
  return isWithin(within, thing) || (own?.fields.some((field) => thing[field] === own.id && hasNeeded(field)) ?? false);
};

/** Returns the roles in a claim. Names that Plaza does not know are left out. */
export const rolesIn = (claim: unknown): Role[] => {
  const names: unknown[] = Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [];
  return roles.filter((role) => names.includes(role));
};

/**
 * Admits the callers that a rule of a context allows, and keeps their permit for {@link permitted}. Runs before a
 * route's own handlers.
 * @param identify undefined when sign-in is off: everybody may use everything
 */
export const admit =
  (identify: Identify | undefined, rule: Rule, context: Scoped): RequestHandler =>
  async (req: Request, res: Response, next) => {
    if (identify) {
      const caller = await identify(req.headers.authorization);
      const permit = permitOf(rule, caller, context);
      if (caller) nameClient(caller.sub);
      const personal = caller && permitOfRoles(personalRule(rule), caller, context);
      res.locals.admitted = { ...OFF, caller, permit, personal } satisfies Admitted;
    }
    next();
  };

/** Refuses callers whose token has a scope claim, after {@link admit}: for what reaches beyond each scope. */
export const admitUnscoped: RequestHandler = (_req, res, next) => {
  if (permitted(res).caller?.scope) throw new ProblemError(problems.forbidden());
  next();
};

/**
 * Admits the callers that the rule of a resource outside all contexts allows.
 * @param isScoped whether the resource itself hides everything outside a caller's scope; otherwise a token with a scope
 *   is refused
 */
export const admitToSystem =
  (identify: Identify, rule: Rule, isScoped: boolean): RequestHandler =>
  async (req: Request, res: Response, next) => {
    const caller = await identify(req.headers.authorization);
    if (rule.anyone !== 'all') {
      if (!caller) throw new ProblemError(problems.unauthenticated());
      nameClient(caller.sub);
      const roles = caller.roles.filter((role) => rule[role]);
      if (roles.length === 0 || (caller.scope && !isScoped)) throw new ProblemError(problems.forbidden());
      const reach = (context: Scoped) => reachIn(context, { ...caller, roles });
      res.locals.admitted = { caller, permit: ALL, personal: ALL, reach } satisfies Admitted;
    }
    next();
  };

/** Returns the outcome of {@link admit} for a request. */
export const permitted = (res: Response): Admitted => res.locals.admitted ?? OFF;

/** A condition that only the command's stream can check: the owner of the addressed resource, or its scope. */
export type Condition = { ownedBy?: string; within?: Within };

/**
 * Returns the condition on the addressed resource that the command's data cannot settle. The resource must fulfil one
 * of the two.
 * @param known the fields that the command's data may have
 * @param located those of them that show where the addressed thing is: any other scope in the data is where it comes to
 * @returns undefined when the data shows that the caller may give the command
 * @throws ProblemError 403 when the data shows that the caller may not
 */
export const conditionOf = (
  permit: Permit,
  data: Readonly<Record<string, unknown>>,
  known: readonly string[],
  located: readonly string[],
): Condition | undefined => {
  if (permit.kind === 'all') return undefined;
  const { own, within } = permit;
  const settling = known.filter((name) => name !== within?.field || located.includes(name));
  if (isPermitted(permit, Object.fromEntries(settling.map((name) => [name, data[name]])))) return undefined;
  const isOwnerUnknown = own !== undefined && !own.fields.every((field) => known.includes(field));
  const isScopeUnknown = within !== undefined && !settling.includes(within.field);
  if (!isOwnerUnknown && !isScopeUnknown) throw new ProblemError(problems.forbidden());
  return { ...(isOwnerUnknown ? { ownedBy: own.id } : {}), ...(isScopeUnknown ? { within } : {}) };
};
