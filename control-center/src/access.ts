import type { Item } from './context.ts';
import { knownOperation, type Operation } from './openapi.ts';
import { session } from './session.ts';

const NOBODYS: readonly string[] = [];

/** What a caller may do: everything, or what has them in one of the fields. */
const permitOf = ({ access }: Operation): 'all' | readonly string[] => {
  const now = session.get();
  if (now.state === 'off' || access.anyone === 'all') return 'all';
  if (now.state !== 'in' && now.state !== 'over') return NOBODYS;
  const grants = now.caller.roles.flatMap((role) => access[role] ?? []);
  return grants.includes('all') ? 'all' : grants.flatMap((grant) => (grant === 'all' ? [] : [grant.own]));
};

/** Returns the id under which the signed-in user owns things; undefined without sign-in. */
export const ownId = (): string | undefined => {
  const now = session.get();
  return now.state === 'in' || now.state === 'over' ? now.caller.id : undefined;
};

/**
 * Whether to offer something to whoever looks at the page: by OpenAPI's `x-access`. What counts is what Plaza lets them do.
 * @param name `parking.ReserveParking`, or a method and a path: `GET /parking/lots/{lotId}`
 * @param known what is known of the thing: it may be somebody else's
 */
export const may = (name: string, known: Item = {}): boolean => {
  if (session.get().state === 'off') return true;
  const operation = knownOperation(name);
  if (!operation) return false;
  const permit = permitOf(operation);
  return permit === 'all' || permit.some((field) => known[field] === undefined || known[field] === ownId());
};

/** The fields that can only name the caller, where they may do it with what is their own. */
export const ownFields = (operation: Operation): readonly string[] => {
  const permit = permitOf(operation);
  return permit === 'all' ? NOBODYS : permit;
};

/** Whether the page may follow what happens. */
export const mayFollow = (): boolean => may('GET /control-center/events');
