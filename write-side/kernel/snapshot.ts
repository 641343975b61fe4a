import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createGzip, gunzip } from 'node:zlib';
import type { Streams } from '../../platform/event-store/streams.ts';
import { type Revision, type StoredEvent, StoreUnavailableError } from '../../platform/event-store/types.ts';
import { jsonPieces } from './json-pieces.ts';
import { restoreState, saveState } from './saved-state.ts';

const decompress = promisify(gunzip);

/** A stream's state as of one of its events. */
export type Snapshot = { revision: Revision; state: unknown; recent: [key: string, revision: string][] };

/** The stored size of a snapshot: bytes and events. */
export type SnapshotSize = { bytes: number; parts: number };

/**
 * The metadata of one event of a snapshot stream: large snapshots have several parts, each small enough for an append.
 */
type PartOf = { revision: string; version: number; part: number; parts: number };
type SnapshotPart = PartOf & { payload: Uint8Array };

const PART_BYTES = 512 * 1024;

/** The prefix keeps snapshots out of every subscription. */
const snapshotStream = (stream: string): string => `snapshot-${stream}`;

const partOf = ({ data, metadata }: StoredEvent): SnapshotPart => ({
  ...(metadata as unknown as PartOf),
  payload: data as Uint8Array,
});

const readParts = async (store: Streams, stream: string, last: StoredEvent): Promise<SnapshotPart[]> => {
  const newest = partOf(last);
  if (newest.parts === 1) return [newest];
  const first = last.revision - BigInt(newest.parts - 1);
  const read: SnapshotPart[] = [];
  if (first < 0n) return read;
  for await (const event of store.read(stream, first, newest.parts)) read.push(partOf(event));
  return read;
};

const isWhole = (parts: readonly SnapshotPart[], { revision, parts: count }: SnapshotPart): boolean =>
  parts.length === count && parts.every((each, index) => each.part === index && each.revision === revision);

/**
 * Reads a stream's newest snapshot.
 * @param version of the fold: snapshots of other versions are ignored
 * @param onError called with the error of an unreadable snapshot, which is ignored
 * @returns undefined without a usable snapshot
 * @throws StoreUnavailableError
 */
export const readSnapshot = async (
  store: Streams,
  stream: string,
  version: number,
  onError: (error: unknown) => void,
): Promise<(Snapshot & SnapshotSize) | undefined> => {
  const last = await store.readLast(snapshotStream(stream));
  if (!last) return undefined;
  try {
    const newest = partOf(last);
    if (newest.version !== version || newest.part !== newest.parts - 1) return undefined;
    const parts = await readParts(store, snapshotStream(stream), last);
    if (!isWhole(parts, newest)) return undefined;

    const stored = Buffer.concat(parts.map(({ payload }) => payload));
    const packed = store.snapshots ? await store.snapshots.openSnapshot(stream, stored) : stored;
    if (!packed) return undefined;
    const { state, recent } = JSON.parse((await decompress(packed)).toString()) as Omit<Snapshot, 'revision'>;
    const revision = BigInt(newest.revision) as Revision;
    return { revision, state: restoreState(state), recent, bytes: stored.length, parts: parts.length };
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    onError(error);
    return undefined;
  }
};

const hasRevision = async (store: Streams, stream: string, revision: Revision): Promise<boolean> => {
  for await (const event of store.read(stream, revision, 1)) return event.revision === revision;
  return false;
};

/**
 * Writes a snapshot. Only the newest is kept.
 * @param keptParts the number of events that the snapshot stream is known to keep
 * @param erasures of the stream's snapshots, before the state was read
 * @returns its size; undefined when another process wrote one in the meantime, which stays, or when the stream lacks the
 *   event of the state, because the store went back to an older copy; 'erased' when the state may
 *   have personal data that was erased since it was read
 * @throws StoreUnavailableError
 */
export const writeSnapshot = async (
  store: Streams,
  stream: string,
  version: number,
  { revision, state, recent }: Snapshot,
  keptParts: number,
  erasures = 0,
): Promise<SnapshotSize | 'erased' | undefined> => {
  if (!(await hasRevision(store, stream, revision))) return undefined;
  const content = jsonPieces({ state: saveState(state), recent });
  const plain = await pipeline(content, createGzip({ level: constants.Z_BEST_SPEED }), buffer);
  const packed = store.snapshots ? await store.snapshots.sealSnapshot(stream, plain, erasures) : plain;
  if (!packed) return 'erased';
  const parts = Math.max(1, Math.ceil(packed.length / PART_BYTES));
  if (parts !== keptParts) await store.keepLast(snapshotStream(stream), parts);
  let before: Revision | undefined;
  for (let part = 0; part < parts; part++) {
    const data = new Uint8Array(packed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
    const metadata: PartOf = { revision: revision.toString(), version, part, parts };
    before = await store.put(snapshotStream(stream), { type: 'Snapshot', data, metadata }, before);
    if (before === undefined) return undefined;
  }
  return { bytes: packed.length, parts };
};
