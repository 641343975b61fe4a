import type { EventLog } from './event-log.ts';
import type { ExpectedRevision, WriteOutcome } from './stored-events.ts';
import { NO_EVENT, type Stream } from './streams.ts';

/**
 * Decides like EventStoreDB whether an append is new, a repetition, or refused.
 * @returns undefined for a new one
 */
export const checkAppend = (
  log: EventLog,
  stream: Stream,
  expected: ExpectedRevision,
  ids: readonly string[],
): WriteOutcome | undefined => {
  if (expected === 'any') return undefined;
  const wrongRevision: WriteOutcome = { kind: 'wrong-expected-revision', current: stream.last };
  const expectedLast = expected === 'no_stream' ? NO_EVENT : expected;
  if (expectedLast > stream.last) return wrongRevision;
  if (expectedLast === stream.last) return undefined;
  for (const [index, id] of ids.entries()) {
    const stored = log.file.sql.identity.get(stream.number, expectedLast + 1 + index);
    if (!stored || hex(stored.id as Uint8Array) !== id) return wrongRevision;
  }
  return ids.length === 0 ? wrongRevision : repetition(log, stream, expectedLast + ids.length);
};

const repetition = ({ file, streams }: EventLog, stream: Stream, revision: number): WriteOutcome => {
  const isReadable = revision >= streams.firstReadable(stream);
  const position = isReadable ? Number(file.sql.identity.get(stream.number, revision)?.position) : undefined;
  return { kind: 'written', revision, position };
};

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
