import type { Catalog, Collection, Index } from './catalog.ts';
import type { Database } from './database.ts';
import type { Documents } from './documents.ts';
import { CommandError } from './errors.ts';
import type { Pace } from './pace.ts';
import type { Transactions } from './transactions.ts';
import { decode } from './values.ts';

/*
 * Keys of a new index are first collected in a table in memory, the stage, and then inserted in order, so that each
 * page of the index is written once. Concurrent writes go into the index; a key that is deleted before its insertion is
 * remembered.
 */

const BUILD_ROWS = 200;
/** Keys that are collected before they are inserted: other commands wait about 50 ms. */
const STAGED_KEYS = 50_000;
const NOTED_AT_ONCE = 20;

export const createIndexBuild = (
  { db, sql, rows }: Database,
  { write }: Pick<Transactions, 'write'>,
  { finishIndex, dropStage }: Catalog,
  { keysFor, leave }: Documents,
) => {
  /**
   * Collects the keys of the documents after `from`. Returns the last rid, undefined at the end, and the number of
   * keys.
   */
  const stageKeys = (collection: Collection, indexes: readonly Index[], from: number) =>
    write((): { next: number | undefined; keys: number } => {
      const batch = rows<[number, Uint8Array]>(
        `SELECT rid, doc FROM docs_${collection.id} WHERE rid > ? ORDER BY rid LIMIT ?`,
        from,
        BUILD_ROWS,
      );
      const noted = indexes.map((): (Buffer | number)[] => []);
      let keys = 0;
      for (const [rid, bytes] of batch) {
        const doc = decode(bytes);
        for (const [at, index] of indexes.entries()) {
          const own = keysFor(index, doc);
          for (const key of own) noted[at]?.push(key, rid);
          keys += own.length;
        }
      }
      for (const [at, index] of indexes.entries()) note(index, noted[at] ?? []);
      return { next: batch.length === BUILD_ROWS ? batch.at(-1)?.[0] : undefined, keys };
    });

  const note = (index: Index, keysAndRids: readonly (Buffer | number)[]): void => {
    if (keysAndRids.length === 0) return;
    if (!index.stagedLeft) {
      db.exec(`CREATE TEMP TABLE stage_${index.id}(key BLOB NOT NULL, rid INTEGER NOT NULL)`);
      index.stagedLeft = new Map();
    }
    for (let at = 0; at < keysAndRids.length; at += 2 * NOTED_AT_ONCE) {
      const some = keysAndRids.slice(at, at + 2 * NOTED_AT_ONCE);
      const places = '(?, ?), '.repeat(some.length / 2).slice(0, -2);
      sql(`INSERT INTO stage_${index.id} (key, rid) VALUES ${places}`).run(...some);
    }
  };

  const enterStaged = (index: Index): void => {
    const left = index.stagedLeft;
    if (!left) return;
    write(() => {
      sql(`INSERT OR IGNORE INTO index_${index.id} SELECT key, rid FROM stage_${index.id} ORDER BY key, rid`).run();
      for (const { key, rid } of left.values()) leave(index, key, rid);
      dropStage(index);
    });
  };

  /**
   * Fills new indexes with the documents of their collection, read once for all of them. Other commands may read and
   * write meanwhile.
   * @throws CommandError 276 when an index or the collection was dropped
   */
  const buildIndexes = async (collection: Collection, indexes: readonly Index[], pace: Pace): Promise<void> => {
    const refuseGone = () => {
      if (!collection.dropped && indexes.every((index) => collection.indexes.includes(index))) return;
      throw new CommandError(276, 'Index build aborted: the index or its collection was dropped');
    };
    let keys = 0;
    for (let from: number | undefined = 0; from !== undefined; ) {
      refuseGone();
      const staged = stageKeys(collection, indexes, from);
      from = staged.next;
      keys += staged.keys;
      await pace();
      if (from !== undefined && keys < STAGED_KEYS) continue;
      keys = 0;
      for (const index of indexes) {
        refuseGone();
        enterStaged(index);
        await pace();
      }
    }
    for (const index of indexes) finishIndex(index);
  };

  return { buildIndexes };
};
