import type { Random } from '../random.ts';

/** The ids that clients choose from: few, so that their requests meet. */
export type Choice = {
  random: Random;
  /** The time of day in milliseconds. */
  now(): number;
  /** Returns the id of a resource that all clients share. New ones replace it after a while. */
  shared(kind: string): string;
  /** Returns an id of a kind that was probably made, most often a recent one. */
  some(kind: string): string;
  /** Returns an id that is mostly new. */
  fresh(kind: string): string;
  /** Keeps an id that was made. */
  add(kind: string, id: string): void;
};

/** How many resources of each kind clients share at a time, and for how many milliseconds. */
const SHARED = 4;
const SHARED_FOR = 10_000;

export const createChoice = (random: Random, now: () => number, elapsed: () => number): Choice => {
  const made = new Map<string, string[]>();
  let count = 0;
  return {
    random,
    now,
    shared(kind) {
      const generation = Math.floor(elapsed() / SHARED_FOR);
      const late = random.chance(0.15) ? 1 : 0;
      return `${kind}${Math.max(0, generation - late)}x${random.below(SHARED)}`;
    },
    some(kind) {
      const ids = made.get(kind) ?? [];
      if (ids.length === 0 || random.chance(0.03)) return 'none';
      return random.chance(0.8) ? ids[ids.length - 1 - random.below(Math.min(5, ids.length))]! : random.pick(ids);
    },
    fresh: (kind) => (random.chance(0.02) ? `${kind}0` : `${kind}${count++}`),
    add: (kind, id) => void made.set(kind, [...(made.get(kind) ?? []), id].slice(-100)),
  };
};
