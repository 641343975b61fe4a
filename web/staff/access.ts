import type { Role } from '../../schemas/access.ts';
import { knownOperation, type Operation } from '../common/openapi.ts';
import { type Caller, callerOf, session } from '../common/session.ts';
import type { Item } from './context.ts';
import { moment } from './moment.ts';

/** The roles that work in single contexts, as in `schemas/access.ts`. */
export const localRoles: readonly Role[] = ['shop', 'kiosk', 'manager'];

/** Returns the signed-in user; undefined without sign-in. */
const caller = (): Caller | undefined => callerOf(session.get());

/** Returns the id under which the signed-in user owns things; undefined without sign-in. */
export const ownId = (): string | undefined => caller()?.id;

/** Returns whether the signed-in user has a role. */
export const hasRole = (role: Role): boolean => caller()?.roles.includes(role) ?? false;

/** Returns whether the token or the roles of the signed-in user reach only parts of Plaza. */
export const isLimited = (): boolean => {
  const user = caller();
  return user !== undefined && (user.scope !== undefined || user.roles.every((role) => localRoles.includes(role)));
};

/** Returns whether the scope of a token names a thing of a context by its value, or the whole context. */
const isNamed = (scope: readonly string[], context: string, value: unknown): boolean =>
  scope.some((entry) => {
    const [name, kind, ...rest] = entry.split(':');
    return name === context && (kind === undefined || rest.join(':') === value);
  });

/** Returns whether a role of the signed-in user reaches a thing. */
const reaches = (role: Role, { access, path }: Operation, known: Item): boolean => {
  const grant = access[role];
  if (grant === undefined || typeof grant === 'string') return grant !== undefined;
  const value = known[grant.own];
  const { id, scope } = caller()!;
  if (value === undefined) return true;
  // Roles of single contexts, like `shop`, own what the token names.
  return scope && localRoles.includes(role) ? isNamed(scope, path.split('/')[1]!, value) : value === id;
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
  if (operation.access.anyone === 'all') return true;
  return caller()?.roles.some((role) => reaches(role, operation, known)) ?? false;
};

/** Returns the fields that can only name the caller, when the caller's access is limited to own things. */
export const ownFields = ({ access }: Operation): readonly string[] => {
  if (access.anyone === 'all') return [];
  const grants = caller()?.roles.flatMap((role) => access[role] ?? []) ?? [];
  const own = grants.flatMap((grant) => (typeof grant === 'string' ? [] : [grant.own]));
  return own.length < grants.length ? [] : own;
};

/** Returns whether the page may follow the event stream. */
export const mayFollow = (): boolean => may('GET /control-center/events');
