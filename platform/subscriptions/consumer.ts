import type { StoredEvent } from '../event-store/types.ts';

/** How a consumer treats an event that keeps failing: parks it and continues, or stops before it. */
export type PoisonRule = 'park' | 'stop';

/**
 * A member of a consumer group: a projection, a partition of one, or a policy. It has a checkpoint, a lease and parked
 * events under its name.
 */
export type Consumer = {
  /** Never changes: it identifies the checkpoint. */
  name: string;
  /** The name without the partition; queries ask for its position. */
  view: string;
  /** A checkpoint of another version is ignored. */
  version: number;
  /** How many consumers share the view. */
  partitions: number;
  /** Returns whether the consumer handles the event. Other events move its checkpoint too. */
  takes(event: StoredEvent): boolean;
  /**
   * Handles a batch in order. When it throws, the whole batch counts as not done and may be given again, whole or in
   * parts. An event that is given twice must have one effect.
   * @throws StoreUnavailableError, or an error of the MongoDB driver for an unreachable server: retried for ever
   * @throws WriteConflictError when another writer was faster: retried after a check of the lease
   */
  handle(events: readonly StoredEvent[], lease: HeldLease): Promise<void>;
  /**
   * Returns the key within which order matters. With keys, events are given one at a time: those of one key in order,
   * those of different keys concurrently. A key whose event fails delays only itself.
   */
  key?(event: StoredEvent): string;
  onPoison: PoisonRule;
  /** A rebuild makes its first checkpoint, and that of a new version. Until then no process works on it. */
  mustBeBuilt?: boolean;
  /**
   * Handles a parked event after later events were handled. Runs between two batches of the consumer. Without it the
   * event is simply handled.
   */
  replay?(event: StoredEvent, lease: HeldLease): Promise<void>;
};

/** The consumer's right to write, for the time of one batch. */
export type HeldLease = {
  /**
   * Call it right before each write. It detects that the process was paused for longer than its lease.
   * @throws LeaseUncertainError
   */
  assertHeld(): void;
};

/** The lease was not renewed in time, so another process may hold it. The work is retried once the owner is known. */
export class LeaseUncertainError extends Error {
  override readonly name = 'LeaseUncertainError';
}

/** Another process holds the lease: this one must drop the consumer. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** The document changed between read and write. */
export class WriteConflictError extends Error {
  override readonly name = 'WriteConflictError';
}
