import type { Db } from 'mongodb';
import { formatPosition } from '../event-store/types.ts';
import { machine } from '../machine/machine.ts';
import {
  type Checkpoint,
  checkpoints,
  claimCheckpoints,
  forgetOutdated,
  type HeldCheckpoint,
  heldCheckpoint,
  isOutdated,
  newCheckpoint,
  positionOf,
  readStamps,
} from './checkpoints.ts';
import { type Consumer, LeaseLostError } from './consumer.ts';
import type { Assignment } from './delivery.ts';
import { readHeldKeys } from './keyed-delivery.ts';
import { type Lease, leases, releaseLease, shareOut, takeLeases } from './leases.ts';
import { discardedByView, parked } from './parked.ts';
import { messageOf } from './transient.ts';
import { forgetWorkers, type Worker, type WorkerSession } from './workers.ts';

export type OwnershipOptions = {
  db: Db;
  group: string;
  consumers: readonly Consumer[];
  session: WorkerSession;
  /** The consumers that this process works on; changed only here, by `drop` and by `lose`. */
  assignments: Map<string, Assignment>;
  /** Returns whether any consumer may be worked on. */
  mayWork(): boolean;
  drop(assignment: Assignment, why?: string): void;
  /** Drops an assignment that another process took. */
  lose(assignment: Assignment, why: string): void;
  /** Ends the work on an assignment and writes its checkpoint. */
  finish(assignment: Assignment): Promise<void>;
  log(line: string): void;
};

/** Decides which consumers this process works on. */
export type Ownership = {
  /**
   * Renews the session and drops lost leases, unless a beat was confirmed within `fresh` milliseconds. Runs apart from
   * `balance`, so held leases stay valid however long taking and releasing consumers takes.
   */
  heartbeat(fresh: number): Promise<void>;
  /**
   * Releases consumers and unused leases beyond this process's share, and takes free ones within it.
   * @returns the consumers taken
   */
  balance(): Promise<Assignment[]>;
  giveBack(assignment: Assignment): Promise<void>;
};

/** An assignment, and the stamps of its checkpoint before the stored one was read. */
type Claim = { assignment: Assignment; stamps: HeldCheckpoint['stamps'] };

/** Returns whether the consumer may be worked on: its view exists in this version, and no rebuild is replacing it. */
const isBuilt = (consumer: Consumer, checkpoint: Checkpoint | null | undefined): boolean =>
  !consumer.mustBeBuilt ||
  (checkpoint?.version === consumer.version && checkpoint.partitions === consumer.partitions && !checkpoint.switching);

export const ownership = (options: OwnershipOptions): Ownership => {
  const { db, group, consumers, session, assignments, mayWork, drop, lose, finish, log } = options;
  const byName = new Map(consumers.map((consumer) => [consumer.name, consumer]));
  const names = [...byName.keys()];

  /** Returns the consumers that can be worked on: built, and not stopped before a parked event. */
  const workable = async (): Promise<string[]> => {
    if (!mayWork()) return [];
    const [standing, blocking] = await Promise.all([
      checkpoints(db)
        .find({ _id: { $in: names } })
        .toArray(),
      parked(db)
        .find({ member: { $in: names }, blocks: true }, { projection: { member: 1 } })
        .toArray(),
    ]);
    const found = new Map(standing.map((checkpoint) => [checkpoint._id, checkpoint]));
    const blocked = new Set(blocking.map(({ member }) => member));
    return consumers
      .filter((consumer) => !blocked.has(consumer.name) && isBuilt(consumer, found.get(consumer.name)))
      .map(({ name }) => name);
  };

  /** @param readAt when the leases were read: a lease that was taken later is not among them */
  const dropLost = (held: ReadonlyMap<string, Lease>, readAt: number) => {
    for (const assignment of [...assignments.values()]) {
      if (assignment.takenAt >= readAt) continue;
      const lease = held.get(assignment.consumer.name);
      if (lease?.token !== assignment.held.token || lease.owner !== session.id)
        lose(assignment, 'taken over by another process');
    }
  };

  /**
   * Drops assignments whose stored checkpoint is older than the one that this process wrote: MongoDB has gone back to an
   * older copy. They are taken again at the stored checkpoint, as soon as their lease is free.
   */
  const dropOutdated = async (claims: readonly Claim[], stored: Awaited<ReturnType<typeof readStamps>>) => {
    for (const { assignment, stamps } of claims) {
      const { consumer, held } = assignment;
      // A checkpoint that was written meanwhile may have been read before or after.
      if (held.stamps !== stamps || !isOutdated(held, stored.get(consumer.name))) continue;
      if (!assignment.lost) lose(assignment, 'its checkpoint is not the one that was written last');
      if (assignment.busy && consumer.mustBeBuilt) await forgetOutdated(db, held, consumer.view);
    }
  };

  /** Takes those that are free, together: a process that starts takes them all. */
  const take = async (wanted: readonly Consumer[], held: ReadonlyMap<string, Lease>): Promise<Assignment[]> => {
    const free = wanted.filter(({ name }) => {
      const owner = held.get(name)?.owner;
      return !owner || owner === session.id || !session.isAlive(owner);
    });
    if (free.length === 0) return [];
    const tokens = await takeLeases(db, session.id, new Map(free.map(({ name }) => [name, held.get(name)])));
    if (tokens.size === 0) return [];
    const begun = await claimCheckpoints(db, tokens);
    const isClaimed = ({ name }: Consumer) => !begun.has(name) || begun.get(name) !== undefined;
    const taken = free.filter((consumer) => tokens.has(consumer.name) && isClaimed(consumer));
    // A rebuild began to replace a view after the workable consumers were read.
    const replaced = taken.filter((consumer) => !isBuilt(consumer, begun.get(consumer.name)));
    await Promise.all(replaced.map(({ name }) => releaseLease(db, name, tokens.get(name)!)));
    const ready = taken.filter((consumer) => !replaced.includes(consumer));
    const first = ready
      .filter(({ name }) => !begun.has(name))
      .map((consumer) => newCheckpoint(consumer, tokens.get(consumer.name)!));
    if (first.length > 0) await checkpoints(db).insertMany(first);
    for (const checkpoint of first) begun.set(checkpoint._id, checkpoint);
    const views = ready.map(({ view }) => view);
    const [discarded, heldKeys] = await Promise.all([discardedByView(db, views), readHeldKeys(db, ready)]);
    if (ready.length > 0)
      log(
        `${group}: took ${ready.map(({ name }) => `${name} at ${formatPosition(positionOf(begun.get(name)!))}`).join(', ')}`,
      );
    return ready.map((consumer) => {
      const { name, view } = consumer;
      return assign(consumer, begun.get(name)!, discarded.get(view)!, heldKeys.get(name)!);
    });
  };

  const assign = (
    consumer: Consumer,
    checkpoint: Checkpoint & { stamp: string },
    discarded: ReadonlySet<string>,
    heldKeys: Map<string, number>,
  ): Assignment => {
    const position = positionOf(checkpoint);
    const assignment: Assignment = {
      consumer,
      takenAt: machine.elapsed(),
      held: heldCheckpoint(checkpoint),
      lease: {
        assertHeld() {
          if (assignment.lost) throw new LeaseLostError(`${consumer.name} was taken over`);
          session.assertHeld();
        },
      },
      position,
      received: position,
      written: position,
      discarded,
      heldKeys,
      work: Promise.resolve(),
      busy: false,
      live: false,
      lost: false,
      paused: false,
      progressAt: machine.elapsed(),
    };
    assignments.set(consumer.name, assignment);
    return assignment;
  };

  const giveBack = async (assignment: Assignment): Promise<void> => {
    // Without its checkpoint it is dropped too: it gets no more events, and whoever takes it next handles some again.
    await finish(assignment).finally(() => drop(assignment));
    await releaseLease(db, assignment.consumer.name, assignment.held.token);
  };

  /** Keeps dead workers registered while they own a lease: their dead beat shows others that the lease is free. */
  const forgetDead = (all: readonly Worker[], held: ReadonlyMap<string, Lease>) => {
    const owners = new Set([...held.values()].map(({ owner }) => owner));
    const dead = all.filter((worker) => worker.group === group && !session.isAlive(worker._id));
    return forgetWorkers(
      db,
      dead.map(({ _id }) => _id).filter((id) => !owners.has(id)),
    );
  };

  const readLeases = async () => {
    const standing = await leases(db)
      .find({ _id: { $in: names } })
      .toArray();
    return new Map(standing.map((lease) => [lease._id, lease]));
  };

  let wants: string[] = [];
  let beatAt = Number.NEGATIVE_INFINITY;
  const beat = async (): Promise<{ all: Worker[]; held: ReadonlyMap<string, Lease> }> => {
    const { all, sentAt } = await session.beat(wants);
    const readAt = machine.elapsed();
    const claims = [...assignments.values()].map((assignment) => ({ assignment, stamps: assignment.held.stamps }));
    const [held, stored] = await Promise.all([
      readLeases(),
      readStamps(
        db,
        claims.map(({ assignment }) => assignment.held),
      ),
    ]);
    dropLost(held, readAt);
    await dropOutdated(claims, stored);
    session.confirm(sentAt);
    beatAt = sentAt;
    return { all, held };
  };

  const balance = async (): Promise<Assignment[]> => {
    wants = await workable();
    const { all, held } = await beat();
    const mates = all.filter((worker) => worker.group === group && session.isAlive(worker._id));
    const shares = shareOut(mates, new Map([...held.values()].map(({ _id, owner }) => [_id, owner])));
    const mine = [...shares].filter(([, worker]) => worker === session.id).map(([name]) => name);
    const tooMany = [...assignments.values()].filter(({ consumer }) => !mine.includes(consumer.name));
    const wanted = mine.filter((name) => !assignments.has(name));
    const taking = take(
      wanted.map((name) => byName.get(name)!),
      held,
    );
    // The store took a lease late, after its failure, and the share has changed since: no other process can take it.
    const unused = [...held.values()].filter(
      ({ _id, owner }) => owner === session.id && !assignments.has(_id) && !mine.includes(_id),
    );
    const releasing = unused.map(({ _id, token }) => releaseLease(db, _id, token));
    if (tooMany.length > 0) log(`${group}: gives back ${tooMany.map(({ consumer }) => consumer.name).join(', ')}`);
    const [taken, ...others] = await Promise.allSettled([
      taking,
      ...tooMany.map(giveBack),
      ...releasing,
      forgetDead(all, held),
    ]);
    for (const result of [taken, ...others])
      if (result.status === 'rejected') log(`${group}: ${messageOf(result.reason)}`);
    return taken.status === 'fulfilled' ? taken.value : [];
  };

  return {
    async heartbeat(fresh) {
      if (machine.elapsed() - beatAt >= fresh) await beat();
    },
    balance,
    giveBack,
  };
};
