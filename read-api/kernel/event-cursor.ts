import { ProblemError, problems } from '../../platform/http/problem.ts';

/** The position up to which the events of each context were seen: all up to there, and none after. */
export type EventCursor = ReadonlyMap<string, bigint>;

/** @returns the lower position */
export const earlier = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** @returns the higher position */
export const later = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** Returns whether a cursor is as far as another one in each of its contexts. */
export const isAtLeast = (cursor: EventCursor, other: EventCursor): boolean =>
  [...other].every(([name, at]) => (cursor.get(name) ?? -1n) >= at);

/**
 * Formats a cursor: a position for all contexts, then the contexts at another one. `4711`, or `4711;cinema=4698` while
 * the cinema's view is behind.
 * @param position of the event that was seen last; the furthest of the cursor when left out
 */
export const formatCursor = (cursor: EventCursor, position = [...cursor.values()].reduce(later, -1n)): string =>
  [position.toString(), ...[...cursor].flatMap(([name, at]) => (at === position ? [] : [`${name}=${at}`]))].join(';');

const POSITION = '-1|\\d{1,20}';
const CURSOR = new RegExp(`^(${POSITION})((?:;[a-z][a-z0-9-]*=(?:${POSITION})){0,20})$`);

/**
 * Parses a cursor.
 * @param contexts the contexts that the cursor is for; others in it are ignored
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
