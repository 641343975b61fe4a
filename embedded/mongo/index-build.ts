import { CommandError } from './errors.ts';
import { pacer } from './query.ts';
import type { Collection, Index, Storage } from './storage.ts';

const BUILD_ROWS = 200;
/** So many keys are noted before they are entered in order: about 50 ms during which nobody else is served. */
const STAGED_KEYS = 50_000;

/**
 * Fills new indexes of a collection with the documents that are in it, read once for all of them. Others are served meanwhile, and
 * may write.
 * @throws CommandError 276 when an index or the collection was dropped, 11000 when two documents have one key of a unique index
 */
export async function buildIndexes(storage: Storage, collection: Collection, indexes: readonly Index[]): Promise<void> {
  const pace = pacer();
  const refuseGone = () => {
    if (!collection.dropped && indexes.every((index) => collection.indexes.includes(index))) return;
    throw new CommandError(276, 'Index build aborted: the index or its collection was dropped');
  };
  let keys = 0;
  for (let from: number | undefined = 0; from !== undefined; ) {
    refuseGone();
    const staged = storage.stageKeys(collection, indexes, from, BUILD_ROWS);
    from = staged.next;
    keys += staged.keys;
    await pace();
    if (from !== undefined && keys < STAGED_KEYS) continue;
    keys = 0;
    for (const index of indexes) {
      refuseGone();
      storage.enterStaged(index);
      await pace();
    }
  }
  for (const index of indexes) storage.finishIndex(index);
}
