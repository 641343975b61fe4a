import { asCollection, ImmutableMap, ImmutableSet, OrderedMap, OrderedSet } from './collections.ts';

/*
 * The form of a state in a snapshot: JSON in which each collection is an object with one tag. A state is plain data
 * down to its collections, and the collections hold plain data.
 */

const restorers: Readonly<Record<string, (saved: never) => unknown>> = {
  $map: (entries: [unknown, unknown][]) => ImmutableMap(entries),
  $orderedMap: (entries: [unknown, unknown][]) => OrderedMap(entries),
  $set: (values: unknown[]) => ImmutableSet(values),
  $orderedSet: (values: unknown[]) => OrderedSet(values),
};

type Plain = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mapped = (plain: Plain, change: (value: unknown) => unknown): Plain =>
  Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, change(value)]));

/** Returns the saved form of a state. Its lists are the collections, whose elements are made when they are written. */
export const saveState = (value: unknown): unknown => {
  const known = asCollection(value);
  if (known) return { [`$${known.kind}`]: known.collection };
  return isPlain(value) ? mapped(value, saveState) : value;
};

/** Returns the state of a saved form, which may have gone through JSON. */
export const restoreState = (saved: unknown): unknown => {
  if (!isPlain(saved)) return saved;
  const [tag = ''] = Object.keys(saved);
  const restore = restorers[tag];
  return restore ? restore(saved[tag] as never) : mapped(saved, restoreState);
};

/** Counts what the collections of a state hold. */
export const sizeOfState = (value: unknown): number => {
  const known = asCollection(value);
  if (known) return known.collection.size;
  return isPlain(value) ? Object.values(value).reduce<number>((sum, member) => sum + sizeOfState(member), 0) : 0;
};
