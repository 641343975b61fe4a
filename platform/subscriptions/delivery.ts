import type { Db } from 'mongodb';
import { UnknownEventVersionError } from '../../schemas/kernel/upcast.ts';
import type { PersonalData } from '../event-store/personal-data.ts';
import {
  comparePositions,
  type EventBatch,
  type Position,
  type Reached,
  reachedWith,
  type StoredEvent,
} from '../event-store/types.ts';
import { machine, pause } from '../machine/machine.ts';
import { type CheckpointWriter, forgetOutdated, type HeldCheckpoint } from './checkpoints.ts';
import { type Consumer, type HeldLease, LeaseLostError, WriteConflictError } from './consumer.ts';
import { park } from './parked.ts';
import { isTransient, messageOf } from './transient.ts';
import type { Troubles } from './trouble.ts';

/** A consumer that this process works on. */
export type Assignment = {
  readonly consumer: Consumer;
  /** The checkpoint that it has claimed, with the fencing token of its lease. */
  readonly held: HeldCheckpoint;
  /** By the monotonic clock of this process. */
  readonly takenAt: number;
  readonly lease: HeldLease;
  /** Every event up to here is handled; the checkpoint may have this position. */
  position: Reached;
  /** Every event up to here was received, and is handled or in progress. A subscription continues here. */
  received: Reached;
  /** The position of the checkpoint in the database. */
  written: Position;
  /** Events that operators discarded. */
  discarded: ReadonlySet<string>;
  /** Keys with parked events; see readHeldKeys. */
  readonly heldKeys: Map<string, number>;
  /** Set for a consumer with keys, from its first batch on. */
  keyed?: KeyedDelivery;
  /** The batch in progress; settled when there is none. Never rejects. */
  work: Promise<void>;
  busy: boolean;
  live: boolean;
  /** Set when another process has the lease: nothing may be written any more. */
  lost: boolean;
  /** Set while the assignment is out of its subscription: failures are not handled. */
  paused: boolean;
  /** By the monotonic clock of this process. */
  progressAt: number;
  /** Why it waits before its next event, which only a newer Plaza knows. */
  waits?: string | undefined;
};

/** Delivers events to a consumer with keys: in order within a key, and each key independently. */
export type KeyedDelivery = {
  /** Accepts a batch. Resolves when there is room for the next one, not when everything is handled. */
  deliver(batch: EventBatch): Promise<void>;
  /** Handles parked events that are due: requested by an operator, unanswered, or held back. */
  retryParked(): Promise<void>;
  /** Resolves when no event is in progress; once the assignment is paused or lost, after the commands in flight. */
  settled(): Promise<void>;
};

export type DeliveryContext = {
  db: Db;
  checkpoints: CheckpointWriter;
  /** @throws LeaseLostError when another process has the assignment's lease */
  confirmLease(assignment: Assignment): Promise<void>;
  signal: AbortSignal;
  /** Decrypts parked events. */
  open: PersonalData['open'];
  /** Takes the failures that the consumers retry. */
  troubles: Pick<Troubles, 'note' | 'over'>;
};

/** The consumer waits before an event that it may not skip, until an operator decides. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** Returns whether only a newer Plaza knows the event: it waits for the process that takes over. */
export const isNewer = (error: unknown): boolean => error instanceof UnknownEventVersionError;

/** Milliseconds before each retry of an event that failed; after the last one it is parked. */
export const RETRIES = [50, 200, 800];
const TRANSIENT_PAUSE_MOST = 1000;

const wait = (milliseconds: number, signal: AbortSignal) => pause(milliseconds, { signal });

const isAfter = (position: Position, other: Position) => comparePositions(position, other) > 0;

const isNew = (assignment: Assignment, event: StoredEvent): boolean =>
  isAfter(event.position, assignment.position) &&
  assignment.consumer.takes(event) &&
  !assignment.discarded.has(event.id);

const passTo = (assignment: Assignment, position: Reached): void => {
  if (!isAfter(position, assignment.position)) return;
  assignment.position = position;
  assignment.received = position;
  assignment.progressAt = machine.elapsed();
  assignment.waits = undefined;
};

/**
 * Lets a consumer without keys pass a batch that has no events for it. Its checkpoint moves in memory only; the group
 * writes it.
 * @returns false when the batch has events for it
 */
export const pass = (assignment: Assignment, { events, checkpoint }: EventBatch): boolean => {
  if (events.some((event) => isNew(assignment, event))) return false;
  passTo(assignment, checkpoint);
  return true;
};

/**
 * Gives a consumer the events of a batch that it takes and has not handled yet, then moves its checkpoint. Until the
 * move is confirmed the batch counts as not handled: MongoDB may have gone back to a copy without its documents.
 * @throws the consumer's error; LeaseLostError
 */
export const deliver = async (
  assignment: Assignment,
  batch: EventBatch,
  { db, checkpoints, troubles }: DeliveryContext,
): Promise<void> => {
  const { consumer, held, lease } = assignment;
  const mine = batch.events.filter((event) => isNew(assignment, event));
  if (mine.length === 0) return passTo(assignment, batch.checkpoint);
  await consumer.handle(mine, lease);
  troubles.over(consumer.name);
  if (!isAfter(batch.checkpoint, assignment.position)) return;
  lease.assertHeld();
  if (!(await checkpoints.move({ held, position: batch.checkpoint }))) {
    if (consumer.mustBeBuilt) await forgetOutdated(db, held, consumer.view);
    throw new LeaseLostError(`the checkpoint of ${consumer.name} is not the one that was written last`);
  }
  passTo(assignment, batch.checkpoint);
  assignment.written = batch.checkpoint;
};

/**
 * Delivers a batch to a consumer that fails: waits for unreachable servers and for a newer Plaza, checks the lease
 * after a lost race, finds the event that fails, retries it and parks it. Gives up, and returns, when the subscription
 * ends or the assignment is paused or lost: its position then stays before the batch.
 * @throws LeaseLostError; StoppedError when the consumer may not continue without the event
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
      context.troubles.note(assignment.consumer.name, error);
      if (isTransient(error)) {
        await wait(Math.min(TRANSIENT_PAUSE_MOST, 20 * 2 ** waits++), context.signal);
        if (error instanceof WriteConflictError) await context.confirmLease(assignment);
        continue;
      }
      const pending = batch.events.filter((event) => isAfter(event.position, assignment.position));
      if (pending.length > 1) return deliverOneByOne(assignment, pending, batch, context);
      if (isNewer(error)) {
        assignment.waits = messageOf(error);
        await wait(Math.min(TRANSIENT_PAUSE_MOST, 20 * 2 ** waits++), context.signal);
        continue;
      }
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
    await deliverWithRetries(assignment, { events: [event], checkpoint: reachedWith(event), live: false }, context);
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
  context.troubles.over(consumer.name);
  if (isParked && consumer.onPoison === 'stop')
    throw new StoppedError(`${consumer.name} stopped at ${event.type} ${event.id}: ${reason}`);
  await deliverWithRetries(assignment, { ...batch, events: [] }, context);
};
