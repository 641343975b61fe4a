import { OrderedMap, type OrderedSet } from 'immutable';

/** How many names a stream remembers: its state stays small however long it grows. */
export const REMEMBERED = 1_000;

/** Adds a name; the first of too many is forgotten. */
export const remember = (names: OrderedSet<string>, name: string): OrderedSet<string> => {
  const longer = names.add(name);
  return longer.size > REMEMBERED ? longer.delete(longer.first() as string) : longer;
};

/**
 * What one policy had done to a stream, by name: the latest, and how old the others are. The kernel recognises a
 * command that comes again among the stream's latest; this holds beyond them, for a policy that begins anew
 * because its checkpoint was lost.
 */
export type Done = {
  /** Names with the time of what caused them, in the order in which they were done. */
  latest: OrderedMap<string, string>;
  /** The latest time among those forgotten: what is not later may have been done. */
  forgottenUntil: string;
};

export const nothingDone: Done = { latest: OrderedMap(), forgottenUntil: '' };

/**
 * @param at UTC, ISO 8601: the same whenever the same is asked for again
 * @returns `unknown` for what is not remembered and not later than something forgotten
 */
export const isDone = ({ latest, forgottenUntil }: Done, name: string, at: string): 'yes' | 'no' | 'unknown' => {
  if (latest.has(name)) return 'yes';
  return at > forgottenUntil ? 'no' : 'unknown';
};

/** One more is done; the first of too many is forgotten. */
export const doneAlso = ({ latest, forgottenUntil }: Done, name: string, at: string): Done => {
  const longer = latest.set(name, at);
  if (longer.size <= REMEMBERED) return { latest: longer, forgottenUntil };
  const [first, firstAt] = longer.entrySeq().first() as [string, string];
  return { latest: longer.delete(first), forgottenUntil: firstAt > forgottenUntil ? firstAt : forgottenUntil };
};

export type SavedDone = { latest: [name: string, at: string][]; forgottenUntil: string };

export const saveDone = ({ latest, forgottenUntil }: Done): SavedDone => ({ latest: [...latest], forgottenUntil });

export const restoreDone = ({ latest, forgottenUntil }: SavedDone): Done => ({
  latest: OrderedMap(latest),
  forgottenUntil,
});
