import { openEmbeddedStores } from './open.ts';
import type { EmbeddedStores } from './start.ts';

/** Opens embedded stores within the test's process, with the means that stores of a process of their own have. */
export const openTestStores = async (options: {
  dataFolder: string;
  eventStorePort?: number;
  mongoPort?: number;
}): Promise<EmbeddedStores> => {
  const { close, ...address } = await openEmbeddedStores({ ...options, documentsThread: false });
  const { promise: exited, resolve } = Promise.withResolvers<{ code: number | null; signal: null }>();
  let closed: Promise<void> | undefined;
  const stop = () => {
    closed ??= close().then(() => resolve({ code: 0, signal: null }));
    return closed;
  };
  return { ...address, stop, exited };
};
