import { ImmutableMap } from './collections.ts';

/**
 * The things of a stream that ended last, by id, each with what is still worth knowing of it. The memory is bounded, so
 * a state stays small however long its stream grows: `newer` fills up to `atLeast` ids, then becomes `older`, and what
 * was `older` is forgotten. Nothing is sorted or moved, so each change takes the same time.
 */
export type PastIds<Value> = {
  readonly atLeast: number;
  readonly newer: ImmutableMap<string, Value>;
  readonly older: ImmutableMap<string, Value>;
};

/** What a snapshot keeps of {@link PastIds}. */
export type SavedPastIds<Value> = { newer: [id: string, value: Value][]; older: [id: string, value: Value][] };

/** @param atLeast ids that are remembered; up to twice as many are */
export const noPastIds = <Value>(atLeast: number): PastIds<Value> => ({
  atLeast,
  newer: ImmutableMap(),
  older: ImmutableMap(),
});

/** Adds an id, or changes what is known of it. */
export const remember = <Value>({ atLeast, newer, older }: PastIds<Value>, id: string, value: Value): PastIds<Value> =>
  newer.size >= atLeast && !newer.has(id)
    ? { atLeast, newer: ImmutableMap([[id, value]]), older: newer }
    : { atLeast, newer: newer.set(id, value), older };

/** Returns what is known of an id; undefined for one that never was, or is forgotten. */
export const recall = <Value>({ newer, older }: PastIds<Value>, id: string): Value | undefined =>
  newer.get(id) ?? older.get(id);

export const countOf = ({ newer, older }: PastIds<unknown>): number => newer.size + older.size;

export const savePastIds = <Value>({ newer, older }: PastIds<Value>): SavedPastIds<Value> => ({
  newer: [...newer],
  older: [...older],
});

/** @param atLeast as for {@link noPastIds} */
export const restorePastIds = <Value>(atLeast: number, { newer, older }: SavedPastIds<Value>): PastIds<Value> => ({
  atLeast,
  newer: ImmutableMap(newer),
  older: ImmutableMap(older),
});
