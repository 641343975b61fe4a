/** One process per data folder. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { storesError } from './errors.ts';

const SQLITE_BUSY = 5;

/**
 * Locks the folder for this process and returns the unlock function. The operating system's file lock (through SQLite)
 * ends with the process, so no lock can be stale.
 * Throws StoresError `data-in-use`.
 */
export const lockDataFolder = (folder: string): (() => void) => {
  const db = new DatabaseSync(join(folder, 'stores.lock'), { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
      throw storesError('data-in-use', `The data in ${folder} is in use by another process.`, error);
    }
    throw error;
  }
  return () => db.close();
};
