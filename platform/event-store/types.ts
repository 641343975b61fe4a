declare const revisionBrand: unique symbol;

/** An event's place in its stream, from 0. Never comparable with a {@link Position}. */
export type Revision = bigint & { readonly [revisionBrand]: true };

/** A place in the log of the whole store. Both parts are kept: during catch-up they may differ. */
export type Position = { readonly commit: bigint; readonly prepare: bigint };

/** Facts about an event besides its data. Keys that start with `$` are EventStoreDB's conventions. */
export type EventMetadata = {
  /** Shared by everything that one request caused. */
  $correlationId: string;
  /** The command of an event; the event behind a policy's command. */
  $causationId: string;
  commandId: string;
  /** A hash of the command's type and data. It tells a repeat from another command with the same id. */
  fingerprint: string;
  /** The caller: `anonymous`, the caller's id, or `policy:{name}`. */
  actor: string;
  /** UTC, ISO 8601. */
  time: string;
  schemaVersion: number;
  /** W3C trace context of the request. */
  traceparent?: string;
  /** The encrypted personal fields of a stored event; an event that was read no longer has it. */
  personal?: SealedFields;
};

/** Encrypted fields of an event's data, which lacks them. */
export type SealedFields = {
  /** The name of the key. */
  key: string;
  /** A JSON object of the fields, encrypted, in base64. */
  box: string;
};

/** An event to append. */
export type NewEvent = {
  /** A UUID derived from the command id, so that a repeated append writes once. */
  id: string;
  type: string;
  data: object;
  metadata: EventMetadata;
};

/** An event to append, its data and metadata as JSON. */
export type WrittenEvent = { id: string; type: string; data: string; metadata: string };

export const toWritten = ({ id, type, data, metadata }: NewEvent): WrittenEvent => ({
  id,
  type,
  data: JSON.stringify(data),
  metadata: JSON.stringify(metadata),
});

/** A stored event. Its data has the version named in its metadata: `upcast` it before use. */
export type StoredEvent = {
  id: string;
  type: string;
  stream: string;
  revision: Revision;
  position: Position;
  data: unknown;
  metadata: EventMetadata;
};

/** The state of the stream that an append requires. */
export type ExpectedRevision = Revision | 'no-stream';

/** The outcome of an append. A conflict wrote nothing. The revision is the last event's. */
export type AppendResult =
  | { ok: true; revision: Revision; position: Position }
  | { ok: false; reason: 'conflict' | 'too-large' };

/** Appends events that are already JSON, all or none. */
export type AppendWritten = (
  stream: string,
  events: readonly WrittenEvent[],
  expected: ExpectedRevision,
) => Promise<AppendResult>;

/**
 * The store did not answer in time, or is unreachable. The events may or may not be written: repeat the append with the
 * same event ids and expected revision.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/**
 * A position that was reached by reading, with the newest of Plaza's events up to it. The event tells histories apart:
 * in another event store, or one that was restored from an older copy, another event is in its place, or none.
 */
export type Reached = Position & {
  readonly event?: Pick<StoredEvent, 'id' | 'stream' | 'revision' | 'position'> | undefined;
};

/** Returns the position that is reached with an event. */
export const reachedWith = (event: NonNullable<Reached['event']>): Reached => ({ ...event.position, event });

/**
 * The event store lacks an event that was read from it before: it was emptied or restored from an older copy, or it is
 * another one.
 */
export class WrongEventStoreError extends Error {
  override readonly name = 'WrongEventStoreError';
}

/** The next batch of a pulled subscription. */
export type EventBatch = {
  events: StoredEvent[];
  /** Every event up to here, delivered or filtered out, is in this batch or an earlier one. */
  checkpoint: Reached;
  /** Whether the subscription had caught up with the tail when the batch was made. */
  live: boolean;
};

/** The start of the log. */
export const START: Position = { commit: -1n, prepare: -1n };

/** Formats a position for headers, cursors and documents: the commit position in decimal. */
export const formatPosition = (position: Position): string => position.commit.toString();

/** @returns a negative number, 0 or a positive number if `a` is before, at or after `b` */
export const comparePositions = (a: Position, b: Position): number =>
  a.commit < b.commit ? -1 : a.commit > b.commit ? 1 : 0;
