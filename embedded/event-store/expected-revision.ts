import type { EventLog } from './event-log.ts';
import type { ExpectedRevision, WriteOutcome } from './stored-events.ts';
import { isSoftDeleted, NO_EVENT, type Stream } from './streams.ts';

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
  if (log.streams.isTombstoned(stream)) return { kind: 'stream-deleted' };
  if (expected === 'stream_exists') {
    if (isSoftDeleted(stream)) return { kind: 'stream-deleted' };
    if (isAbsent(log, stream)) return wrongRevision(stream);
  }
  return expected === 'any' || expected === 'stream_exists'
    ? checkIds(log, stream, ids)
    : checkRevision(log, stream, expected, ids);
};

/** Returns whether a stream has neither events nor metadata. */
export const isAbsent = ({ streams }: EventLog, stream: Stream): boolean =>
  stream.last < 0 && streams.streamOf(`$$${stream.name}`).last < 0;

const wrongRevision = (stream: Stream): WriteOutcome => ({ kind: 'wrong-expected-revision', current: stream.last });

const checkIds = (log: EventLog, stream: Stream, ids: readonly string[]): WriteOutcome | undefined => {
  let repeated: number | undefined;
  for (const [index, id] of ids.entries()) {
    const known = log.eventIds.find(id);
    if (known?.streamName !== stream.name) return index === 0 ? undefined : wrongRevision(stream);
    repeated = known.revision;
  }
  return repeated === undefined ? undefined : repetition(log, stream, repeated);
};

const checkRevision = (
  log: EventLog,
  stream: Stream,
  expected: number | 'no_stream',
  ids: readonly string[],
): WriteOutcome | undefined => {
  const expectedLast = expected === 'no_stream' ? NO_EVENT : expected;
  if (expectedLast > stream.last) return wrongRevision(stream);
  if (expectedLast === stream.last) return undefined;
  for (const [index, id] of ids.entries()) {
    const stored = log.file.sql.identity.get(stream.number, expectedLast + 1 + index);
    if (stored && hex(stored.id as Uint8Array) === id) continue;
    return index === 0 && expected === 'no_stream' && isSoftDeleted(stream) ? undefined : wrongRevision(stream);
  }
  return ids.length === 0 ? wrongRevision(stream) : repetition(log, stream, expectedLast + ids.length);
};

const repetition = ({ file, streams }: EventLog, stream: Stream, revision: number): WriteOutcome => {
  const isReadable = !isSoftDeleted(stream) && revision >= streams.firstReadable(stream);
  const position = isReadable ? Number(file.sql.identity.get(stream.number, revision)?.position) : undefined;
  return { kind: 'written', revision, position };
};

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
