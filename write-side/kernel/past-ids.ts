import { ImmutableMap } from './collections.ts';

/**
 * The things of a stream that ended last, by id, each with a value. The memory is bounded, so a state stays small
 * however long its stream grows: `newer` fills up to `atLeast` ids, then becomes `older`, and what was `older` is
 * forgotten. Nothing is sorted or moved, so each change takes the same time.
 */
export type PastIds<Value> = {
  readonly atLeast: number;
  readonly newer: ImmutableMap<string, Value>;
  readonly older: ImmutableMap<string, Value>;
};

/** @param atLeast ids that are remembered; up to twice as many are */
export const noPastIds = <Value>(atLeast = 1_000): PastIds<Value> => ({
  atLeast,
  newer: ImmutableMap(),
  older: ImmutableMap(),
});

/** Adds an id, or changes its value. */
export const remember = <Value>({ atLeast, newer, older }: PastIds<Value>, id: string, value: Value): PastIds<Value> =>
  newer.size >= atLeast && !newer.has(id)
    ? { atLeast, newer: ImmutableMap([[id, value]]), older: newer }
    : { atLeast, newer: newer.set(id, value), older };

/** Returns the value of an id; undefined for one that was never added, or is forgotten. */
export const recall = <Value>({ newer, older }: PastIds<Value>, id: string): Value | undefined =>
  newer.get(id) ?? older.get(id);
