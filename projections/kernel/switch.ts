import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { checkpoints, claimCheckpoint, positionOf } from '../../platform/subscriptions/checkpoints.ts';
import { leases, releaseLease, takeLease } from '../../platform/subscriptions/leases.ts';
import { parked } from '../../platform/subscriptions/parked.ts';
import { statuses } from '../../platform/subscriptions/status.ts';
import { type WorkerSession, workers } from '../../platform/subscriptions/workers.ts';
import type { Build } from './build.ts';
import { consumerNames } from './consumers.ts';

/** A live view whose members are this process's, so that nobody writes into it. */
export type Seized = { build: Build; members: { name: string; token: number }[] };

const POLL = 10;

/**
 * Takes the views' members from whoever works on them, and waits until these processes have noticed: from then on only the
 * queries use the live collections.
 */
export const seizeViews = async (db: Db, builds: readonly Build[], session: WorkerSession): Promise<Seized[]> => {
  const owners = new Set<string>();
  const seize = async (build: Build): Promise<Seized> => {
    const members = [];
    for (const name of consumerNames(build.projection)) {
      const { token, previous } = await seizeLease(db, name, session.id);
      await claimCheckpoint(db, name, token);
      if (previous) owners.add(previous);
      members.push({ name, token });
    }
    return { build, members };
  };
  const seized = await Promise.all(builds.map(seize));
  await Promise.all([...owners].map((worker) => noticed(db, worker, session)));
  return seized;
};

const seizeLease = async (
  db: Db,
  member: string,
  owner: string,
): Promise<{ token: number; previous: string | null }> => {
  for (;;) {
    const seen = (await leases(db).findOne({ _id: member })) ?? undefined;
    const token = await takeLease(db, member, owner, seen);
    if (token !== null) return { token, previous: seen?.owner ?? null };
  }
};

/** A worker that began a whole round after its leases were taken has read so; one that begins none is dead before long. */
const noticed = async (db: Db, worker: string, session: WorkerSession): Promise<void> => {
  const beatOf = async () => (await workers(db).findOne({ _id: worker }))?.beat;
  const first = await beatOf();
  if (first === undefined) return;
  for (;;) {
    const now = await beatOf();
    if (now === undefined || now >= first + 2 || !session.isAlive(worker)) return;
    await pause(POLL);
  }
};

/**
 * Puts the build in the live view's place, in one step, and lets the view go on from there. Whatever the old view had
 * parked is settled: the build has handled it, or it was discarded.
 */
export const switchView = async (db: Db, { build, members }: Seized): Promise<void> => {
  const { projection, name, token, collection } = build;
  await checkpoints(db).updateOne({ _id: name, token }, { $set: { switching: true } });
  await db.renameCollection(collection, projection.name, { dropTarget: true });
  await adopt(db, build, members);
};

const adopt = async (db: Db, build: Build, members: Seized['members']): Promise<void> => {
  const { projection, name, token, position } = build;
  const { name: view, version, partitions = 1 } = projection;
  const reached = {
    view,
    version,
    partitions,
    commit: position.commit.toString(),
    prepare: position.prepare.toString(),
    updatedAt: new Date(),
  };
  for (const member of members)
    await checkpoints(db).updateOne(
      { _id: member.name },
      { $set: { ...reached, token: member.token } },
      { upsert: true },
    );
  await checkpoints(db).deleteMany({ view, _id: { $nin: members.map((member) => member.name) } });
  const settled = await parked(db)
    .find({ view, state: { $in: ['parked', 'replaying'] } })
    .toArray();
  const behind = settled.filter((event) => BigInt(event.position) <= position.commit);
  await parked(db).deleteMany({ _id: { $in: behind.map(({ _id }) => _id) } });
  build.finished = true;
  await checkpoints(db).deleteOne({ _id: name, token });
  await statuses(db).deleteOne({ _id: name });
  await releaseLease(db, name, token);
  for (const member of members) await releaseLease(db, member.name, member.token);
};

/**
 * Finishes a switch whose process died in the middle: the build is in its place already, but the view's checkpoint
 * does not say so yet.
 * @returns true when there was one
 */
export const finishSwitch = async (db: Db, build: Build, session: WorkerSession): Promise<boolean> => {
  const checkpoint = await checkpoints(db).findOne({ _id: build.name });
  if (!checkpoint?.switching) return false;
  const [waiting] = await db.listCollections({ name: build.collection }, { nameOnly: true }).toArray();
  if (waiting) {
    await checkpoints(db).updateOne({ _id: build.name }, { $set: { switching: false } });
    return false;
  }
  build.position = positionOf(checkpoint);
  const [seized] = await seizeViews(db, [build], session);
  await adopt(db, build, seized!.members);
  return true;
};
