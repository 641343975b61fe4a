import type { Db } from 'mongodb';
import { formatPosition } from '../event-store/types.ts';
import { checkpoints, claimCheckpoint, createCheckpoint, positionOf } from './checkpoints.ts';
import type { Seat } from './feed.ts';
import { type Lease, leases, releaseLease, shareOut, takeLease } from './leases.ts';
import { LeaseLostError, type Member } from './member.ts';
import { discardedEvents, parked } from './parked.ts';
import { forgetWorkers, type Presence, type Worker } from './workers.ts';

export type OwnershipOptions = {
  db: Db;
  group: string;
  members: readonly Member[];
  presence: Presence;
  /** The members this process works on; changed here, by `drop` and by `lose` only. */
  seats: Map<string, Seat>;
  drop(seat: Seat, why: string): void;
  /** The same for one that another process took. */
  lose(seat: Seat, why: string): void;
  /** Ends the work on a seat and writes its checkpoint. */
  finish(seat: Seat): Promise<void>;
  log(line: string): void;
};

/** Which members are this process's own. */
export type Ownership = {
  /**
   * One round: a sign of life, lost leases dropped, what is too much given back, what is free and fair taken.
   * @returns the members taken
   */
  round(): Promise<Seat[]>;
  giveBack(seat: Seat): Promise<void>;
};

export const ownership = (options: OwnershipOptions): Ownership => {
  const { db, group, members, presence, seats, drop, lose, finish, log } = options;
  const byName = new Map(members.map((member) => [member.name, member]));
  const names = [...byName.keys()];

  /** The members that can be worked on: built, and not standing before a poisoned event. */
  const workable = async (): Promise<string[]> => {
    const [standing, blocking] = await Promise.all([
      checkpoints(db)
        .find({ _id: { $in: names } })
        .toArray(),
      parked(db)
        .find({ member: { $in: names }, blocks: true }, { projection: { member: 1 } })
        .toArray(),
    ]);
    const built = new Map(standing.map(({ _id, version, partitions }) => [_id, `${version}/${partitions}`]));
    const blocked = new Set(blocking.map(({ member }) => member));
    return members
      .filter(({ name, version, partitions, mustBeBuilt }) => {
        return !blocked.has(name) && (!mustBeBuilt || built.get(name) === `${version}/${partitions}`);
      })
      .map(({ name }) => name);
  };

  const dropLost = (held: ReadonlyMap<string, Lease>) => {
    for (const seat of [...seats.values()]) {
      const lease = held.get(seat.member.name);
      if (lease?.token !== seat.token || lease.owner !== presence.id) lose(seat, 'taken over by another process');
    }
  };

  const take = async (member: Member, lease: Lease | undefined): Promise<Seat | null> => {
    if (lease?.owner && lease.owner !== presence.id && presence.isAlive(lease.owner)) return null;
    const token = await takeLease(db, member.name, presence.id, lease);
    if (token === null) return null;
    const begun = await claimCheckpoint(db, member.name, token);
    if (!begun && member.mustBeBuilt) return null;
    const position = positionOf(begun ?? (await createCheckpoint(db, member, token)));
    const seat: Seat = {
      member,
      token,
      turn: {
        assertHeld() {
          if (seat.lost) throw new LeaseLostError(`${member.name} was taken over`);
          presence.assertHeld();
        },
      },
      position,
      written: position,
      discarded: await discardedEvents(db, member.view),
      work: Promise.resolve(),
      busy: false,
      live: false,
      lost: false,
      aside: false,
      progressAt: new Date(),
    };
    seats.set(member.name, seat);
    log(`${member.name}: taken at ${formatPosition(position)}`);
    return seat;
  };

  const giveBack = async (seat: Seat): Promise<void> => {
    await finish(seat);
    drop(seat, 'given back');
    await releaseLease(db, seat.member.name, seat.token);
  };

  /** The dead stay on the list while they own a lease: that they are dead is how its taker knows that it is free. */
  const forgetDead = (all: readonly Worker[], held: ReadonlyMap<string, Lease>) => {
    const owners = new Set([...held.values()].map(({ owner }) => owner));
    const dead = all.filter((worker) => worker.group === group && !presence.isAlive(worker._id));
    return forgetWorkers(
      db,
      dead.map(({ _id }) => _id).filter((id) => !owners.has(id)),
    );
  };

  const round = async (): Promise<Seat[]> => {
    const { all, sentAt } = await presence.beat(await workable());
    const standing = await leases(db)
      .find({ _id: { $in: names } })
      .toArray();
    const held = new Map(standing.map((lease) => [lease._id, lease]));
    dropLost(held);
    presence.confirm(sentAt);

    const mates = all.filter((worker) => worker.group === group && presence.isAlive(worker._id));
    const shares = shareOut(mates, new Map(standing.map(({ _id, owner }) => [_id, owner])));
    for (const seat of [...seats.values()]) if (shares.get(seat.member.name) !== presence.id) await giveBack(seat);
    const taken: Seat[] = [];
    for (const [name, worker] of shares) {
      if (worker !== presence.id || seats.has(name)) continue;
      const seat = await take(byName.get(name)!, held.get(name));
      if (seat) taken.push(seat);
    }
    await forgetDead(all, held);
    return taken;
  };

  return { round, giveBack };
};
