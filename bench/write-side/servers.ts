import { requirePeers, startListening } from '../pipeline/sides.ts';

const FILES = {
  plaza: 'programs/write-side.ts',
  encrypted: 'programs/write-side.ts',
  emmett: 'bench/peers/emmett.ts',
  bare: 'bench/peers/bare.ts',
} as const;

/** A server that is measured: Plaza's write side, the same with encrypted personal data, or one of its peers. */
export type Side = keyof typeof FILES;

export type Server = { url: string; pid: number; stop(): Promise<void> };

/**
 * Starts a server on an event store.
 * @throws Error when it ends before it listens, or when the peers are not installed
 */
export const startServer = async (
  side: Side,
  eventStoreUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Server> => {
  if (!FILES[side].startsWith('programs/')) requirePeers();
  const settings = { EVENTSTORE_URL: eventStoreUrl, WRITE_SIDE_PORT: '0', NODE_ENV: 'production', ...env };
  const { child, url, stop } = await startListening(process.execPath, [FILES[side]], settings);
  return { url, pid: child.pid!, stop };
};
