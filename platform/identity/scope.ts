import { localRoles, type Role } from '../../schemas/access.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';

/**
 * The part of a context that a caller reaches: all of it, or the resources with one of these values in the scope field.
 */
export type Reach = 'all' | readonly string[];

export type Scoped = Pick<ContextSchema, 'name' | 'scope'>;

/**
 * Reads a scope claim: entries such as `parking` (the whole context) and `food-court:shop:1` (one shop of it), as a
 * list or as one string with spaces.
 * @returns undefined without the claim, so that the role decides; an empty list for a claim of another form
 */
export const scopeIn = (claim: unknown): readonly string[] | undefined => {
  if (claim === undefined) return undefined;
  if (typeof claim === 'string') return claim.split(' ').filter(Boolean);
  return Array.isArray(claim) ? claim.filter((entry) => typeof entry === 'string') : [];
};

const reachOf = (entries: readonly string[], { name, scope }: Scoped): Reach => {
  if (entries.includes(name)) return 'all';
  if (!scope) return [];
  const prefix = `${name}:${scope.kind}:`;
  return entries.flatMap((entry) =>
    entry.length > prefix.length && entry.startsWith(prefix) ? [entry.slice(prefix.length)] : [],
  );
};

/** Returns whether an entry of a scope claim names a context, or a part of it. */
export const isScopeOf = (context: Scoped, entry: string): boolean => reachOf([entry], context).length > 0;

/** Returns how much of a context a role reaches without a scope claim. @param id of the caller */
const reachOfRole = (role: Role, id: string, { scope }: Scoped): Reach => {
  if (!localRoles.includes(role)) return 'all';
  const part = scope?.roles?.[role];
  return part === 'own' ? [id] : (part ?? []);
};

/** Returns how much of a context roles reach together. @param scope of the token, which limits every role alike */
export const reachIn = (
  context: Scoped,
  { id, scope, roles }: { id: string; scope?: readonly string[] | undefined; roles: readonly Role[] },
): Reach => {
  const reaches = roles.map((role) => (scope ? reachOf(scope, context) : reachOfRole(role, id, context)));
  return reaches.includes('all') ? 'all' : [...new Set(reaches.flat())];
};
