declare const revisionBrand: unique symbol;

/** An event's place in its stream, from 0. Never comparable with a {@link Position}. */
export type Revision = bigint & { readonly [revisionBrand]: true };

/** A place in the whole store's log. Both parts are kept: in catch-up they may differ. */
export type Position = { readonly commit: bigint; readonly prepare: bigint };

/** What is known of an event besides its data. Keys that start with `$` are EventStoreDB's own conventions. */
export type EventMetadata = {
  /** The same for everything that one request set off. */
  $correlationId: string;
  /** The command, for events; for commands given by a policy, the event. */
  $causationId: string;
  commandId: string;
  /** A hash of the command's type and data: tells a repeat from another command under the same id. */
  fingerprint: string;
  /** Who asked: `anonymous`, a subject, or `policy:{name}`. */
  actor: string;
  /** UTC, ISO 8601. */
  time: string;
  schemaVersion: number;
  /** W3C trace context of the request. */
  traceparent?: string;
};

/** An event to append. */
export type NewEvent = {
  /** UUID, derived from the command id, so that the same append twice writes once. */
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

/** An event as it was read. Its data is in the version that its metadata tells: `upcast` it before use. */
export type StoredEvent = {
  id: string;
  type: string;
  stream: string;
  revision: Revision;
  position: Position;
  data: unknown;
  metadata: EventMetadata;
};

/** What a stream must be like for an append to succeed. */
export type ExpectedRevision = Revision | 'no-stream';

/** How an append ended. A conflict wrote nothing; the revision is the last event's. */
export type AppendResult =
  | { ok: true; revision: Revision; position: Position }
  | { ok: false; reason: 'conflict' | 'too-large' };

/**
 * The store did not answer in time, went away, or was never there. What was being appended may or may not be
 * written: repeat it with the same event ids and the same expected revision.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The next batch of a pulled subscription. */
export type EventBatch = {
  events: StoredEvent[];
  /** Everything up to here, delivered or filtered out, is in this batch or an earlier one. */
  checkpoint: Position;
  /** Whether the subscription had caught up with the store's tail when the batch was made. */
  live: boolean;
};

/** The start of the log. */
export const START: Position = { commit: -1n, prepare: -1n };

/** A position as it crosses a boundary (header, cursor, document): the commit position in decimal. */
export const formatPosition = (position: Position): string => position.commit.toString();

/** @returns a negative number, 0 or a positive number as `a` is before, at or after `b` */
export const comparePositions = (a: Position, b: Position): number =>
  a.commit < b.commit ? -1 : a.commit > b.commit ? 1 : 0;
