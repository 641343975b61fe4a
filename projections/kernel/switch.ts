import type { Db } from 'mongodb';
import { comparePositions, type Reached, START } from '../../platform/event-store/types.ts';
import { machine, pause } from '../../platform/machine/machine.ts';
import {
  type Checkpoint,
  checkpoints,
  newCheckpoint,
  positionOf,
  storedPosition,
} from '../../platform/subscriptions/checkpoints.ts';
import { LeaseLostError } from '../../platform/subscriptions/consumer.ts';
import { leases, releaseLease, takeLease } from '../../platform/subscriptions/leases.ts';
import { parked, WAITING } from '../../platform/subscriptions/parked.ts';
import { statuses } from '../../platform/subscriptions/status.ts';
import { type WorkerSession, workers } from '../../platform/subscriptions/workers.ts';
import { type Build, dropLeftovers, keepPositions, renameIfThere } from './build.ts';
import { consumerNames } from './consumers.ts';

/*
 * A switch has four steps, and its process may be paused or killed before, between and after them:
 *
 * 1. seizeViews takes the leases of the view's consumers and marks their checkpoints as `switching`. Nobody works on a
 *    marked consumer, so nothing can be lost while the outcome is uncertain.
 * 2. The build catches up with the last events.
 * 3. switchView renames the build's collection to the view, if all leases are still held. Whoever takes the build over
 *    has renamed the collection before, so that of two processes only one can succeed.
 * 4. It moves the checkpoints to the build's position, removes the marks, and finds out by the fencing tokens whether
 *    another process has seized the view since.
 *
 * A process that stops after step 1 leaves marks behind. The projections then rebuild the view: from where the build
 * stands when its collection is still there, from the first event otherwise.
 */

/** A live view whose consumers belong to this process. */
export type Seized = { build: Build; consumers: SeizedConsumer[] };

type SeizedConsumer = {
  name: string;
  token: number;
  position: Reached;
  /** The checkpoint before it was marked; null if there was none. */
  before: Checkpoint | null;
};

const POLL = 10;

/**
 * Takes the views' consumers from their owners and waits until these have noticed. From then on only queries use the
 * live collections.
 * @throws LeaseLostError when another process seizes a view or takes a build over at the same time
 */
export const seizeViews = async (db: Db, builds: readonly Build[], session: WorkerSession): Promise<Seized[]> => {
  await assertLeases(db, builds, session);
  const seized: Seized[] = builds.map((build) => ({ build, consumers: [] }));
  const owners = new Set<string>();
  try {
    for (const { build, consumers } of seized)
      for (const name of await consumersToSeize(db, build)) {
        const { token, previous } = await seizeLease(db, name, session.id);
        consumers.push(await mark(db, build, name, token));
        if (previous) owners.add(previous);
      }
    await Promise.all([...owners].map((worker) => noticed(db, worker, session)));
    return seized;
  } catch (error) {
    await giveBackViews(db, seized);
    throw error;
  }
};

/** Those of the build, and those that work on the live view in other partitions. */
const consumersToSeize = async (db: Db, { projection }: Build): Promise<Set<string>> => {
  const standing = await checkpoints(db)
    .find({ view: projection.name }, { projection: { _id: 1 } })
    .toArray();
  return new Set([...consumerNames(projection), ...standing.map(({ _id }) => _id)]);
};

const seizeLease = async (
  db: Db,
  consumer: string,
  owner: string,
): Promise<{ token: number; previous: string | null }> => {
  for (;;) {
    const seen = (await leases(db).findOne({ _id: consumer })) ?? undefined;
    const token = await takeLease(db, consumer, owner, seen);
    if (token !== null) return { token, previous: seen?.owner ?? null };
  }
};

/** Claims and marks a consumer's checkpoint. One that does not exist yet gets version 0: its view is not built. */
const mark = async (db: Db, { projection }: Build, name: string, token: number): Promise<SeizedConsumer> => {
  const before = await checkpoints(db).findOne({ _id: name });
  if (before) {
    await checkpoints(db).updateOne({ _id: name, token: before.token }, { $set: { token, switching: true } });
    const marked = await checkpoints(db).findOne({ _id: name, token });
    if (!marked) throw new LeaseLostError(`${name} was taken over`);
    return { name, token, position: positionOf(marked), before };
  }
  const { name: view, partitions = 1 } = projection;
  const placeholder = newCheckpoint({ name, view, version: 0, partitions }, token);
  try {
    await checkpoints(db).insertOne({ ...placeholder, switching: true });
  } catch (error) {
    throw new LeaseLostError(`${name} was taken over`, { cause: error });
  }
  return { name, token, position: START, before: null };
};

/**
 * Gives views back that were seized and not switched: the live collections stay as they are. A mark that an earlier
 * process had left stays as well.
 */
export const giveBackViews = async (db: Db, seized: readonly Seized[]): Promise<void> => {
  for (const { name, token, before } of seized.flatMap(({ consumers }) => consumers)) {
    if (!before) await checkpoints(db).deleteOne({ _id: name, token });
    else if (!before.switching) await checkpoints(db).updateOne({ _id: name, token }, { $unset: { switching: '' } });
    await releaseLease(db, name, token);
  }
};

/**
 * Waits until a worker has read that it lost its leases, or is dead. It beats in two loops, each of which reads the
 * leases after every beat: of three beats two belong to one loop, so that a whole reading lies between them.
 */
const noticed = async (db: Db, worker: string, session: WorkerSession): Promise<void> => {
  const beatOf = async () => (await workers(db).findOne({ _id: worker }))?.beat;
  const first = await beatOf();
  if (first === undefined) return;
  for (;;) {
    const now = await beatOf();
    if (now === undefined || now >= first + 3 || !session.isAlive(worker)) return;
    await pause(POLL);
  }
};

/** @throws LeaseLostError when a lease of the builds, or of the consumers, is another process's */
const assertLeases = async (
  db: Db,
  builds: readonly Build[],
  { id }: WorkerSession,
  consumers: readonly SeizedConsumer[] = [],
): Promise<void> => {
  const own = await leases(db).find({ owner: id }).toArray();
  const tokens = new Map(own.map(({ _id, token }) => [_id, token]));
  for (const { name, token } of [...builds, ...consumers])
    if (tokens.get(name) !== token) throw new LeaseLostError(`${name} was taken over`);
};

/**
 * Puts a build in the live view's place, which lets the view continue from there. Events that the old view had parked
 * are settled: the build has handled them, or they were discarded.
 * @throws LeaseLostError when another process has taken the build or the view over: that one finishes the rebuild
 */
export const switchView = async (db: Db, { build, consumers }: Seized, session: WorkerSession): Promise<void> => {
  const { projection, name, token, collection } = build;
  const { name: view, version, partitions = 1 } = projection;
  // The collection has everything up to the position: MongoDB has not gone back since the build wrote it.
  await keepPositions(db, [build], session);
  // Nothing is written into the collection between this look and the renaming.
  await assertLeases(db, [build], session, consumers);
  if (!(await renameIfThere(db, collection, view, true))) throw new LeaseLostError(`${name} was taken over`);

  const position = [build, ...consumers].map((each) => each.position).reduce(further);
  const names = consumerNames(projection);
  const reached = {
    view,
    version,
    partitions,
    ...storedPosition(position),
    collection: (await collectionIds(db)).get(view) ?? '',
    updatedAt: new Date(machine.now()),
  };
  const { matchedCount } = await checkpoints(db).bulkWrite(
    consumers.map(({ name: _id, token }) =>
      names.includes(_id)
        ? { updateOne: { filter: { _id, token }, update: { $set: reached, $unset: { switching: '' } } } }
        : { deleteOne: { filter: { _id, token } } },
    ),
  );
  if (matchedCount !== names.length) throw new LeaseLostError(`${view} was taken over`);

  build.finished = true;
  const settled = await parked(db).find({ view, state: WAITING }).toArray();
  const handled = settled.filter((event) => BigInt(event.position) <= build.position.commit);
  await parked(db).deleteMany({ _id: { $in: handled.map(({ _id }) => _id) } });
  await checkpoints(db).deleteOne({ _id: name, token });
  await dropLeftovers(db, view, 'next', token);
  await statuses(db).deleteOne({ _id: name });
  for (const held of [build, ...consumers]) await releaseLease(db, held.name, held.token);
};

const further = (a: Reached, b: Reached): Reached => (comparePositions(a, b) >= 0 ? a : b);

/**
 * Returns the UUIDs of all collections by name. A collection that is created again under the same name has another
 * UUID.
 */
export const collectionIds = async (db: Db): Promise<Map<string, string>> => {
  const found = await db.listCollections({}, { nameOnly: false }).toArray();
  return new Map(found.map((each) => [each.name, 'info' in each ? (each.info?.uuid?.toString('hex') ?? '') : '']));
};
