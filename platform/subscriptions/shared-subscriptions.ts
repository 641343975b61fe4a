import { comparePositions, type EventBatch, type Reached } from '../event-store/types.ts';
import { machine } from '../machine/machine.ts';
import { LeaseLostError } from './consumer.ts';
import { type Assignment, type DeliveryContext, deliver, deliverWithRetries, pass, StoppedError } from './delivery.ts';
import { keyedDelivery } from './keyed-delivery.ts';
import { messageOf } from './transient.ts';
import { SlowError, type Troubles } from './trouble.ts';

/** One subscription and the consumers that get its batches. */
type SharedSubscription = {
  /** For operators. */
  readonly name: string;
  readonly assignments: Set<Assignment>;
  /** For consumers whose batch failed: they retry here without delaying the others. */
  readonly retrying: boolean;
  readonly stopping: AbortController;
  /** The group's context. Retries end with the subscription, so stopping does not wait for a store. */
  readonly context: DeliveryContext;
  live: boolean;
  ended: Promise<void>;
};

export type SubscriptionsOptions = {
  /** @param onDrop is called when the store has ended the subscription, before it is opened again */
  pull(from: Reached, signal: AbortSignal, onDrop: (reason: Error) => void): AsyncIterable<EventBatch>;
  /** Takes the drops of subscriptions. */
  drops: Pick<Troubles, 'note' | 'over'>;
  context: DeliveryContext;
  /** Called when another process has the assignment's lease. */
  onLost(assignment: Assignment, reason: string): void;
  /** Called when the assignment stops before an event that it may not skip. */
  onStopped(assignment: Assignment, reason: string): Promise<void>;
  log(line: string): void;
  retryInPlace?: number | undefined;
};

/**
 * The subscriptions of a process: usually one, and another for consumers that joined, failed or were slow. A consumer
 * whose work takes longer than a second leaves its subscription, so no consumer waits for another for longer than that.
 */
export type Subscriptions = {
  /** Opens one subscription for the assignments, from the lowest of their positions. */
  open(assignments: readonly Assignment[]): void;
  /**
   * Removes an assignment until it is opened again, and waits a while for its batch in progress.
   * @returns false when the batch is still in progress
   */
  leave(assignment: Assignment): Promise<boolean>;
  /** Merges the subscriptions that have caught up. Does not wait for an unavailable store. */
  join(): Promise<void>;
  /** Finishes the batches in progress. */
  stop(): Promise<void>;
};

const REOPEN_AFTER = 1000;
/** The work of a consumer is slow apart from what its keys wait for. */
const SLOW = 'slow';
/** Milliseconds that the consumers of one subscription wait for the slowest of them. */
const SLOW_AFTER = 1000;
/** Milliseconds for work in progress when an assignment ends. After that its fencing token keeps late writes out. */
const LEAVE_WITHIN = 2000;

/** Waits for work for at most that many milliseconds. The work itself must not reject. */
const within = async (milliseconds: number, work: Promise<unknown>): Promise<void> => {
  const over = Promise.withResolvers<void>();
  const timer = machine.setTimer(over.resolve, milliseconds);
  await Promise.race([work, over.promise]);
  machine.clearTimer(timer);
};

export const startSubscriptions = ({
  pull,
  drops,
  context,
  onLost,
  onStopped,
  log,
  retryInPlace,
}: SubscriptionsOptions): Subscriptions => {
  const subscriptions = new Set<SharedSubscription>();

  const open = (joining: readonly Assignment[], retrying: boolean): void => {
    const isFree = (one: Assignment) =>
      !one.lost && !one.paused && !one.busy && ![...subscriptions].some((other) => other.assignments.has(one));
    const assignments = new Set(joining.filter(isFree));
    if (assignments.size === 0 || context.signal.aborted) return;
    const stopping = new AbortController();
    const signal = AbortSignal.any([context.signal, stopping.signal]);
    const ended = Promise.resolve();
    const subscription: SharedSubscription = {
      name: subscriptionOf([...assignments]),
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
        machine.setTimer(() => open([...assignments], retrying), REOPEN_AFTER);
      })
      .finally(() => {
        subscriptions.delete(subscription);
        drops.over(subscription.name);
      });
  };

  const run = async (subscription: SharedSubscription): Promise<void> => {
    const { assignments, stopping } = subscription;
    const onDrop = (reason: Error) => drops.note(subscription.name, reason);
    for await (const batch of pull(lowest([...assignments]), stopping.signal, onDrop)) {
      drops.over(subscription.name);
      const failed: Assignment[] = [];
      const pending = new Set(assignments);
      let isLate = false;
      const given = [...assignments].map(async (assignment) => {
        const isWell = await give(assignment, batch, subscription);
        pending.delete(assignment);
        context.troubles.over(assignment.consumer.name, SLOW);
        if (isLate) open([assignment], !isWell);
        else if (!isWell) failed.push(assignment);
      });
      await within(SLOW_AFTER, Promise.all(given));
      isLate = true;
      for (const assignment of pending) {
        assignments.delete(assignment);
        assignment.live = false;
        const slow = `at work for longer than ${SLOW_AFTER} ms, the others continue without it`;
        context.troubles.note(assignment.consumer.name, new SlowError(slow), SLOW);
      }
      subscription.live = batch.live;
      open(failed, true);
      // An end gives up retries. The next batch comes after events that were given up.
      if (assignments.size === 0 || subscription.context.signal.aborted) return;
    }
  };

  const deliverTo = (assignment: Assignment, batch: EventBatch, subscription: SharedSubscription): Promise<void> => {
    if (!assignment.consumer.key) {
      const { retrying } = subscription;
      return (retrying ? deliverWithRetries : deliver)(assignment, batch, subscription.context);
    }
    assignment.keyed ??= keyedDelivery({ assignment, context, onLost, log, retryInPlace });
    return assignment.keyed.deliver(batch);
  };

  /** @returns false when the assignment failed and left the subscription */
  const give = async (
    assignment: Assignment,
    batch: EventBatch,
    subscription: SharedSubscription,
  ): Promise<boolean> => {
    const { assignments } = subscription;
    // Most batches concern few consumers: the others cost next to nothing.
    if (!assignment.consumer.key && pass(assignment, batch)) {
      assignment.live = batch.live;
      return true;
    }
    let isWell = true;
    const work = async () => {
      try {
        await deliverTo(assignment, batch, subscription);
        assignment.live = batch.live;
      } catch (error) {
        assignments.delete(assignment);
        if (error instanceof LeaseLostError) onLost(assignment, error.message);
        else if (error instanceof StoppedError) await onStopped(assignment, error.message);
        else {
          context.troubles.note(assignment.consumer.name, error);
          isWell = false;
        }
      }
    };
    assignment.busy = true;
    assignment.work = work().finally(() => {
      assignment.busy = false;
    });
    await assignment.work;
    return isWell;
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
      await within(LEAVE_WITHIN, Promise.all([assignment.work, assignment.keyed?.settled()]));
      return !assignment.busy;
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

/** Names a subscription by its consumers. */
const subscriptionOf = ([first, ...others]: readonly Assignment[]): string =>
  `subscription of ${first?.consumer.name}${others.length > 0 ? ` and ${others.length} others` : ''} dropped`;

const lowest = (assignments: readonly Assignment[]): Reached =>
  assignments.map(({ received }) => received).reduce((a, b) => (comparePositions(b, a) < 0 ? b : a));
