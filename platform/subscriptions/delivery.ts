import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { UnknownEventVersionError } from '../../schemas/kernel/upcast.ts';
import { comparePositions, type EventBatch, type Position, type StoredEvent } from '../event-store/types.ts';
import type { CheckpointWriter } from './checkpoints.ts';
import { type Consumer, type HeldLease, LeaseLostError, WriteConflictError } from './consumer.ts';
import { park } from './parked.ts';
import { isTransient } from './transient.ts';

/** A consumer that this process works on. */
export type Assignment = {
  readonly consumer: Consumer;
  readonly token: number;
  /** By the monotonic clock of this process. */
  readonly takenAt: number;
  /** Ends with the lease. */
  readonly lease: HeldLease;
  /** Everything up to here is handled: what the checkpoint may say. */
  position: Position;
  /** Everything up to here was received, and is handled or in hand: where a subscription continues. */
  received: Position;
  /** What the checkpoint in the database says. */
  written: Position;
  /** Events that operators took out of the view. */
  discarded: ReadonlySet<string>;
  /** Keys with parked events; see readHeldKeys. */
  readonly heldKeys: Map<string, number>;
  /** Of a consumer with keys, from its first batch on. */
  keyed?: KeyedDelivery;
  /** The batch in hand; settled when there is none. Never rejects. */
  work: Promise<void>;
  busy: boolean;
  live: boolean;
  /** Set when the lease is another's: nothing may be written any more. */
  lost: boolean;
  /** Set while it is out of its subscription for a while: what fails is left as it is. */
  paused: boolean;
  /** By the monotonic clock of this process. */
  progressAt: number;
};

/** Delivers events to a consumer with keys: in order within a key, and each key by itself. */
export type KeyedDelivery = {
  /** Takes a batch in. Returns when there is room for the next one, not when everything is handled. */
  deliver(batch: EventBatch): Promise<void>;
  /** Handles parked events that are due: those that an operator asked for, those that got no answer, and those held back. */
  retryParked(): Promise<void>;
  /** Resolves when nothing is in hand: at the latest with the commands in flight once the assignment is paused or lost. */
  settled(): Promise<void>;
};

export type DeliveryContext = {
  db: Db;
  checkpoints: CheckpointWriter;
  /** @throws LeaseLostError when the assignment's lease is another's */
  confirmLease(assignment: Assignment): Promise<void>;
  signal: AbortSignal;
  /** Told when something is tried again or parked. */
  onTrouble(assignment: Assignment, error: unknown): void;
};

/** The consumer met an event that it may not skip: it stands before it until an operator has decided. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** The event is fine, but only a newer Plaza knows it: it waits for the process that will take over. */
const isNewer = (error: unknown): boolean => error instanceof UnknownEventVersionError;

/** Milliseconds before an event that failed is tried again; behind the last it is poisoned. */
export const RETRIES = [50, 200, 800];
const TRANSIENT_PAUSE_MOST = 1000;

const wait = (milliseconds: number, signal: AbortSignal) => pause(milliseconds, undefined, { signal }).catch(() => {});

const isAfter = (position: Position, other: Position) => comparePositions(position, other) > 0;

/**
 * Gives a batch to a consumer, then moves its checkpoint: what the consumer does not take, or has had before, it does not
 * see. When nothing is left the checkpoint moves in memory only; writing it is the group's.
 * @throws what the consumer throws; LeaseLostError
 */
export const deliver = async (
  assignment: Assignment,
  batch: EventBatch,
  { checkpoints }: DeliveryContext,
): Promise<void> => {
  const { consumer, token, lease, discarded } = assignment;
  const mine = batch.events.filter(
    (event) => isAfter(event.position, assignment.position) && consumer.takes(event) && !discarded.has(event.id),
  );
  if (mine.length > 0) await consumer.handle(mine, lease);
  if (!isAfter(batch.checkpoint, assignment.position)) return;
  assignment.position = batch.checkpoint;
  assignment.received = batch.checkpoint;
  assignment.progressAt = performance.now();
  if (mine.length === 0) return;
  lease.assertHeld();
  const held = await checkpoints.move({ consumer: consumer.name, token, position: batch.checkpoint });
  if (!held) throw new LeaseLostError(`${consumer.name} was taken over`);
  assignment.written = batch.checkpoint;
};

/**
 * The same for a consumer in trouble: waits for servers that are away and for a newer Plaza, looks at the lease after a lost race, finds the
 * event that fails, tries it again and parks it.
 * @throws LeaseLostError; StoppedError when the consumer may not go on without the event
 */
export const deliverWithRetries = async (
  assignment: Assignment,
  batch: EventBatch,
  context: DeliveryContext,
): Promise<void> => {
  let failures = 0;
  for (let waits = 0; !context.signal.aborted && !assignment.paused && !assignment.lost; ) {
    try {
      return await deliver(assignment, batch, context);
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      context.onTrouble(assignment, error);
      if (isTransient(error) || isNewer(error)) {
        await wait(Math.min(TRANSIENT_PAUSE_MOST, 20 * 2 ** waits++), context.signal);
        if (error instanceof WriteConflictError) await context.confirmLease(assignment);
        continue;
      }
      const pending = batch.events.filter((event) => isAfter(event.position, assignment.position));
      if (pending.length > 1) return deliverOneByOne(assignment, pending, batch, context);
      const retryAfter = RETRIES[failures++];
      if (retryAfter === undefined) return setAside(assignment, pending[0], batch, error, context);
      await wait(retryAfter, context.signal);
    }
  }
};

const deliverOneByOne = async (
  assignment: Assignment,
  events: StoredEvent[],
  batch: EventBatch,
  context: DeliveryContext,
) => {
  for (const event of events)
    await deliverWithRetries(assignment, { events: [event], checkpoint: event.position, live: false }, context);
  await deliverWithRetries(assignment, { ...batch, events: [] }, context);
};

const setAside = async (
  assignment: Assignment,
  event: StoredEvent | undefined,
  batch: EventBatch,
  error: unknown,
  context: DeliveryContext,
): Promise<void> => {
  if (!event) throw error;
  const { consumer } = assignment;
  const reason = error instanceof Error ? error.message : String(error);
  const isParked = await park(context.db, consumer, event, reason);
  if (isParked && consumer.onPoison === 'stop')
    throw new StoppedError(`${consumer.name} stopped at ${event.type} ${event.id}: ${reason}`);
  await deliverWithRetries(assignment, { ...batch, events: [] }, context);
};
