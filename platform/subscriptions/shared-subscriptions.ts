import { comparePositions, type EventBatch, type Position } from '../event-store/types.ts';
import { LeaseLostError } from './consumer.ts';
import { type Assignment, type DeliveryContext, deliver, deliverWithRetries, StoppedError } from './delivery.ts';
import { messageOf } from './transient.ts';

/** One subscription and the consumers that it feeds, in step. */
type SharedSubscription = {
  readonly assignments: Set<Assignment>;
  /** Members in trouble are fed here, one try after the other, without holding up those that are not. */
  readonly retrying: boolean;
  readonly stopping: AbortController;
  /** The group's, but what is tried again and again ends with the subscription: who waits for the subscription renews the leases. */
  readonly context: DeliveryContext;
  live: boolean;
  ended: Promise<void>;
};

export type SubscriptionsOptions = {
  pull(from: Position, signal: AbortSignal): AsyncIterable<EventBatch>;
  context: DeliveryContext;
  /** The assignment's lease is another's. */
  onLost(assignment: Assignment, reason: string): void;
  /** The assignment stands before an event that it may not skip. */
  onStopped(assignment: Assignment, reason: string): Promise<void>;
  log(line: string): void;
};

/** The subscriptions of a process: in calm times one, and one more for each lot of consumers that joined or failed together. */
export type Subscriptions = {
  /** Feeds the assignments, from the lowest of their positions, over a subscription of their own. */
  open(assignments: readonly Assignment[]): void;
  /** Takes a assignment out until it is opened again, and waits for the batch that it has in hand. */
  leave(assignment: Assignment): Promise<void>;
  /** Lets subscriptions that have caught up go on as one. Does not wait for a server that is away. */
  join(): Promise<void>;
  /** Finishes the batches in hand. */
  stop(): Promise<void>;
};

const REOPEN_AFTER = 1000;

export const startSubscriptions = ({ pull, context, onLost, onStopped, log }: SubscriptionsOptions): Subscriptions => {
  const subscriptions = new Set<SharedSubscription>();

  const open = (joining: readonly Assignment[], retrying: boolean): void => {
    const assignments = new Set(joining.filter((assignment) => !assignment.lost && !assignment.paused));
    if (assignments.size === 0 || context.signal.aborted) return;
    const stopping = new AbortController();
    const signal = AbortSignal.any([context.signal, stopping.signal]);
    const ended = Promise.resolve();
    const subscription: SharedSubscription = {
      assignments,
      retrying,
      stopping,
      context: { ...context, signal },
      live: false,
      ended,
    };
    subscriptions.add(subscription);
    subscription.ended = run(subscription)
      .catch((error) => {
        log(`subscription failed: ${messageOf(error)}`);
        setTimeout(() => open([...assignments], retrying), REOPEN_AFTER);
      })
      .finally(() => subscriptions.delete(subscription));
  };

  const run = async (subscription: SharedSubscription): Promise<void> => {
    const { assignments, stopping } = subscription;
    for await (const batch of pull(lowest([...assignments]), stopping.signal)) {
      const failed = await Promise.all([...assignments].map((assignment) => give(assignment, batch, subscription)));
      subscription.live = batch.live;
      open(
        failed.filter((assignment) => assignment !== null),
        true,
      );
      if (assignments.size === 0) return;
    }
  };

  /** @returns the assignment when it left the subscription because it failed */
  const give = async (
    assignment: Assignment,
    batch: EventBatch,
    subscription: SharedSubscription,
  ): Promise<Assignment | null> => {
    const { retrying, assignments } = subscription;
    let failed: Assignment | null = null;
    const work = async () => {
      try {
        await (retrying ? deliverWithRetries : deliver)(assignment, batch, subscription.context);
        assignment.live = batch.live;
      } catch (error) {
        assignments.delete(assignment);
        if (error instanceof LeaseLostError) onLost(assignment, error.message);
        else if (error instanceof StoppedError) await onStopped(assignment, error.message);
        else {
          context.onTrouble(assignment, error);
          failed = assignment;
        }
      }
    };
    assignment.busy = true;
    assignment.work = work().finally(() => {
      assignment.busy = false;
    });
    await assignment.work;
    return failed;
  };

  const end = async (which: readonly SharedSubscription[]): Promise<void> => {
    for (const subscription of which) subscription.stopping.abort();
    await Promise.all(which.map((subscription) => subscription.ended));
  };

  return {
    open(assignments) {
      for (const assignment of assignments) assignment.paused = false;
      open(assignments, false);
    },
    async leave(assignment) {
      assignment.paused = true;
      for (const { assignments } of subscriptions) assignments.delete(assignment);
      await assignment.work;
    },
    async join() {
      const live = [...subscriptions].filter((subscription) => subscription.live);
      if (live.length < 2 && !live.some(({ retrying }) => retrying)) return;
      await end(live);
      open(
        live.flatMap(({ assignments }) => [...assignments]),
        false,
      );
    },
    stop: () => end([...subscriptions]),
  };
};

const lowest = (assignments: readonly Assignment[]): Position =>
  assignments.map(({ position }) => position).reduce((a, b) => (comparePositions(b, a) < 0 ? b : a));
