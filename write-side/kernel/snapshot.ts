import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Streams } from '../../event-store/streams.ts';
import type { Revision } from '../../event-store/types.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** A stream's state as of one of its events. */
export type Snapshot = { revision: Revision; state: unknown; recent: [key: string, revision: string][] };

/** One event of a snapshot stream: large snapshots have several parts, each small enough for an append. */
type SnapshotPart = { revision: string; version: number; part: number; parts: number; payload: string };

const PART_BYTES = 512 * 1024;

/** The prefix keeps snapshots out of every projection's filter. */
const snapshotStream = (stream: string): string => `snapshot-${stream}`;

/**
 * Reads a stream's newest snapshot.
 * @param version of the fold: snapshots of any other are ignored
 * @returns nothing when there is none that can be used
 * @throws StoreUnavailableError
 */
export const readSnapshot = async (store: Streams, stream: string, version: number): Promise<Snapshot | undefined> => {
  const last = await store.readLast(snapshotStream(stream));
  if (!last) return undefined;
  const newest = last.data as SnapshotPart;
  if (newest.version !== version || newest.part !== newest.parts - 1) return undefined;

  const parts = [newest];
  if (newest.parts > 1) {
    parts.length = 0;
    const first = last.revision - BigInt(newest.parts - 1);
    if (first < 0n) return undefined;
    for await (const event of store.read(snapshotStream(stream), first, newest.parts)) {
      parts.push(event.data as SnapshotPart);
    }
  }
  const whole =
    parts.length === newest.parts &&
    parts.every(({ part, revision }, index) => part === index && revision === newest.revision);
  if (!whole) return undefined;

  const packed = Buffer.concat(parts.map(({ payload }) => Buffer.from(payload, 'base64')));
  const { state, recent } = JSON.parse((await decompress(packed)).toString()) as Omit<Snapshot, 'revision'>;
  return { revision: BigInt(newest.revision) as Revision, state, recent };
};

/**
 * Writes a snapshot. Only the newest is kept.
 * @param keptParts how many parts the snapshot stream is known to keep
 * @returns its size, in bytes and in parts
 * @throws StoreUnavailableError
 */
export const writeSnapshot = async (
  store: Streams,
  stream: string,
  version: number,
  { revision, ...content }: Snapshot,
  keptParts: number,
): Promise<{ bytes: number; parts: number }> => {
  const packed = await compress(JSON.stringify(content));
  const parts = Math.max(1, Math.ceil(packed.length / PART_BYTES));
  for (let part = 0; part < parts; part++) {
    const payload = packed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES).toString('base64');
    const data: SnapshotPart = { revision: revision.toString(), version, part, parts, payload };
    await store.put(snapshotStream(stream), { type: 'Snapshot', data });
  }
  if (parts !== keptParts) await store.keepLast(snapshotStream(stream), parts);
  return { bytes: packed.length, parts };
};
