import type { Db } from 'mongodb';
import { comparePositions, type Position, type Reached, reachedWith, type StoredEvent } from '../event-store/types.ts';
import { machine, pause } from '../machine/machine.ts';
import { type Consumer, LeaseLostError } from './consumer.ts';
import { type Assignment, type DeliveryContext, isNewer, type KeyedDelivery, RETRIES } from './delivery.ts';
import {
  forgetParked,
  holdBack,
  noteRetry,
  park,
  parked,
  parkedEvent,
  parkForRetry,
  readParked,
  WAITING,
  type Waiting,
  waitingByKey,
} from './parked.ts';
import { isTransient, messageOf } from './transient.ts';

/** Events that may be received and unhandled; then the next batch waits. */
const OUTSTANDING_MOST = 1000;
/** Keys that are handled concurrently. */
const KEYS_AT_ONCE = 64;
/** Milliseconds for which an event without an answer is retried in place; then it is parked and retried from there. */
const RETRY_IN_PLACE = 15_000;
const PAUSE_FIRST = 20;
const PAUSE_MOST = 1000;
const PARKED_RETRY_FIRST = 1000;
const PARKED_RETRY_MOST = 60_000;

export type KeyedDeliveryOptions = {
  assignment: Assignment;
  context: Pick<DeliveryContext, 'open' | 'db' | 'signal' | 'troubles'>;
  onLost(assignment: Assignment, reason: string): void;
  log(line: string): void;
  /** Milliseconds; see RETRY_IN_PLACE. */
  retryInPlace?: number | undefined;
};

/**
 * Returns the key of an event; its stream, if the key function throws.
 * @throws UnknownEventVersionError
 */
const keyOf = ({ key }: Pick<Consumer, 'key'>, event: StoredEvent): string => {
  try {
    return key?.(event) ?? event.stream;
  } catch (error) {
    if (isNewer(error)) throw error;
    return `unreadable in ${event.stream}`;
  }
};

/**
 * Reads the keys with parked events; their later events are held back. Adds the key to parked events of an older Plaza.
 * @returns for each consumer its keys, each with a count that changes with every event parked behind it
 */
export const readHeldKeys = async (
  db: Db,
  consumers: readonly Consumer[],
): Promise<Map<string, Map<string, number>>> => {
  const held = new Map(consumers.map(({ name }) => [name, new Map<string, number>()]));
  const keyed = new Map(consumers.filter(({ key }) => key).map((consumer) => [consumer.name, consumer]));
  if (keyed.size === 0) return held;
  const waiting = { member: { $in: [...keyed.keys()] }, state: WAITING };
  const nameless = await parked(db)
    .find({ ...waiting, key: { $exists: false } })
    .toArray();
  for (const found of nameless) {
    const key = keyOf(keyed.get(found.member)!, parkedEvent(found));
    await parked(db).updateOne({ _id: found._id }, { $set: { key } });
  }
  for await (const { member, key = '' } of parked(db).find(waiting, { projection: { member: 1, key: 1 } }))
    held.get(member)!.set(key, 0);
  return held;
};

const isAfter = (position: Position, other: Position) => comparePositions(position, other) > 0;

/**
 * Delivers by key. The checkpoint stays before the first unhandled event, so a crash repeats events and skips none.
 *
 * An event that fails four times is parked. An event without an answer for 15 s is parked and retried for ever. Later
 * events of its key are parked behind it, so the order within a key always holds; other keys are not affected.
 */
export const keyedDelivery = (options: KeyedDeliveryOptions): KeyedDelivery => {
  const { assignment, context, onLost, log, retryInPlace = RETRY_IN_PLACE } = options;
  const { consumer, lease, discarded, heldKeys } = assignment;
  const { db, signal } = context;
  const queues = new Map<string, StoredEvent[]>();
  const ready: string[] = [];
  const running = new Map<string, Promise<void>>();
  /** Events in progress in the order of the log, each with the position before it. */
  const outstanding = new Map<StoredEvent, Reached>();
  let room = Promise.withResolvers<void>();

  const isOver = () => signal.aborted || assignment.lost || assignment.paused;
  const wait = (milliseconds: number) => pause(milliseconds, { signal });

  const movePosition = () => {
    const [first] = outstanding.values();
    const position = first ?? assignment.received;
    if (!isAfter(position, assignment.position)) return;
    assignment.position = position;
    assignment.progressAt = machine.elapsed();
  };

  const finished = (event: StoredEvent) => {
    outstanding.delete(event);
    movePosition();
    room.resolve();
    room = Promise.withResolvers();
  };

  const trouble = (error: unknown, key?: string) => context.troubles.note(consumer.name, error, key);
  const over = (key?: string) => context.troubles.over(consumer.name, key);

  /** Writes to MongoDB, retrying until it succeeds. */
  const keep = async (write: () => Promise<unknown>, key: string): Promise<void> => {
    for (let tries = 0; !isOver(); tries++) {
      try {
        lease.assertHeld();
        await write();
        return over(key);
      } catch (error) {
        if (error instanceof LeaseLostError) return onLost(assignment, error.message);
        trouble(error, key);
        await wait(Math.min(PAUSE_MOST, PAUSE_FIRST * 2 ** tries));
      }
    }
  };

  /** The count changes before and after the write, so a concurrent reader of the parked events notices. */
  const hold = async (key: string, write: () => Promise<unknown>): Promise<void> => {
    const count = () => heldKeys.set(key, (heldKeys.get(key) ?? 0) + 1);
    count();
    await keep(write, key);
    count();
  };

  const handleInPlace = async (event: StoredEvent, key: string): Promise<void> => {
    if (heldKeys.has(key)) return hold(key, () => holdBack(db, consumer, event, key));
    const began = machine.elapsed();
    let failures = 0;
    for (let waits = 0; !isOver(); ) {
      try {
        await consumer.handle([event], lease);
        return over(key);
      } catch (error) {
        if (error instanceof LeaseLostError) return onLost(assignment, error.message);
        trouble(error, key);
        if (isTransient(error) || isNewer(error)) {
          if (machine.elapsed() - began >= retryInPlace)
            return hold(key, () => parkForRetry(db, consumer, event, messageOf(error), key));
          await wait(Math.min(PAUSE_MOST, PAUSE_FIRST * 2 ** waits++));
          continue;
        }
        const retryAfter = RETRIES[failures++];
        if (retryAfter === undefined) return hold(key, () => park(db, consumer, event, messageOf(error), key));
        await wait(retryAfter);
      }
    }
  };

  const runKey = async (key: string): Promise<void> => {
    const queue = queues.get(key) ?? [];
    for (let [event] = queue; event && !isOver(); [event] = queue) {
      await handleInPlace(event, key);
      if (isOver()) break;
      queue.shift();
      finished(event);
    }
    queues.delete(key);
  };

  const start = () => {
    while (running.size < KEYS_AT_ONCE && ready.length > 0) {
      const key = ready.shift()!;
      const run = runKey(key).finally(() => {
        running.delete(key);
        start();
      });
      running.set(key, run);
    }
  };

  const enqueue = (key: string, event: StoredEvent) => {
    const queue = queues.get(key);
    if (queue) queue.push(event);
    else {
      queues.set(key, [event]);
      ready.push(key);
    }
  };

  /**
   * Waits before an event that only a newer Plaza can read: later events may have its key. @returns undefined when
   * delivery ends
   */
  const keyWhenKnown = async (event: StoredEvent): Promise<string | undefined> => {
    while (!isOver()) {
      try {
        const key = keyOf(consumer, event);
        assignment.waits = undefined;
        over();
        return key;
      } catch (error) {
        assignment.waits = messageOf(error);
        trouble(error);
        start();
        await wait(PAUSE_MOST);
      }
    }
    return undefined;
  };

  const retryAt = new Map<string, { at: number; tries: number }>();
  const retrying = new Map<string, Promise<void>>();

  const isDue = ({ _id, state, heldBack }: Waiting): boolean =>
    state === 'replaying' ? machine.elapsed() >= (retryAt.get(_id)?.at ?? 0) : heldBack === true;

  /** @returns whether the key's next event may be handled */
  const retry = async ({ _id }: Waiting): Promise<boolean> => {
    const found = await readParked(db, _id);
    if (!found) return true;
    const event = parkedEvent(found);
    try {
      await context.open([event]);
      await consumer.handle([event], lease);
      await forgetParked(db, _id);
      retryAt.delete(_id);
      log(`${consumer.name}: ${event.type} ${event.id} replayed`);
      return true;
    } catch (error) {
      if (error instanceof LeaseLostError) {
        onLost(assignment, error.message);
      } else if (isTransient(error) || isNewer(error)) {
        const tries = (retryAt.get(_id)?.tries ?? 0) + 1;
        const after = Math.min(PARKED_RETRY_MOST, PARKED_RETRY_FIRST * 2 ** tries);
        retryAt.set(_id, { at: machine.elapsed() + after, tries });
        await noteRetry(db, _id, messageOf(error));
      } else {
        await park(db, consumer, event, messageOf(error), found.key ?? keyOf(consumer, event));
        log(`${consumer.name}: ${event.type} ${event.id} failed again: ${messageOf(error)}`);
      }
      return false;
    }
  };

  /** Handles the due parked events of a key in order. @returns whether none is left */
  const retryKey = async (events: readonly Waiting[]): Promise<boolean> => {
    for (const event of events) if (isOver() || !isDue(event) || !(await retry(event))) return false;
    return true;
  };

  return {
    async deliver(batch) {
      const { received } = assignment;
      let last: StoredEvent | undefined;
      const before = () => (last ? reachedWith(last) : received);
      for (const event of batch.events) {
        if (!isAfter(event.position, received)) continue;
        if (consumer.takes(event) && !discarded.has(event.id)) {
          assignment.received = before();
          const key = await keyWhenKnown(event);
          if (key === undefined) return;
          outstanding.set(event, assignment.received);
          enqueue(key, event);
        }
        last = event;
      }
      assignment.received = before();
      if (isAfter(batch.checkpoint, assignment.received)) assignment.received = batch.checkpoint;
      movePosition();
      start();
      while (outstanding.size >= OUTSTANDING_MOST && !isOver()) await Promise.race([room.promise, wait(PAUSE_MOST)]);
    },

    async retryParked() {
      if (heldKeys.size === 0) return;
      const before = new Map(heldKeys);
      const waiting = await waitingByKey(db, consumer.name);
      for (const [key, count] of before) {
        if (retrying.has(key)) continue;
        const job = retryKey(waiting.get(key) ?? [])
          .then((isEmpty) => {
            if (isEmpty && heldKeys.get(key) === count) heldKeys.delete(key);
          })
          .catch((error) => trouble(error))
          .finally(() => retrying.delete(key));
        retrying.set(key, job);
      }
    },

    async settled() {
      while (running.size > 0 || retrying.size > 0) await Promise.all([...running.values(), ...retrying.values()]);
    },
  };
};
