import type { Db } from 'mongodb';
import { exhaustMap, lastValueFrom, merge, Subject, startWith, takeUntil } from 'rxjs';
import { type EventStoreClient, personalDataOf } from '../event-store/client.ts';
import { refuseSealed } from '../event-store/personal-data.ts';
import { pullBatches } from '../event-store/subscription.ts';
import { readTail } from '../event-store/tail.ts';
import { machine } from '../machine/machine.ts';
import { ticks } from '../machine/ticks.ts';
import { checkpointWriter } from './checkpoints.ts';
import { type Consumer, LeaseLostError } from './consumer.ts';
import type { Assignment, DeliveryContext } from './delivery.ts';
import { type EventStoreWatch, watchEventStore } from './event-store-check.ts';
import { flushIdle } from './idle.ts';
import { leases, releaseLease } from './leases.ts';
import { ownership } from './ownership.ts';
import { replayParked, reporter } from './report.ts';
import { startSubscriptions } from './shared-subscriptions.ts';
import { statuses } from './status.ts';
import { storeNow } from './store-clock.ts';
import { messageOf } from './transient.ts';
import { type LogLine, type Troubles, troublesOf } from './trouble.ts';
import { joinWorkers, LEASE_MS, type WorkerSession } from './workers.ts';

export type ConsumerGroupOptions = {
  client: EventStoreClient;
  db: Db;
  /** Processes with the same group name share the consumers: `projections`, `policies`. */
  name: string;
  consumers: readonly Consumer[];
  /** The most events in one batch. */
  maxBatch?: number;
  leaseMs?: number;
  /** Milliseconds for which a consumer with keys retries an unanswered event in place before it parks it. */
  retryInPlace?: number;
  /** Called with a line for operators: drops, troubles, parked events, hand-overs. */
  log?: LogLine;
  /** Left out, the group watches by itself, and logs what it finds. */
  eventStore?: EventStoreWatch | undefined;
};

export type ConsumerGroup = {
  session: WorkerSession;
  /** Nothing is worked on while the event store is not the one that the checkpoints are of. */
  eventStore: EventStoreWatch;
  /** Returns the names of the consumers that this process works on. */
  working(): string[];
  /** For `/readyz`: fails while MongoDB has no disk space for what the group writes. */
  disk: Troubles['disk'];
  /** Takes free consumers now instead of with the next round. */
  look(): void;
  /** Finishes the batch in progress, writes the checkpoints and releases the leases. */
  stop(): Promise<void>;
};

/** Milliseconds between two writes of the checkpoints of idle consumers. */
const FLUSH_EVERY = 50;
const REPORT_EVERY = 1000;
const ROUNDS_IN_A_LEASE = 6;
const HURRY_MS = 2000;
const HURRIED_ROUND_EVERY = 20;

/**
 * Runs consumers over one subscription. Each has its own checkpoint, and exactly one process of the group works on it.
 * A process that dies or is paused is replaced within its lease and two rounds. A consumer that fails does not affect
 * the others: it gets its own subscription until it has caught up.
 *
 * Returns at once; the work starts when the stores answer, and survives their restarts.
 */
export const startConsumerGroup = (options: ConsumerGroupOptions): ConsumerGroup => {
  const { client, db, name, consumers, maxBatch = 500, leaseMs = LEASE_MS, retryInPlace, log = () => {} } = options;
  const ownWatch = options.eventStore
    ? undefined
    : watchEventStore({ client, db, onError: (error) => log(messageOf(error), 'error') });
  const eventStore = options.eventStore ?? ownWatch!;
  const session = joinWorkers(db, name, leaseMs);
  const assignments = new Map<string, Assignment>();
  const stopping = new AbortController();
  const checkpoints = checkpointWriter(db);
  const troubles = troublesOf(name, log);

  const drop = (assignment: Assignment, why?: string) => {
    assignment.lost = true;
    const { name: consumer } = assignment.consumer;
    if (assignments.get(consumer) === assignment) {
      assignments.delete(consumer);
      troubles.forget(consumer);
    }
    void subscriptions.leave(assignment);
    if (why !== undefined) log(`${assignment.consumer.name}: ${why}`);
  };

  let hurryUntil = 0;
  /**
   * Runs rounds back to back for a while. The new owner waits for two beats of this process, so that none of its writes
   * is pending, and may soon release the lease, as a rebuild does.
   */
  const lose = (assignment: Assignment, why: string) => {
    drop(assignment, why);
    hurryUntil = machine.elapsed() + HURRY_MS;
    looks.next();
  };

  const flush = async (which: Iterable<Assignment>): Promise<void> => {
    for (const assignment of await flushIdle(checkpoints, which))
      lose(assignment, 'its checkpoint is not the one that was written last');
  };

  /** Logs the trouble of a job; the job runs again at its next time. */
  const guarded = (job: () => Promise<void>) => {
    const key = machine.uuid();
    return () =>
      job().then(
        () => troubles.over(name, key),
        (error) => troubles.note(name, error, key),
      );
  };

  const context: DeliveryContext = {
    db,
    signal: stopping.signal,
    open: personalDataOf(client)?.open ?? refuseSealed,
    checkpoints,
    async confirmLease({ consumer, held }) {
      const lease = await leases(db).findOne({ _id: consumer.name });
      if (lease?.token !== held.token) throw new LeaseLostError(`${consumer.name} was taken over`);
    },
    troubles: {
      // The last attempt for an assignment may fail after it was dropped.
      note(who, ...trouble) {
        if (assignments.has(who)) troubles.note(who, ...trouble);
      },
      over: troubles.over,
    },
  };

  const subscriptions = startSubscriptions({
    context,
    log,
    retryInPlace,
    drops: troubles,
    pull: (from, signal, onDrop) =>
      pullBatches({
        client,
        from,
        maxBatch,
        signal,
        readTail: () => readTail(client),
        verify: eventStore.require,
        onDrop,
      }),
    onLost: lose,
    async onStopped(assignment, reason) {
      const { name: _id } = assignment.consumer;
      drop(assignment, reason);
      await guarded(async () => {
        await statuses(db).updateOne({ _id }, { $set: { state: 'stopped', updatedAt: new Date(await storeNow(db)) } });
        await releaseLease(db, _id, assignment.held.token);
      })();
    },
  });

  // Events in progress may be of a history that no longer counts.
  eventStore.onChange(() => {
    for (const assignment of [...assignments.values()]) lose(assignment, 'another history was found or accepted');
  });

  const finish = async (assignment: Assignment) => {
    await subscriptions.leave(assignment);
    await flush([assignment]);
  };

  const { heartbeat, balance, giveBack } = ownership({
    db,
    group: name,
    consumers,
    session,
    assignments,
    mayWork: () => eventStore.finding() === undefined,
    drop,
    lose,
    finish,
    log,
  });

  const pausedFor = async (assignment: Assignment, job: () => Promise<void>) => {
    const isIdle = await subscriptions.leave(assignment);
    if (isIdle) await job().finally(() => subscriptions.open([assignment]));
    else void assignment.work.then(() => subscriptions.open([assignment]));
  };

  const round = leaseMs / ROUNDS_IN_A_LEASE;
  /** Between two rounds, whose own beats are enough unless one of them takes long. */
  const heartbeats = guarded(() => heartbeat(0.75 * round));
  const rounds = guarded(async () => {
    subscriptions.open(await balance());
    await subscriptions.join();
    if (machine.elapsed() < hurryUntil) machine.setTimer(() => looks.next(), HURRIED_ROUND_EVERY, { ref: false });
  });
  const flushes = guarded(() => flush(assignments.values()));
  const report = reporter(db, client, name, session.id);
  const reports = guarded(() => report([...assignments.values()]));
  const replays = guarded(() => replayParked(db, assignments, context.open, pausedFor, log));

  const stopped = new Subject<void>();
  const looks = new Subject<void>();
  const every = (milliseconds: number, job: () => Promise<void>) =>
    ticks(milliseconds).pipe(startWith(0), takeUntil(stopped), exhaustMap(job));
  const housekeeping = lastValueFrom(
    merge(
      merge(ticks(round), looks).pipe(startWith(0), takeUntil(stopped), exhaustMap(rounds)),
      ticks(round, { first: round / 2 }).pipe(takeUntil(stopped), exhaustMap(heartbeats)),
      every(FLUSH_EVERY, flushes),
      every(REPORT_EVERY, reports),
      every(REPORT_EVERY, replays),
    ),
    { defaultValue: undefined },
  );

  return {
    session,
    eventStore,
    disk: troubles.disk,
    working: () => [...assignments.keys()],
    look: () => looks.next(),
    async stop() {
      stopped.next();
      ownWatch?.stop();
      stopping.abort();
      await housekeeping;
      await subscriptions.stop();
      log(`${name}: gives back ${assignments.size} consumers`);
      const leaving = [...assignments.values()].map((assignment) => guarded(() => giveBack(assignment))());
      await Promise.all(leaving);
      await Promise.all([reports(), guarded(() => session.leave())()]);
    },
  };
};
