import { randomBytes } from 'node:crypto';
import { Long } from 'bson';
import { CommandError } from './errors.ts';
import type { Result } from './query.ts';
import { MAX_DOCUMENT_BYTES } from './wire.ts';

type Cursor = { ns: string; result: Result; rest: Uint8Array[]; lastUsed: number; inUse: boolean };

export type Cursors = ReturnType<typeof createCursors>;

const IDLE_MS = 10 * 60 * 1000;
const MAX_CURSORS = 10_000;
const STEP = 512;

/** The open cursors. A cursor that was idle for ten minutes is closed, as on the real server. */
export const createCursors = () => {
  const cursors = new Map<string, Cursor>();
  const sweeper = setInterval(() => {
    for (const [id, { lastUsed, inUse }] of cursors) if (!inUse && Date.now() - lastUsed > IDLE_MS) cursors.delete(id);
  }, 60_000);
  sweeper.unref();

  /** Takes up to `size` documents and 16 MB (one document at least); the rest waits for the next batch. */
  const take = async (cursor: Cursor, size: number): Promise<Uint8Array[]> => {
    const batch: Uint8Array[] = [];
    let bytes = 0;
    while (batch.length < size) {
      if (cursor.rest.length === 0) cursor.rest = await cursor.result.next(Math.min(size - batch.length, STEP));
      if (cursor.rest.length === 0) break;
      let taken = 0;
      for (const document of cursor.rest) {
        if (batch.length > 0 && bytes + document.length > MAX_DOCUMENT_BYTES) break;
        bytes += document.length;
        batch.push(document);
        taken++;
      }
      const isFull = taken < cursor.rest.length;
      cursor.rest = cursor.rest.slice(taken);
      if (isFull) break;
    }
    return batch;
  };

  const isDone = (cursor: Cursor) => cursor.rest.length === 0 && cursor.result.ended;

  /** Returns the first batch, and a cursor id that is zero when nothing remains or none is wanted. */
  const open = async (ns: string, result: Result, size: number, single: boolean) => {
    const cursor: Cursor = { ns, result, rest: [], lastUsed: Date.now(), inUse: false };
    const batch = size === 0 ? [] : await take(cursor, size);
    if (single || isDone(cursor)) return { id: Long.ZERO, ns, part: 'firstBatch' as const, batch };
    if (cursors.size >= MAX_CURSORS) throw new CommandError(1, `more than ${MAX_CURSORS} open cursors`);
    const id = Long.fromBigInt(BigInt.asIntN(64, randomBytes(8).readBigInt64LE()) || 1n);
    cursors.set(id.toString(), cursor);
    return { id, ns, part: 'firstBatch' as const, batch };
  };

  /** @throws CommandError 43 for a cursor that is unknown, closed or of another collection */
  const more = async (id: Long, ns: string, size: number) => {
    const key = id.toString();
    const cursor = cursors.get(key);
    if (cursor === undefined) throw new CommandError(43, `cursor id ${key} not found`);
    if (cursor.ns !== ns)
      throw new CommandError(13, `Requested getMore on namespace '${ns}', but cursor belongs to a different namespace`);
    if (cursor.inUse) throw new CommandError(12051, `cursor id ${key} is already in use`);
    cursor.inUse = true;
    try {
      const batch = await take(cursor, size);
      cursor.lastUsed = Date.now();
      if (!isDone(cursor)) return { id, ns, part: 'nextBatch' as const, batch };
      cursors.delete(key);
      return { id: Long.ZERO, ns, part: 'nextBatch' as const, batch };
    } catch (error) {
      cursors.delete(key);
      throw error;
    } finally {
      cursor.inUse = false;
    }
  };

  return { open, more, kill: (id: Long) => cursors.delete(id.toString()), close: () => clearInterval(sweeper) };
};
