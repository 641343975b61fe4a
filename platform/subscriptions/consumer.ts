import type { StoredEvent } from '../event-store/types.ts';

/** What happens with an event that keeps failing: set aside while the rest goes on, or everything of the consumer stops. */
export type PoisonRule = 'park' | 'stop';

/**
 * One consumer of a group: a projection, a partition of one, or a policy. It has a checkpoint, a lease and parked
 * events under its name.
 */
export type Consumer = {
  /** For ever: the checkpoint is found by it. */
  name: string;
  /** What its position is asked for by: its name without the partition. */
  view: string;
  /** A checkpoint of another version is not this consumer's. */
  version: number;
  /** How many consumers share the view. */
  partitions: number;
  /** Whether the event is for this consumer. An event it does not take moves its checkpoint all the same. */
  takes(event: StoredEvent): boolean;
  /**
   * Handles a batch in order, as a whole: when it throws, nothing of the batch counts as done, and it may come again,
   * whole or in parts. Events may come twice and must have one effect.
   * @throws StoreUnavailableError, or an error of the MongoDB driver for a server that is away: tried again for ever
   * @throws WriteConflictError when another writer was faster: tried again, after a look at the lease
   */
  handle(events: readonly StoredEvent[], lease: HeldLease): Promise<void>;
  /**
   * Names the events whose order matters. With keys, events come one at a time: those of one key in their order, those of
   * different keys side by side. A key whose event fails holds back only itself.
   */
  key?(event: StoredEvent): string;
  onPoison: PoisonRule;
  /** Its first checkpoint, and that of a new version, is made by a rebuild: until then nobody works on it. */
  mustBeBuilt?: boolean;
  /**
   * Does what a parked event should have done, now that others after it were handled. Runs between two batches of
   * the consumer. Left out, the event is simply handled.
   */
  replay?(event: StoredEvent, lease: HeldLease): Promise<void>;
};

/** The consumer's right to write, for the time of one batch. */
export type HeldLease = {
  /**
   * To be called right before each write. A process that slept for longer than its lease learns of it here.
   * @throws LeaseUncertainError
   */
  assertHeld(): void;
};

/** The lease was not renewed in time, so another process may hold it. Tried again once it is known who does. */
export class LeaseUncertainError extends Error {
  override readonly name = 'LeaseUncertainError';
}

/** Another process holds the lease: this one must forget the consumer. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** What was read had changed before it was written. */
export class WriteConflictError extends Error {
  override readonly name = 'WriteConflictError';
}
