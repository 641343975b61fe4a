import { localRoles, type Role } from '../../schemas/access.ts';
import { knownOperation, type Operation } from '../common/openapi.ts';
import { type Caller, callerOf, session } from '../common/session.ts';
import type { Item } from './context.ts';
import { moment } from './moment.ts';

/** Returns the signed-in user; undefined without sign-in. */
const caller = (): Caller | undefined => callerOf(session.get());

/** Returns the access that a caller has: everything, or the things with the caller's id in one of the fields. */
const permitOf = ({ access }: Operation): 'all' | readonly string[] => {
  if (session.get().state === 'off' || access.anyone === 'all') return 'all';
  const grants = caller()?.roles.flatMap((role) => access[role] ?? []) ?? [];
  const own = grants.flatMap((grant) => (typeof grant === 'string' ? [] : [grant.own]));
  return own.length < grants.length ? 'all' : own;
};

/** Returns the id under which the signed-in user owns things; undefined without sign-in. */
export const ownId = (): string | undefined => caller()?.id;

/** Returns whether the signed-in user has a role. */
export const hasRole = (role: Role): boolean => caller()?.roles.includes(role) ?? false;

/** Returns whether the token or the roles of the signed-in user reach only parts of Plaza. */
export const isLimited = (): boolean => {
  const user = caller();
  return user !== undefined && (user.scope !== undefined || user.roles.every((role) => localRoles.includes(role)));
};

/**
 * Returns whether the page offers an operation, by OpenAPI's `x-access`. The server's answer is what counts. Nothing
 * can be changed in the past.
 * @param name `parking.ReserveParking`, or a method and a path: `GET /parking/lots/{lotId}`
 * @param known the known fields of the resource, which may be another owner's
 */
export const may = (name: string, known: Item = {}): boolean => {
  if (moment.get() !== undefined && !name.startsWith('GET ')) return false;
  if (session.get().state === 'off') return true;
  const operation = knownOperation(name);
  if (!operation) return false;
  const permit = permitOf(operation);
  return permit === 'all' || permit.some((field) => known[field] === undefined || known[field] === ownId());
};

/** Returns the fields that can only name the caller, when the caller's access is limited to own things. */
export const ownFields = (operation: Operation): readonly string[] => {
  const permit = permitOf(operation);
  return permit === 'all' ? [] : permit;
};

/** Returns whether the page may follow the event stream. */
export const mayFollow = (): boolean => may('GET /control-center/events');
