import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { UnknownEventVersionError } from '../../schemas/kernel/upcast.ts';
import { comparePositions, type EventBatch, type Position, type StoredEvent } from '../event-store/types.ts';
import type { CheckpointWriter } from './checkpoints.ts';
import { LeaseLostError, type Member, type Turn, WriteConflictError } from './member.ts';
import { park } from './parked.ts';
import { isTransient } from './transient.ts';

/** A member that this process works on. */
export type Seat = {
  readonly member: Member;
  readonly token: number;
  /** Ends with the lease. */
  readonly turn: Turn;
  /** Everything up to here is handled. */
  position: Position;
  /** What the checkpoint in the database says. */
  written: Position;
  /** Events that operators took out of the view. */
  discarded: ReadonlySet<string>;
  /** The batch in hand; settled when there is none. Never rejects. */
  work: Promise<void>;
  busy: boolean;
  live: boolean;
  /** Set when the lease is another's: nothing may be written any more. */
  lost: boolean;
  /** Set while it is out of its lane for a while: what fails is left as it is. */
  aside: boolean;
  progressAt: Date;
};

export type FeedContext = {
  db: Db;
  checkpoints: CheckpointWriter;
  /** @throws LeaseLostError when the seat's lease is another's */
  confirmLease(seat: Seat): Promise<void>;
  signal: AbortSignal;
  /** Told when something is tried again or parked. */
  onTrouble(seat: Seat, error: unknown): void;
};

/** The member met an event that it may not skip: it stands before it until an operator has decided. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** The event is fine, but only a newer Plaza knows it: it waits for the process that will take over. */
const isNewer = (error: unknown): boolean => error instanceof UnknownEventVersionError;

/** Milliseconds before an event that failed is tried again; behind the last it is poisoned. */
const RETRIES = [50, 200, 800];
const TRANSIENT_PAUSE_MOST = 1000;

const wait = (milliseconds: number, signal: AbortSignal) => pause(milliseconds, undefined, { signal }).catch(() => {});

const isAfter = (position: Position, other: Position) => comparePositions(position, other) > 0;

/**
 * Gives a batch to a member, then moves its checkpoint: what the member does not take, or has had before, it does not
 * see. When nothing is left the checkpoint moves in memory only; writing it is the group's.
 * @throws what the member throws; LeaseLostError
 */
export const feed = async (seat: Seat, batch: EventBatch, { checkpoints }: FeedContext): Promise<void> => {
  const { member, token, turn, discarded } = seat;
  const mine = batch.events.filter(
    (event) => isAfter(event.position, seat.position) && member.takes(event) && !discarded.has(event.id),
  );
  if (mine.length > 0) await member.handle(mine, turn);
  if (!isAfter(batch.checkpoint, seat.position)) return;
  seat.position = batch.checkpoint;
  seat.progressAt = new Date();
  if (mine.length === 0) return;
  turn.assertHeld();
  const held = await checkpoints.move({ member: member.name, token, position: batch.checkpoint });
  if (!held) throw new LeaseLostError(`${member.name} was taken over`);
  seat.written = batch.checkpoint;
};

/**
 * The same for a member in trouble: waits for servers that are away and for a newer Plaza, looks at the lease after a lost race, finds the
 * event that fails, tries it again and parks it.
 * @throws LeaseLostError; StoppedError when the member may not go on without the event
 */
export const feedCarefully = async (seat: Seat, batch: EventBatch, context: FeedContext): Promise<void> => {
  let failures = 0;
  for (let waits = 0; !context.signal.aborted && !seat.aside && !seat.lost; ) {
    try {
      return await feed(seat, batch, context);
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      context.onTrouble(seat, error);
      if (isTransient(error) || isNewer(error)) {
        await wait(Math.min(TRANSIENT_PAUSE_MOST, 20 * 2 ** waits++), context.signal);
        if (error instanceof WriteConflictError) await context.confirmLease(seat);
        continue;
      }
      const pending = batch.events.filter((event) => isAfter(event.position, seat.position));
      if (pending.length > 1) return feedOneByOne(seat, pending, batch, context);
      const retryAfter = RETRIES[failures++];
      if (retryAfter === undefined) return setAside(seat, pending[0], batch, error, context);
      await wait(retryAfter, context.signal);
    }
  }
};

const feedOneByOne = async (seat: Seat, events: StoredEvent[], batch: EventBatch, context: FeedContext) => {
  for (const event of events)
    await feedCarefully(seat, { events: [event], checkpoint: event.position, live: false }, context);
  await feedCarefully(seat, { ...batch, events: [] }, context);
};

const setAside = async (
  seat: Seat,
  event: StoredEvent | undefined,
  batch: EventBatch,
  error: unknown,
  context: FeedContext,
): Promise<void> => {
  if (!event) throw error;
  const { member } = seat;
  const reason = error instanceof Error ? error.message : String(error);
  await park(context.db, member, event, reason);
  if (member.onPoison === 'stop')
    throw new StoppedError(`${member.name} stopped at ${event.type} ${event.id}: ${reason}`);
  await feedCarefully(seat, { ...batch, events: [] }, context);
};
