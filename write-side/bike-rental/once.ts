import type { OrderedSet } from '../kernel/collections.ts';

/** How many ids a stream remembers: its state stays small however long it grows. */
const REMEMBERED = 1_000;

/** Adds an id; the oldest of too many is forgotten. */
export const remember = (ids: OrderedSet<string>, id: string): OrderedSet<string> => {
  const longer = ids.add(id);
  return longer.size > REMEMBERED ? longer.delete(longer.first() as string) : longer;
};
