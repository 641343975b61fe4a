import type { Db } from 'mongodb';
import { exhaustMap, interval, lastValueFrom, merge, Subject, startWith, takeUntil } from 'rxjs';
import type { EventStoreClient } from '../event-store/client.ts';
import { pullBatches } from '../event-store/subscription.ts';
import { readTail } from '../event-store/tail.ts';
import { checkpointWriter } from './checkpoints.ts';
import type { FeedContext, Seat } from './feed.ts';
import { flushIdle } from './idle.ts';
import { startLanes } from './lanes.ts';
import { leases, releaseLease } from './leases.ts';
import { LeaseLostError, type Member } from './member.ts';
import { ownership } from './ownership.ts';
import { replayParked, report } from './report.ts';
import { statuses } from './status.ts';
import { messageOf } from './transient.ts';
import { joinWorkers, LEASE_MS, type Presence } from './workers.ts';

export type GroupOptions = {
  client: EventStoreClient;
  db: Db;
  /** Processes that give the same name share the members: `projections`, `policies`. */
  name: string;
  members: readonly Member[];
  /** The most events in one batch. */
  maxBatch?: number;
  leaseMs?: number;
  /** Told in one line each what an operator wants to know: drops, retries, parked events, hand-overs. */
  log?: (line: string) => void;
};

export type Group = {
  presence: Presence;
  /** The names of the members that this process works on now. */
  working(): string[];
  /** Looks for free members now, not with the next round. */
  look(): void;
  /** Finishes the batch in hand, writes the checkpoints, gives the leases back. */
  stop(): Promise<void>;
};

/** Milliseconds between two writes of the checkpoints of members that had nothing to do. */
const FLUSH_EVERY = 50;
const REPORT_EVERY = 1000;
const ROUNDS_IN_A_LEASE = 6;
const HURRY_MS = 2000;
const HURRIED_ROUND_EVERY = 20;

/**
 * Runs members over one subscription: each has its own checkpoint and is worked on by exactly one process among those
 * that run the same group. A process that dies or sleeps is replaced within its lease and two rounds. A member that
 * fails leaves the others alone: it is fed by a subscription of its own until it has caught up again.
 *
 * Returns at once; the work begins when the stores answer, and outlives their restarts.
 */
export const startGroup = (options: GroupOptions): Group => {
  const { client, db, name, members, maxBatch = 500, leaseMs = LEASE_MS, log = () => {} } = options;
  const presence = joinWorkers(db, name, leaseMs);
  const seats = new Map<string, Seat>();
  const stopping = new AbortController();
  const checkpoints = checkpointWriter(db);

  const drop = (seat: Seat, why: string) => {
    seat.lost = true;
    if (seats.get(seat.member.name) === seat) seats.delete(seat.member.name);
    void lanes.leave(seat);
    log(`${seat.member.name}: ${why}`);
  };

  let hurryUntil = 0;
  /**
   * Whoever took it waits for two signs of life, so that nothing of it can be in hand any more, and may soon give it back, as a
   * rebuild does: for a while round follows upon round.
   */
  const lose = (seat: Seat, why: string) => {
    drop(seat, why);
    hurryUntil = performance.now() + HURRY_MS;
    looks.next();
  };

  const flush = async (which: Iterable<Seat>): Promise<void> => {
    for (const seat of await flushIdle(checkpoints, which)) lose(seat, 'taken over by another process');
  };

  /** A job that fails is done again at its next time. */
  const guarded = (job: () => Promise<void>) => () => job().catch((error) => log(`${name}: ${messageOf(error)}`));

  const context: FeedContext = {
    db,
    signal: stopping.signal,
    checkpoints,
    async confirmLease({ member, token }) {
      const lease = await leases(db).findOne({ _id: member.name });
      if (lease?.token !== token) throw new LeaseLostError(`${member.name} was taken over`);
    },
    onTrouble: ({ member }, error) => log(`${member.name}: ${messageOf(error)}`),
  };

  const lanes = startLanes({
    context,
    log,
    pull: (from, signal) =>
      pullBatches({
        client,
        from,
        maxBatch,
        signal,
        readTail: () => readTail(client),
        onDrop: (reason, inARow) => log(`subscription dropped (${inARow} in a row): ${reason.message}`),
      }),
    onLost: lose,
    async onStopped(seat, reason) {
      const { name: _id } = seat.member;
      drop(seat, reason);
      await guarded(async () => {
        await statuses(db).updateOne({ _id }, { $set: { state: 'stopped', updatedAt: new Date() } });
        await releaseLease(db, _id, seat.token);
      })();
    },
  });

  const finish = async (seat: Seat) => {
    await lanes.leave(seat);
    await flush([seat]);
  };

  const { round, giveBack } = ownership({ db, group: name, members, presence, seats, drop, lose, finish, log });

  const aside = async (seat: Seat, job: () => Promise<void>) => {
    await lanes.leave(seat);
    await job().finally(() => lanes.open([seat]));
  };

  const rounds = guarded(async () => {
    lanes.open(await round());
    await lanes.join();
    if (performance.now() < hurryUntil) setTimeout(() => looks.next(), HURRIED_ROUND_EVERY).unref();
  });
  const flushes = guarded(() => flush(seats.values()));
  const reports = guarded(() => report(db, client, name, presence.id, [...seats.values()]));
  const replays = guarded(() => replayParked(db, seats, aside, log));

  const stopped = new Subject<void>();
  const looks = new Subject<void>();
  const every = (milliseconds: number, job: () => Promise<void>) =>
    interval(milliseconds).pipe(startWith(0), takeUntil(stopped), exhaustMap(job));
  const housekeeping = lastValueFrom(
    merge(
      merge(interval(leaseMs / ROUNDS_IN_A_LEASE), looks).pipe(startWith(0), takeUntil(stopped), exhaustMap(rounds)),
      every(FLUSH_EVERY, flushes),
      every(REPORT_EVERY, reports),
      every(REPORT_EVERY, replays),
    ),
    { defaultValue: undefined },
  );

  return {
    presence,
    working: () => [...seats.keys()],
    look: () => looks.next(),
    async stop() {
      stopped.next();
      stopping.abort();
      await housekeeping;
      await lanes.stop();
      await Promise.all([...seats.values()].map((seat) => guarded(() => giveBack(seat))()));
      await guarded(() => presence.leave())();
    },
  };
};
