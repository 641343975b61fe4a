import { type Db, MongoServerError } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import {
  comparePositions,
  type EventBatch,
  type Position,
  type Reached,
  START,
  type StoredEvent,
} from '../../platform/event-store/types.ts';
import { machine } from '../../platform/machine/machine.ts';
import {
  type Checkpoint,
  checkpoints,
  claimCheckpoint,
  createCheckpoint,
  forgetOutdated,
  type HeldCheckpoint,
  heldCheckpoint,
  moveCheckpoints,
  positionOf,
} from '../../platform/subscriptions/checkpoints.ts';
import { LeaseLostError } from '../../platform/subscriptions/consumer.ts';
import { requireEventStore } from '../../platform/subscriptions/event-store-check.ts';
import { leases, releaseLease, takeLease } from '../../platform/subscriptions/leases.ts';
import { discardedEvents, park } from '../../platform/subscriptions/parked.ts';
import { statuses } from '../../platform/subscriptions/status.ts';
import { isTransient, messageOf, patiently } from '../../platform/subscriptions/transient.ts';
import type { WorkerSession } from '../../platform/subscriptions/workers.ts';
import { type Projection, takenBy } from './projection.ts';
import { viewWriter, type Write } from './writer.ts';

/**
 * The purpose of a build: `next` replaces the live view, `verify` is compared with it, and `at-4711` is read by queries
 * as of that position.
 */
export type BuildKind = 'next' | 'verify' | `at-${bigint}`;

/** A view that is rebuilt from history, in a collection of its own beside the live one. */
export type Build = {
  projection: Projection;
  /** The name of its lease and checkpoint: `parking.lots@next`. */
  name: string;
  /**
   * `parking.lots.next.7`, with the fencing token. A process that takes the build over renames the collection first, so
   * that a process with an older token has no collection to switch to.
   */
  collection: string;
  token: number;
  held: HeldCheckpoint;
  position: Reached;
  takes: ReadonlySet<string>;
  discarded: ReadonlySet<string>;
  write: Write;
  /** The last position that the build takes, to compare it with a view at that position. Left out: the store's end. */
  until?: Position;
  /** True after the switch or the removal, when its lease is released. */
  finished: boolean;
};

/** Returns the name of a build's lease and checkpoint. */
export const buildName = (view: string, kind: BuildKind): string => `${view}@${kind}`;
const buildCollection = (view: string, kind: BuildKind, token: number): string => `${view}.${kind}.${token}`;

/** Another process is building the same view. */
export class AlreadyBuildingError extends Error {
  override readonly name = 'AlreadyBuildingError';
}

/** A build met an event that the projection cannot handle. A build leaves no event out silently. */
export class PoisonedBuildError extends Error {
  override readonly name = 'PoisonedBuildError';
  readonly view: string;

  constructor(view: string, why: string, options: ErrorOptions) {
    super(`${view} cannot be built: ${why}`, options);
    this.view = view;
  }
}

/**
 * Opens a build: a new one, or the one that an earlier process did not finish.
 * @throws AlreadyBuildingError while another process works on it; LeaseLostError when one was faster
 */
export const openBuild = async (
  db: Db,
  projection: Projection,
  kind: BuildKind,
  session: WorkerSession,
): Promise<Build> => {
  const view = projection.name;
  const name = buildName(view, kind);
  const seen = (await leases(db).findOne({ _id: name })) ?? undefined;
  const busy = seen?.owner && session.isAlive(seen.owner);
  const token = busy ? null : await takeLease(db, name, session.id, seen);
  if (token === null) throw new AlreadyBuildingError(`${view} is being built by ${seen?.owner ?? 'another process'}`);
  const collection = buildCollection(view, kind, token);
  const { version } = projection;
  const begun = await claimCheckpoint(db, name, token);
  const continues = kind === 'next' && begun?.version === version && (await inherit(db, begun, collection));
  const begin = async (): Promise<HeldCheckpoint> => {
    await checkpoints(db).deleteOne({ _id: name, token });
    await dropLeftovers(db, view, kind, token);
    await db.createCollection(collection);
    return createCheckpoint(db, { name, view: name, version, partitions: 1 }, token);
  };
  const held = continues ? heldCheckpoint(begun) : await begin();
  await checkpoints(db).updateOne({ _id: name, token }, { $set: { collection } });
  return {
    projection,
    name,
    collection,
    token,
    held,
    position: continues ? positionOf(begun) : START,
    takes: takenBy(projection),
    discarded: await discardedEvents(db, view),
    write: viewWriter(db, projection, collection, REMEMBERED),
    finished: false,
  };
};

/**
 * Takes an unfinished build's collection over.
 * @returns false when it does not exist: its process renamed it to the live view, or died before it was made. That
 *   process can no longer switch to it either way.
 */
const inherit = async (db: Db, { _id, token, collection }: Checkpoint, own: string): Promise<boolean> => {
  if (collection === undefined) return false;
  // A late write may create the old collection again. The checkpoint no longer names it, so no process builds on it.
  await checkpoints(db).updateOne({ _id, token }, { $unset: { collection: '' } });
  return renameIfThere(db, collection, own);
};

/**
 * Renames a collection.
 * @param dropTarget whether it may replace another one
 * @returns false when there is no such collection
 */
export const renameIfThere = async (db: Db, from: string, to: string, dropTarget = false): Promise<boolean> => {
  try {
    await db.renameCollection(from, to, { dropTarget });
    return true;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return false;
    throw error;
  }
};

const NAMESPACE_NOT_FOUND = 26;

/** Drops the collections of builds with older tokens. Those with newer tokens belong to a process that took over. */
export const dropLeftovers = async (db: Db, view: string, kind: BuildKind, token: number): Promise<void> => {
  const prefix = `${view}.${kind}`;
  const found = await db.listCollections({}, { nameOnly: true }).toArray();
  const leftovers = found.filter(
    ({ name }) => name === prefix || (name.startsWith(`${prefix}.`) && Number(name.slice(prefix.length + 1)) < token),
  );
  await Promise.all(leftovers.map(({ name }) => db.dropCollection(name)));
};

/** Removes a build with its collection and checkpoint. */
export const discardBuild = async (db: Db, build: Build): Promise<void> => {
  build.finished = true;
  await checkpoints(db).deleteOne({ _id: build.name, token: build.token });
  await db.dropCollection(build.collection);
  await statuses(db).deleteOne({ _id: build.name });
  await releaseLease(db, build.name, build.token);
};

export type CatchUpOptions = {
  client: EventStoreClient;
  db: Db;
  builds: readonly Build[];
  session: WorkerSession;
  signal: AbortSignal;
  maxBatch?: number;
  /** Repeats rounds until one to the store's end takes less than this, in milliseconds. Left out: one round. */
  untilRoundTakes?: number;
  onProgress?: (progress: BuildProgress) => void;
};

export type BuildProgress = {
  /** Read from the store since the start of this run. */
  events: number;
  position: Position;
  from: Position;
  tail: Position;
};

/** Returns the share of a build that is done, from 0 to 1. */
export const shareOf = ({ position, from, tail }: Record<'position' | 'from' | 'tail', { commit: bigint }>): number => {
  const whole = Number(tail.commit - from.commit);
  return whole > 0 ? Math.min(1, Number(position.commit - from.commit) / whole) : 1;
};

/**
 * Feeds builds from one subscription until they have reached the store's end. Strict: an event that a projection can't
 * handle ends it.
 * @returns false when the signal came first
 * @throws PoisonedBuildError, LeaseLostError
 */
export const catchUp = async (options: CatchUpOptions): Promise<boolean> => {
  const { client, db, builds, session, signal, maxBatch = 4000, untilRoundTakes = Infinity, onProgress } = options;
  const from = lowest(builds);
  let tail = await readTail(client);
  let roundBegan = machine.elapsed();
  let events = 0;
  const atTail = () => builds.every(({ position, until }) => comparePositions(position, until ?? tail) >= 0);
  if (atTail()) return true;
  const stopping = new AbortController();
  const pulled = pullBatches({
    client,
    from,
    maxBatch,
    fillWithin: FILL_WITHIN,
    signal: AbortSignal.any([signal, stopping.signal]),
    readTail: () => readTail(client),
    verify: () => requireEventStore(client, db),
  });
  const line = assemblyLine(builds, {
    feed: (build, mine, batch) => feedBuild(db, build, mine, batch, session, signal),
    keep: () => keepPositions(db, builds, session, signal),
  });
  try {
    for await (const batch of pulled) {
      // More batches follow a full one: they are prepared while it is written.
      const isFull = batch.events.length >= maxBatch && comparePositions(batch.checkpoint, tail) < 0;
      await line.put(batch, isFull ? IN_HAND : 0);
      events += batch.events.length;
      onProgress?.({ events, position: lowest(builds), from, tail });
      if (!atTail()) continue;
      await line.put({ ...batch, events: [] }, 0);
      if (machine.elapsed() - roundBegan < untilRoundTakes) return true;
      tail = await readTail(client);
      roundBegan = machine.elapsed();
      if (atTail()) return true;
    }
    return false;
  } finally {
    stopping.abort();
    await line.emptied();
  }
};

/** Batches that are being written while the next one is read. */
const IN_HAND = 1;

type Stations = {
  feed(build: Build, mine: StoredEvent[], batch: EventBatch): Promise<void>;
  /** Saves the positions of all builds. */
  keep(): Promise<void>;
};

/**
 * Feeds batches to all builds, to each build in order. A build starts the next batch as soon as it finishes the last
 * one, independently of the others.
 */
const assemblyLine = (builds: readonly Build[], { feed, keep }: Stations) => {
  const takers = new Map<string, Build[]>();
  for (const build of builds) for (const type of build.takes) takers.set(type, [...(takers.get(type) ?? []), build]);
  let last = builds.map(() => Promise.resolve());
  let kept = Promise.resolve();
  const inHand: Promise<void>[] = [];
  const shareOut = ({ events }: EventBatch): Map<Build, StoredEvent[]> => {
    const shares = new Map<Build, StoredEvent[]>(builds.map((build) => [build, []]));
    for (const event of events) for (const build of takers.get(event.type) ?? []) shares.get(build)!.push(event);
    return shares;
  };
  return {
    /** Starts a batch and waits until at most `most` are in progress. @throws the error of a failed batch */
    async put(batch: EventBatch, most: number): Promise<void> {
      const shares = shareOut(batch);
      last = builds.map((build, at) => last[at]!.then(() => feed(build, shares.get(build)!, batch)));
      kept = Promise.all([kept, ...last]).then(keep);
      kept.catch(() => {}); // `put` rejects with the error.
      inHand.push(kept);
      while (inHand.length > most) await inHand.shift();
    },
    /** Waits until all batches have ended, failed or not. */
    async emptied(): Promise<void> {
      await Promise.allSettled([...last, kept]);
    },
  };
};

const lowest = (builds: readonly Build[]): Reached =>
  builds.map(({ position }) => position).reduce((a, b) => (comparePositions(b, a) < 0 ? b : a));

const feedBuild = async (
  db: Db,
  build: Build,
  taken: readonly StoredEvent[],
  batch: EventBatch,
  session: WorkerSession,
  signal: AbortSignal,
) => {
  const { position, until, discarded } = build;
  const end = until && comparePositions(until, batch.checkpoint) < 0 ? until : batch.checkpoint;
  if (comparePositions(end, position) <= 0) return;
  const mine = taken.filter(
    (event) =>
      comparePositions(event.position, position) > 0 &&
      comparePositions(event.position, end) <= 0 &&
      !discarded.has(event.id),
  );
  if (mine.length > 0) await patiently(() => writeStrictly(db, build, mine, session), signal);
  if (!signal.aborted) build.position = end;
};

const writeStrictly = async (db: Db, build: Build, events: readonly StoredEvent[], session: WorkerSession) => {
  try {
    await build.write(events, session);
  } catch (error) {
    if (isTransient(error)) throw error;
    if (events.length > 1) {
      for (const event of events) await writeStrictly(db, build, [event], session);
      return;
    }
    const [event] = events;
    const { name: view } = build.projection;
    await park(db, { name: build.name, view, onPoison: 'stop' }, event!, messageOf(error));
    const why = `${event!.type} ${event!.id} at ${event!.position.commit}: ${messageOf(error)}`;
    throw new PoisonedBuildError(view, why, { cause: error });
  }
};

/**
 * Saves the positions of builds.
 * @throws LeaseLostError when another process has taken a build over, or when MongoDB has gone back to an older copy:
 *   such a build begins anew
 */
export const keepPositions = async (db: Db, builds: readonly Build[], session: WorkerSession, signal?: AbortSignal) =>
  patiently(async () => {
    session.assertHeld();
    const [lost] = await moveCheckpoints(db, builds);
    if (lost === undefined) return;
    for (const { held, name } of builds) await forgetOutdated(db, held, name);
    throw new LeaseLostError(`the checkpoint of ${lost} is not the one that was written last`);
  }, signal);

/** Milliseconds. A full batch costs the stores half as much per event as one of a few hundred. */
const FILL_WITHIN = 1000;
const REMEMBERED = 1000;
