import { type Collection, type Index, refuseDropped } from './catalog.ts';
import type { Database, Page } from './database.ts';
import { CommandError } from './errors.ts';

export type Row = { rid: number; bytes: Uint8Array };

/** Key bytes from `low` to below `high`. A `point` is the whole key of one `_id`. */
export type Range = { low: Buffer; high: Buffer; point: boolean };

/**
 * The access path to rows: the ranges of an index in key order, or all rows in natural order. "_id_" is the index of
 * `_id`.
 */
export type Access = { index: Index | '_id_' | undefined; ranges: readonly Range[]; reverse: boolean };

/** Continues where it stopped. No SQLite statement stays open between calls. */
export type Scan = { next(rows: number): Row[] };

type Position = [key: Uint8Array, rid: number];
type Read = (range: Range, after: Position | undefined, limit: number) => Page<[...Position, bytes: Uint8Array]>;

/** Rows counted in one statement: about 1 ms. */
const COUNTED_AT_ONCE = 10_000;

export const createScans = ({ row, rows, page }: Database) => {
  const scan = (collection: Collection, { index, ranges, reverse }: Access): Scan =>
    index === undefined ? scanAll(collection) : scanIndex(collection, index, ranges, reverse);

  const scanAll = (collection: Collection): Scan => {
    const text = `SELECT rid, doc FROM docs_${collection.id} WHERE rid > ? ORDER BY rid LIMIT ?`;
    let last = 0;
    return {
      next(limit) {
        refuseDropped(collection);
        const { batch } = page<[number, Uint8Array]>(text, last, limit);
        last = batch.at(-1)?.[0] ?? last;
        return batch.map(([rid, bytes]) => ({ rid, bytes }));
      },
    };
  };

  const scanIndex = (
    collection: Collection,
    index: Index | '_id_',
    ranges: readonly Range[],
    reverse: boolean,
  ): Scan => {
    const inOrder = reverse ? [...ranges].reverse() : ranges;
    const read = reader(collection, index, reverse);
    const seen = index !== '_id_' && index.multikey ? new Set<number>() : undefined;
    let current = 0;
    let after: Position | undefined;
    return {
      next(limit) {
        refuseDropped(collection);
        refuseDroppedIndex(collection, index);
        const found: Row[] = [];
        while (found.length < limit && current < inOrder.length) {
          const range = inOrder[current] as Range;
          const { batch, more } = read(range, after, limit - found.length);
          for (const [, rid, bytes] of batch) {
            if (seen?.has(rid)) continue;
            seen?.add(rid);
            found.push({ rid, bytes });
          }
          const last = batch.at(-1);
          if (!more || range.point || last === undefined) {
            current++;
            after = undefined;
          } else {
            after = [last[0], last[1]];
          }
        }
        return found;
      },
    };
  };

  const reader = (collection: Collection, index: Index | '_id_', reverse: boolean): Read => {
    const docs = `docs_${collection.id}`;
    const select =
      index === '_id_'
        ? `SELECT i.key, i.rid, i.doc FROM ${docs} i WHERE`
        : `SELECT i.key, i.rid, d.doc FROM index_${index.id} i JOIN ${docs} d ON d.rid = i.rid WHERE`;
    const point = `${select} i.key = ?`;
    const forward = `${select} (i.key, i.rid) > (?, ?) AND i.key < ? ORDER BY i.key, i.rid LIMIT ?`;
    const backward = `${select} (i.key, i.rid) < (?, ?) AND i.key >= ? ORDER BY i.key DESC, i.rid DESC LIMIT ?`;
    return ({ low, high, point: isPoint }, after, limit) => {
      if (isPoint) return { batch: rows(point, low), more: false };
      return reverse
        ? page(backward, ...(after ?? [high, -1]), low, limit)
        : page(forward, ...(after ?? [low, -1]), high, limit);
    };
  };

  /** Yields the numbers of keys in the ranges, in parts, without reading a document. */
  function* counts(collection: Collection, { index, ranges }: Access): Generator<number> {
    if (index === undefined) {
      const table = `docs_${collection.id}`;
      for (let from = 0; ; ) {
        refuseDropped(collection);
        const text = `SELECT count(*), max(rid) FROM (SELECT rid FROM ${table} WHERE rid > ? ORDER BY rid LIMIT ?)`;
        const [count, last] = row<[number, number]>(text, from, COUNTED_AT_ONCE) as [number, number];
        yield count;
        if (count < COUNTED_AT_ONCE) return;
        from = last;
      }
    }
    const table = index === '_id_' ? `docs_${collection.id}` : `index_${index.id}`;
    const step = `SELECT key, rid FROM ${table} WHERE (key, rid) > (?, ?) AND key < ? ORDER BY key, rid LIMIT 1 OFFSET ?`;
    const rest = `SELECT count(*) FROM ${table} WHERE (key, rid) > (?, ?) AND key < ?`;
    for (const { low, high } of ranges) {
      for (let from: Position = [low, -1]; ; ) {
        refuseDropped(collection);
        refuseDroppedIndex(collection, index);
        const next = row<Position>(step, ...from, high, COUNTED_AT_ONCE - 1);
        yield next ? COUNTED_AT_ONCE : (row<[number]>(rest, ...from, high)?.[0] ?? 0);
        if (!next) break;
        from = next;
      }
    }
  }

  return { scan, counts };
};

const refuseDroppedIndex = (collection: Collection, index: Index | '_id_'): void => {
  if (index === '_id_' || collection.indexes.includes(index)) return;
  throw new CommandError(175, `query plan killed :: index '${index.name}' dropped`);
};
