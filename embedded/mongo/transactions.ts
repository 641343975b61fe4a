import { isDiskFull } from '../sqlite-file.ts';
import type { Database } from './database.ts';
import { CommandError, StorageError } from './errors.ts';

/*
 * Writes share a transaction: the first one begins it, those of the same turns of the event loop join, and all are
 * answered after its one commit. A failed commit refuses all of them.
 */

export type Transactions = ReturnType<typeof createTransactions>;

const TURNS_BEFORE_COMMIT = 2;
const LONGEST_TRANSACTION_MS = 25;

/** @param onRollback called when a transaction was lost: the memory may differ from the file */
export const createTransactions = ({ db, sql }: Database, onRollback: () => void) => {
  let waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  let inTransaction = false;
  let begunAt = 0;
  let atWork = 0;
  let failed = 0;
  let lastFailure: StorageError | undefined;

  /**
   * Runs a change inside the shared transaction. A change throws a CommandError only before it has written anything.
   */
  const write = <T>(change: () => T): T => {
    try {
      if (!inTransaction) {
        sql('BEGIN IMMEDIATE').run();
        inTransaction = true;
        begunAt = performance.now();
        afterTurns(TURNS_BEFORE_COMMIT, commitWhenDue);
      }
      return change();
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw abort(error);
    }
  };

  /** Commands in progress join the transaction: one commit delays all others. */
  const commitWhenDue = (): void => {
    const isShort = performance.now() - begunAt < LONGEST_TRANSACTION_MS;
    if (atWork > 0 && isShort) afterTurns(1, commitWhenDue);
    else commit();
  };

  /** Runs a command that may write. */
  const atWorkOn = async <T>(command: () => T | Promise<T>): Promise<T> => {
    atWork++;
    try {
      return await command();
    } finally {
      atWork--;
    }
  };

  const commit = (): void => {
    if (!inTransaction) return;
    try {
      sql('COMMIT').run();
      inTransaction = false;
      const done = waiting;
      waiting = [];
      for (const { resolve } of done) resolve();
    } catch (error) {
      abort(error);
    }
  };

  const abort = (cause: unknown): StorageError => {
    const error = storageError(cause);
    failed++;
    lastFailure = error;
    if (db.isTransaction) db.exec('ROLLBACK');
    inTransaction = false;
    onRollback();
    const refused = waiting;
    waiting = [];
    for (const { reject } of refused) reject(error);
    return error;
  };

  /**
   * Resolves once everything written so far is on disk; at once when nothing is pending.
   * @param since `failures()` from before the writes: rejects when a transaction was lost in between
   */
  const settled = (since: number): Promise<void> => {
    if (since !== failed && lastFailure) return Promise.reject(lastFailure);
    if (!inTransaction) return Promise.resolve();
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  };

  return { write, atWorkOn, commit, settled, failures: () => failed };
};

const afterTurns = (turns: number, action: () => void): void => {
  setImmediate(() => (turns <= 1 ? action() : afterTurns(turns - 1, action)));
};

const storageError = (cause: unknown): StorageError => {
  const message = cause instanceof Error ? cause.message : String(cause);
  return isDiskFull(cause)
    ? new StorageError(14031, `out of disk space: ${message}`)
    : new StorageError(1, `the store failed: ${message}`);
};
