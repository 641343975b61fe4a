import { ProblemError, problems } from '../../platform/http/problem.ts';

/** For each context, how far its events were seen: every event of it up to there, and none after. */
export type EventCursor = ReadonlyMap<string, bigint>;

/** @returns the lower position */
export const earlier = (a: bigint, b: bigint): bigint => {
  if (a < b) return a;
  return b;
};

/** @returns the higher position */
export const later = (a: bigint, b: bigint): bigint => {
  if (a > b) return a;
  return b;
};

/**
 * A cursor as text: a position that counts for all contexts, then those that stand elsewhere. `4711`, or
 * `4711;cinema=4698` while the cinema's view is behind.
 * @param position of the event that was seen last; the furthest of the cursor when left out
 */
export const formatCursor = (cursor: EventCursor, position = [...cursor.values()].reduce(later, -1n)): string =>
  [position.toString(), ...[...cursor].flatMap(([name, at]) => (at === position ? [] : [`${name}=${at}`]))].join(';');

const POSITION = '-1|\\d{1,20}';
const CURSOR = new RegExp(`^(${POSITION})((?:;[a-z][a-z0-9-]*=(?:${POSITION})){0,20})$`);

/**
 * @param contexts the ones that the cursor is for; what it says of others is passed over
 * @throws ProblemError 400 for anything that is not a cursor
 */
export const parseCursor = (text: string, contexts: readonly string[]): EventCursor => {
  const [, position, elsewhere = ''] = CURSOR.exec(text) ?? [];
  if (position === undefined)
    throw new ProblemError(problems.malformedRequest('The event id is not one of this stream'));
  const apart = new Map(
    elsewhere
      .split(';')
      .slice(1)
      .map((part) => part.split('=') as [string, string]),
  );
  return new Map(contexts.map((name) => [name, BigInt(apart.get(name) ?? position)]));
};
