import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  type EventStoreDBClient,
  eventTypeFilter,
  START as STORE_START,
  streamNameFilter,
} from '@eventstore/db-client';
import { machine, pause } from '../machine/machine.ts';
import { isFast, personalDataOf } from './client.ts';
import { RawEvent, subscribeRaw } from './fast/events.ts';
import { refuseSealed } from './personal-data.ts';
import { toStoredEvent } from './streams.ts';
import { PLAZA_STREAMS } from './tail.ts';
import {
  comparePositions,
  type EventBatch,
  type Position,
  type Reached,
  START,
  type StoredEvent,
  WrongEventStoreError,
} from './types.ts';

export type PullOptions = {
  client: Pick<EventStoreDBClient, 'subscribeToAll'>;
  /** Exclusive: the first event comes after it. `START` for all events. */
  from: Reached;
  /** A regular expression over stream names, Plaza's own by default. */
  streams?: string;
  /** A regular expression over event types, instead of `streams`. */
  types?: string;
  /** The most events in one batch, and about the most that wait in memory for the next. */
  maxBatch: number;
  /**
   * Milliseconds that a batch may wait to become full while the subscription catches up. Fewer, larger batches make
   * reading a long history cheaper.
   */
  fillWithin?: number;
  /**
   * Makes sure that the store has the history that was read before. Runs before the first batch of each connection: a
   * store may have been replaced while there was none.
   * @throws WrongEventStoreError, which ends the iteration; any other error drops the connection
   */
  verify?: () => Promise<void>;
  /** Leaves encrypted fields as they are stored. */
  encrypted?: boolean;
  /** Ends the iteration. */
  signal: AbortSignal;
  /**
   * Returns the position of the newest event in `streams`. With it the watchdog detects a subscription that died
   * silently.
   */
  readTail?: () => Promise<Position>;
  /** Milliseconds between two reads of the tail while nothing arrives. A dead subscription is detected after two. */
  watchEvery?: number;
  /** Called for every drop with the reason and the number of drops in a row without an event between them. */
  onDrop?: (reason: Error, inARow: number) => void;
  /** Milliseconds before the first reconnection, and at most. */
  backoff?: { first: number; most: number };
};

/** Checkpoints and the change to live travel in the stream itself, after the events that precede them. */
type Marker = { checkpoint: Position } | { live: boolean };
type Item = AllStreamResolvedEvent | RawEvent | Marker;

const CHECKPOINT_EVERY_WINDOWS = 32;
const FILL_TURN = 2;

/**
 * Pulls events from the store: it asks for the next batch when the last one is done, so a slow consumer slows the store
 * down instead of filling the memory. After any drop (an error, an end, a server restart, a consumer that was too slow,
 * silence while the tail moves) it subscribes again after the last delivered batch. Every event comes once and in
 * order. At most one subscription is open.
 *
 * An empty batch carries a checkpoint over filtered events, or the change to live.
 */
export async function* pullBatches(options: PullOptions): AsyncGenerator<EventBatch, void, undefined> {
  const { signal, onDrop, backoff = { first: 50, most: 2000 } } = options;
  let checkpoint = options.from;
  let dropsInARow = 0;
  while (!signal.aborted) {
    const connection = connect(options, checkpoint);
    try {
      for (let isVerified = false; ; isVerified = true) {
        const batch = await connection.next();
        if (!isVerified) await verified(options);
        dropsInARow = 0;
        checkpoint = batch.checkpoint;
        yield batch;
      }
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
      if (signal.aborted) return;
      dropsInARow += 1;
      onDrop?.(error.reason, dropsInARow);
    } finally {
      await connection.close();
    }
    await pause(Math.min(backoff.most, backoff.first * 2 ** (dropsInARow - 1)) * (0.5 + machine.random() / 2), {
      signal,
    });
  }
}

const verified = async ({ verify }: PullOptions): Promise<void> => {
  try {
    await verify?.();
  } catch (error) {
    throw error instanceof WrongEventStoreError ? error : new Dropped(error as Error);
  }
};

class Dropped extends Error {
  readonly reason: Error;
  constructor(reason: Error) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
}

const connect = (options: PullOptions, from: Reached) => {
  const { maxBatch, fillWithin = 0, signal, readTail, watchEvery = 2000 } = options;
  const open = options.encrypted ? () => {} : (personalDataOf(options.client)?.open ?? refuseSealed);
  const subscription = subscribe(options, from);
  let checkpoint = from;
  let live = false;
  let caughtUp = false;
  let drop: Error | undefined;
  let wake = (): void => {};
  const waiting: Item[] = [];

  const dropped = (reason: Error) => {
    drop ??= reason;
    wake();
  };
  const onAbort = () => dropped(new Error('Stopped'));
  const onData = (item: Item) => {
    waiting.push(item);
    if (waiting.length >= maxBatch) subscription.pause();
    wake();
  };
  subscription.on('data', onData);
  subscription.on('caughtUp', () => {
    caughtUp = true; // Ahead of the queue: soon only the queued messages remain.
  });
  subscription.on('error', dropped);
  subscription.on('end', () => dropped(new Error('The subscription ended')));
  subscription.on('close', () => dropped(new Error('The subscription was closed')));
  signal.addEventListener('abort', onAbort);

  const take = (): EventBatch | null => {
    const events: StoredEvent[] = [];
    const wasLive = live;
    const start = checkpoint;
    const add = (event: StoredEvent | undefined) => {
      if (!event) return;
      checkpoint = later(checkpoint, event.position);
      events.push(event);
    };
    for (const item of waiting.splice(0, maxBatch)) {
      if (item instanceof RawEvent) add(item.read());
      else if ('live' in item) live = item.live;
      else if ('checkpoint' in item) checkpoint = later(checkpoint, item.checkpoint);
      else add(item.event && toStoredEvent(item.event));
    }
    subscription.resume();
    if (checkpoint !== start) checkpoint = { ...checkpoint, event: events.at(-1) ?? start.event };
    return events.length > 0 || live !== wasLive || checkpoint !== start ? { events, checkpoint, live } : null;
  };

  /** Waits for something to read. @returns false when the time is over first */
  const waitForMore = async (): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = readTail && machine.setTimer(() => resolve(false), watchEvery);
    wake = () => resolve(true);
    if (drop) wake();
    const woken = await promise;
    machine.clearTimer(timer);
    wake = () => {};
    return woken;
  };

  /** @returns undefined when the store does not answer: then the subscription reports it */
  const tailIsAhead = async (): Promise<boolean | undefined> => {
    try {
      return readTail !== undefined && comparePositions(await readTail(), checkpoint) > 0;
    } catch {
      return undefined;
    }
  };

  const fill = async (): Promise<void> => {
    const deadline = machine.elapsed() + fillWithin;
    while (!live && !caughtUp && !drop && waiting.length < maxBatch && machine.elapsed() < deadline)
      await pause(FILL_TURN);
  };

  /** Without its keys a batch is received again, after a pause. */
  const decrypted = async (events: readonly StoredEvent[]): Promise<void> => {
    try {
      await open(events);
    } catch (error) {
      throw new Dropped(error as Error);
    }
  };

  const next = async (): Promise<EventBatch> => {
    let suspicious = false;
    if (fillWithin > 0) await fill();
    for (;;) {
      if (signal.aborted) throw new Dropped(new Error('Stopped'));
      const batch = take();
      if (batch) {
        await decrypted(batch.events);
        return batch;
      }
      if (drop) throw new Dropped(drop);
      if (await waitForMore()) continue;
      const ahead = await tailIsAhead();
      if (drop || waiting.length > 0 || ahead === undefined) continue;
      if (ahead && suspicious) throw new Dropped(new Error('The store has newer events, the subscription is silent'));
      suspicious = ahead;
      if (!ahead && !live) {
        live = true; // Servers before 23.10 do not report caught up.
        return { events: [], checkpoint, live };
      }
    }
  };

  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort);
    subscription.off('data', onData);
    await subscription.unsubscribe().catch(() => {});
    subscription.destroy();
  };

  return { next, close };
};

const subscribe = ({ client, streams = PLAZA_STREAMS, types }: PullOptions, from: Position): AllStreamSubscription => {
  const push = (subscription: AllStreamSubscription, marker: Marker) => {
    if (!subscription.destroyed) subscription.push(marker);
  };
  const filter = (types === undefined ? streamNameFilter : eventTypeFilter)({
    regex: types ?? streams,
    checkpointInterval: CHECKPOINT_EVERY_WINDOWS,
    checkpointReached: (subscription, checkpoint) => {
      // If its parts differ, it comes from the middle of a page, and it is unknown whether its own event was already
      // sent.
      if (checkpoint.commit === checkpoint.prepare) push(subscription, { checkpoint });
    },
  });
  const fromPosition = comparePositions(from, START) === 0 ? STORE_START : from;
  // Messages leave the stream at once; few need to be buffered in it.
  const buffers = { objectMode: true, readableHighWaterMark: 1, writableHighWaterMark: 16 };
  const subscribeToAll = isFast(client) ? subscribeRaw.bind(null, client) : client.subscribeToAll.bind(client);
  const subscription = subscribeToAll({ fromPosition, filter }, buffers);
  subscription.on('caughtUp', () => push(subscription, { live: true }));
  subscription.on('fellBehind', () => push(subscription, { live: false }));
  return subscription;
};

const later = (a: Reached, b: Reached): Reached => (comparePositions(a, b) < 0 ? b : a);
