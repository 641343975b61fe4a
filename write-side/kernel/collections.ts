import * as immutable from 'immutable';

/** A map that never changes: `set` and `delete` return another one, which shares most of its memory with this one. */
export interface ImmutableMap<Key, Value> extends Iterable<[Key, Value]> {
  readonly size: number;
  has(key: Key): boolean;
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): this;
  delete(key: Key): this;
  /** @param change gets undefined where the key is not set */
  update(key: Key, change: (value: Value | undefined) => Value | undefined): this;
  count(holds: (value: Value, key: Key) => boolean): number;
  first(): Value | undefined;
  keys(): IterableIterator<Key>;
  values(): IterableIterator<Value>;
}

/** A set that never changes: `add` and `delete` return another one, which shares most of its memory with this one. */
export interface ImmutableSet<Value> extends Iterable<Value> {
  readonly size: number;
  has(value: Value): boolean;
  add(value: Value): this;
  delete(value: Value): this;
  first(): Value | undefined;
  toArray(): Value[];
}

type MapOf = <Key, Value>(entries?: Iterable<readonly [Key, Value]>) => ImmutableMap<Key, Value>;
type SetOf = <Value>(values?: Iterable<Value>) => ImmutableSet<Value>;

// The library's own types take the compiler two thirds of its time: it compares each of their hundreds of methods.
export const {
  /** Makes a map in no particular order. */
  Map: ImmutableMap,
  /** Makes a map that is read in the order in which its keys were first set. */
  OrderedMap,
  /** Makes a set in no particular order. */
  Set: ImmutableSet,
  /** Makes a set that is read in the order in which its values were added. */
  OrderedSet,
} = immutable as unknown as { Map: MapOf; OrderedMap: MapOf; Set: SetOf; OrderedSet: SetOf };

type Collection =
  | { kind: 'map' | 'orderedMap'; collection: ImmutableMap<unknown, unknown> }
  | { kind: 'set' | 'orderedSet'; collection: ImmutableSet<unknown> };

/** Returns a collection of this file, undefined for any other value. */
export const asCollection = (value: unknown): Collection | undefined => {
  const { isMap, isOrdered, isSet } = immutable;
  if (isMap(value)) return { kind: isOrdered(value) ? 'orderedMap' : 'map', collection: value as never };
  if (isSet(value)) return { kind: isOrdered(value) ? 'orderedSet' : 'set', collection: value as never };
  return undefined;
};

export type OrderedMap<Key, Value> = ImmutableMap<Key, Value>;
export type OrderedSet<Value> = ImmutableSet<Value>;
