import { comparePositions, type EventBatch, type Position } from '../event-store/types.ts';
import { type FeedContext, feed, feedCarefully, type Seat, StoppedError } from './feed.ts';
import { LeaseLostError } from './member.ts';
import { messageOf } from './transient.ts';

/** One subscription and the members that it feeds, in step. */
type Lane = {
  readonly seats: Set<Seat>;
  /** Members in trouble are fed here, one try after the other, without holding up those that are not. */
  readonly careful: boolean;
  readonly stopping: AbortController;
  /** The group's, but what is tried again and again ends with the lane: who waits for the lane renews the leases. */
  readonly context: FeedContext;
  live: boolean;
  ended: Promise<void>;
};

export type LanesOptions = {
  pull(from: Position, signal: AbortSignal): AsyncIterable<EventBatch>;
  context: FeedContext;
  /** The seat's lease is another's. */
  onLost(seat: Seat, reason: string): void;
  /** The seat stands before an event that it may not skip. */
  onStopped(seat: Seat, reason: string): Promise<void>;
  log(line: string): void;
};

/** The lanes of a process: in calm times one, and one more for each lot of members that joined or failed together. */
export type Lanes = {
  /** Feeds the seats, from the lowest of their positions, over a subscription of their own. */
  open(seats: readonly Seat[]): void;
  /** Takes a seat out until it is opened again, and waits for the batch that it has in hand. */
  leave(seat: Seat): Promise<void>;
  /** Lets lanes that have caught up go on as one. Does not wait for a server that is away. */
  join(): Promise<void>;
  /** Finishes the batches in hand. */
  stop(): Promise<void>;
};

const REOPEN_AFTER = 1000;

export const startLanes = ({ pull, context, onLost, onStopped, log }: LanesOptions): Lanes => {
  const lanes = new Set<Lane>();

  const open = (joining: readonly Seat[], careful: boolean): void => {
    const seats = new Set(joining.filter((seat) => !seat.lost && !seat.aside));
    if (seats.size === 0 || context.signal.aborted) return;
    const stopping = new AbortController();
    const signal = AbortSignal.any([context.signal, stopping.signal]);
    const ended = Promise.resolve();
    const lane: Lane = { seats, careful, stopping, context: { ...context, signal }, live: false, ended };
    lanes.add(lane);
    lane.ended = run(lane)
      .catch((error) => {
        log(`subscription failed: ${messageOf(error)}`);
        setTimeout(() => open([...seats], careful), REOPEN_AFTER);
      })
      .finally(() => lanes.delete(lane));
  };

  const run = async (lane: Lane): Promise<void> => {
    const { seats, stopping } = lane;
    for await (const batch of pull(lowest([...seats]), stopping.signal)) {
      const failed = await Promise.all([...seats].map((seat) => give(seat, batch, lane)));
      lane.live = batch.live;
      open(
        failed.filter((seat) => seat !== null),
        true,
      );
      if (seats.size === 0) return;
    }
  };

  /** @returns the seat when it left the lane because it failed */
  const give = async (seat: Seat, batch: EventBatch, lane: Lane): Promise<Seat | null> => {
    const { careful, seats } = lane;
    let failed: Seat | null = null;
    const work = async () => {
      try {
        await (careful ? feedCarefully : feed)(seat, batch, lane.context);
        seat.live = batch.live;
      } catch (error) {
        seats.delete(seat);
        if (error instanceof LeaseLostError) onLost(seat, error.message);
        else if (error instanceof StoppedError) await onStopped(seat, error.message);
        else {
          context.onTrouble(seat, error);
          failed = seat;
        }
      }
    };
    seat.busy = true;
    seat.work = work().finally(() => {
      seat.busy = false;
    });
    await seat.work;
    return failed;
  };

  const end = async (which: readonly Lane[]): Promise<void> => {
    for (const lane of which) lane.stopping.abort();
    await Promise.all(which.map((lane) => lane.ended));
  };

  return {
    open(seats) {
      for (const seat of seats) seat.aside = false;
      open(seats, false);
    },
    async leave(seat) {
      seat.aside = true;
      for (const { seats } of lanes) seats.delete(seat);
      await seat.work;
    },
    async join() {
      const live = [...lanes].filter((lane) => lane.live);
      if (live.length < 2 && !live.some(({ careful }) => careful)) return;
      await end(live);
      open(
        live.flatMap(({ seats }) => [...seats]),
        false,
      );
    },
    stop: () => end([...lanes]),
  };
};

const lowest = (seats: readonly Seat[]): Position =>
  seats.map(({ position }) => position).reduce((a, b) => (comparePositions(b, a) < 0 ? b : a));
