import { openEmbeddedStores, type StoreName } from './open.ts';
import type { EmbeddedStores } from './start.ts';

/** Embedded stores within a process that has more to do. */
export type OpenedStores = Omit<EmbeddedStores, 'pid'>;

/**
 * Opens embedded stores within the test's process, with the means that stores of a process of their own have, but for
 * the process.
 */
export const openTestStores = async (options: {
  dataFolder: string;
  eventStorePort?: number;
  mongoPort?: number;
  only?: StoreName | undefined;
}): Promise<OpenedStores> => {
  const { close, eventStoreUrl, mongoUrl } = await openEmbeddedStores({ ...options, documentsThread: false });
  const { promise: exited, resolve } = Promise.withResolvers<{ code: number | null; signal: null }>();
  let closed: Promise<void> | undefined;
  const stop = () => {
    closed ??= close().then(() => resolve({ code: 0, signal: null }));
    return closed;
  };
  return { eventStoreUrl, mongoUrl, stop, exited };
};
