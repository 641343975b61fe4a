import { defined } from './kernel/defined.ts';
export const roles = ['customer', 'staff', 'shop', 'kiosk', 'manager', 'admin'] as const;

export type Role = (typeof roles)[number];

/**
 * Everything; everything without the personal fields of a query (its `personal`); or the caller's own things: those
 * with the caller's id in the named field. `needs` names a field that a command must have besides.
 */
export type Grant = 'all' | 'impersonal' | { own: string; needs?: string };

/** The access of each role to a command or query; `anyone` needs no token. A role that is not named has no access. */
export type Rule = Readonly<Partial<Record<Role | 'anyone', Grant>>>;

export type Rules = Readonly<Record<string, Rule>>;

/**
 * Returns the grant of the caller's own things.
 *
 * On a command: the data names the caller in that field; a command whose data does not have the field is checked
 * against the stream by its decider's `owner`. On a query: the path names the caller, or the list is filtered by the
 * caller, or the document must belong to the caller. The history of a resource is shown to its owner, to staff and to
 * admins.
 * @param needs an optional field of a command without which only others may send it, such as a payment
 */
export const own = (field: string, needs?: string): Grant => ({
  own: field,
  ...defined({ needs }),
});

export const anyone: Rule = { anyone: 'all' };
export const admin: Rule = { admin: 'all' };
export const staff: Rule = { staff: 'all', ...admin };
/** Returns the rule of customers' own things. @param field that holds the customer's id */
export const customer = (field = 'customerId'): Rule => ({ customer: own(field), ...staff });

/**
 * The roles that work in single contexts. Without a scope claim they reach only contexts whose `scope` names them; the
 * other roles reach every context.
 */
export const localRoles: readonly Role[] = ['shop', 'kiosk', 'manager'];

const NOBODY: Rule = {};

/** Returns the rule for a resource's events: its owner, staff and admins. */
const historyRule = (rule: Rule): Rule =>
  Object.fromEntries(
    Object.entries(rule).filter(([role, grant]) => typeof grant !== 'string' || role === 'staff' || role === 'admin'),
  );

/**
 * Returns the rule of a command or query.
 * @param name in the context's schema; `{query}History` for the history of a resource
 * @returns a rule without roles when the context has none
 */
export const ruleOf = ({ access: rules = {} }: { access?: Rules }, name: string): Rule => {
  if (Object.hasOwn(rules, name)) return rules[name]!;
  const resource = name.endsWith('History') ? name.slice(0, -'History'.length) : undefined;
  if (resource === undefined || !Object.hasOwn(rules, resource)) return NOBODY;
  return { ...staff, ...historyRule(rules[resource]!) };
};
