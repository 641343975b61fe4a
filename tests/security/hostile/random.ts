/** Pseudo-random numbers: the same seed gives the same sequence. */
export type Random = {
  /** Returns an integer from 0 to below `limit`. */
  below(limit: number): number;
  /** Returns true once in `times` on average. */
  oneIn(times: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
};

/** @param seed any integer (mulberry32) */
export const random = (seed: number): Random => {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick: (values) => values[below(values.length)]!,
  };
};
