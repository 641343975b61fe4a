import { holdFile, releaseFile } from '../sqlite-file.ts';
import { createCatalog } from './catalog.ts';
import { openDatabase } from './database.ts';
import { createDocuments } from './documents.ts';
import { StorageError } from './errors.ts';
import { createIndexBuild } from './index-build.ts';
import { createScans } from './scans.ts';
import { createTransactions } from './transactions.ts';

const OUT_OF_DISK_SPACE = 14031;

export type Storage = ReturnType<typeof openStorage>;

/**
 * Opens the file, or creates it for the owner only.
 * @param maxBytes the size past which writes are refused as on a full disk
 * @throws StoresError `data-in-use`, `data-corrupt` or `data-folder-unwritable`
 */
export const openStorage = (file: string, maxBytes?: number) => {
  const database = openDatabase(file, maxBytes);
  const transactions = createTransactions(database, () => catalog.reload());
  const catalog = createCatalog(database, transactions);
  const documents = createDocuments(database, transactions, catalog);
  const indexBuild = createIndexBuild(database, transactions, catalog, documents);

  // An index whose build was interrupted was never acknowledged. On a full disk it stays, unread.
  try {
    for (const collection of catalog.collections()) {
      for (const index of collection.indexes.filter(({ ready }) => !ready)) catalog.dropIndex(collection, index);
    }
    transactions.commit();
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== OUT_OF_DISK_SPACE) throw error;
  }

  /** Commits what is pending and closes the file. */
  const close = (): void => {
    transactions.commit();
    database.db.close();
  };

  const hold = (): void => {
    transactions.commit();
    holdFile(database.db);
  };
  const release = (): void => releaseFile(database.db);

  return { ...transactions, ...catalog, ...documents, ...indexBuild, ...createScans(database), hold, release, close };
};
