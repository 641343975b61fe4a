import type { Db } from 'mongodb';
import { exhaustMap, merge } from 'rxjs';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { formatPosition, type Position } from '../../platform/event-store/types.ts';
import { machine, pause } from '../../platform/machine/machine.ts';
import { ticks } from '../../platform/machine/ticks.ts';
import { LeaseLostError } from '../../platform/subscriptions/consumer.ts';
import { requireEventStore } from '../../platform/subscriptions/event-store-check.ts';
import { leases, releaseLease } from '../../platform/subscriptions/leases.ts';
import { parked } from '../../platform/subscriptions/parked.ts';
import { measureLag, statuses, writeStatuses } from '../../platform/subscriptions/status.ts';
import { storeNow } from '../../platform/subscriptions/store-clock.ts';
import { patiently } from '../../platform/subscriptions/transient.ts';
import { joinWorkers, LEASE_MS, type WorkerSession } from '../../platform/subscriptions/workers.ts';
import {
  AlreadyBuildingError,
  type Build,
  type BuildKind,
  type BuildProgress,
  catchUp,
  discardBuild,
  openBuild,
} from './build.ts';
import { indexBuild } from './create-indexes.ts';
import type { Projection } from './projection.ts';

import { giveBackViews, seizeViews, switchView } from './switch.ts';

/** Milliseconds. After a round to the store's end that took less, the pause of the live views is as short. */
const LAST_ROUND = 300;

export type RebuildOptions = {
  client: EventStoreClient;
  db: Db;
  projections: readonly Projection[];
  /** Called when no other process can build the view: false when it was built meanwhile. Left out: all are needed. */
  isNeeded?: (projection: Projection) => Promise<boolean>;
  /** Stops the rebuild early. */
  signal: AbortSignal;
  maxBatch?: number;
  leaseMs?: number;
  onProgress?: (progress: BuildProgress) => void;
};

/**
 * Rebuilds views from the whole history, beside the live ones, over one subscription; then replaces each live view in
 * one step. Continues where an earlier attempt was killed or stopped.
 * @returns false when the signal came first; the unfinished builds are kept
 * @throws AlreadyBuildingError, PoisonedBuildError, WrongEventStoreError
 */
export const rebuild = (options: RebuildOptions): Promise<boolean> =>
  withBuilds(options, 'next', async (builds, session, signal) => {
    const { db } = options;
    const waiting: Build[] = [];
    for (const build of builds) {
      if ((await options.isNeeded?.(build.projection)) === false) await discardBuild(db, build);
      else waiting.push(build);
    }
    if (waiting.length === 0) return true;
    const work = { ...options, builds: waiting, session, signal };
    if (!(await catchUp({ ...work, untilRoundTakes: LAST_ROUND }))) return false;
    for (const build of waiting) await patiently(() => indexBuild(db, build, session), signal);
    if (!(await catchUp({ ...work, untilRoundTakes: LAST_ROUND }))) return false;
    const seized = await seizeViews(db, waiting, session);
    let isCaughtUp = false;
    try {
      isCaughtUp = await catchUp(work);
    } finally {
      if (!isCaughtUp) await giveBackViews(db, seized);
    }
    if (!isCaughtUp) return false;
    const switched = await Promise.allSettled(seized.map((view) => switchView(db, view, session)));
    for (const each of switched) if (each.status === 'rejected') throw each.reason;
    await parked(db).deleteMany({ member: { $in: waiting.map(({ name }) => name) }, state: { $ne: 'discarded' } });
    return true;
  });

/**
 * Rebuilds views beside the live ones, passes them to a job, and removes them.
 * @param until the last position of each build; null for the store's end
 * @param job gets the builds and a function that lets them catch up with the store's end once more
 * @returns what the job returns; null when the signal came first
 * @throws AlreadyBuildingError, PoisonedBuildError, WrongEventStoreError
 */
export const withFreshViews = <Result>(
  options: RebuildOptions,
  until: ((build: Build) => Promise<Position>) | null,
  job: (builds: readonly Build[], catchUpAgain: () => Promise<boolean>) => Promise<Result>,
): Promise<Result | null> =>
  withBuilds(options, 'verify', async (builds, session, signal) => {
    const work = { ...options, builds, session, signal };
    try {
      if (until) for (const build of builds) build.until = await until(build);
      const result =
        (await catchUp({ ...work, untilRoundTakes: LAST_ROUND })) && (await job(builds, () => catchUp(work)));
      return result === false || signal.aborted ? null : result;
    } finally {
      for (const build of builds) await discardBuild(options.db, build);
    }
  });

/**
 * Builds views as they were at a position, beside the live ones, and keeps them.
 * @returns the collection of each view; null when the signal came first
 * @throws AlreadyBuildingError, PoisonedBuildError, WrongEventStoreError
 */
export const buildAt = (
  options: RebuildOptions,
  position: bigint,
): Promise<{ view: string; collection: string }[] | null> =>
  withBuilds(options, `at-${position}`, async (builds, session, signal) => {
    const { db } = options;
    for (const build of builds) build.until = { commit: position, prepare: position };
    if (!(await catchUp({ ...options, builds, session, signal }))) return null;
    for (const build of builds) {
      await patiently(() => indexBuild(db, build, session), signal);
      build.finished = true;
    }
    await statuses(db).deleteMany({ _id: { $in: builds.map(({ name }) => name) } });
    if (signal.aborted) return null;
    return builds.map(({ projection, collection }) => ({ view: projection.name, collection }));
  });

/**
 * Removes the build that an interrupted rebuild left.
 * @throws AlreadyBuildingError while one is running, WrongEventStoreError
 */
export const discardRebuild = (options: RebuildOptions): Promise<void> =>
  withBuilds(options, 'next', async (builds) => {
    for (const build of builds) await discardBuild(options.db, build);
  });

const withBuilds = async <Result>(
  options: RebuildOptions,
  kind: BuildKind,
  job: (builds: readonly Build[], session: WorkerSession, signal: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const { client, db, projections, signal, leaseMs = LEASE_MS } = options;
  const session = joinWorkers(db, 'rebuilds', leaseMs);
  await requireEventStore(client, db);
  const lost = new AbortController();
  const builds: Build[] = [];
  const round = async () => {
    const { sentAt } = await session.beat([]);
    if (await allMine(db, builds, session)) session.confirm(sentAt);
    else lost.abort(new LeaseLostError('The rebuild was taken over by another process'));
  };
  await round();
  // Without a heartbeat the leases expire. Measuring a build's lag costs more than a heartbeat.
  const regularly = merge(
    ticks(leaseMs / 6).pipe(exhaustMap(() => round().catch(() => {}))),
    ticks(leaseMs / 1.5, { first: leaseMs / 6 }).pipe(
      exhaustMap(() => reportBuilds(client, db, builds, session).catch(() => {})),
    ),
  ).subscribe();
  try {
    for (const projection of projections) builds.push(await openPatiently(projection, kind, session, options));
    const result = await job(builds, session, AbortSignal.any([signal, lost.signal]));
    lost.signal.throwIfAborted();
    return result;
  } finally {
    regularly.unsubscribe();
    for (const { name, token } of builds) await releaseLease(db, name, token);
    await session.leave();
  }
};

const allMine = async (db: Db, builds: readonly Build[], { id }: WorkerSession): Promise<boolean> => {
  const held = await leases(db).find({ owner: id }).toArray();
  const tokens = new Map(held.map(({ _id, token }) => [_id, token]));
  return builds.every(({ name, token, finished }) => finished || tokens.get(name) === token);
};

/** The process that held the build may be dead: it counts as dead after a lease without a heartbeat. */
const openPatiently = async (
  projection: Projection,
  kind: BuildKind,
  session: WorkerSession,
  { db, signal, leaseMs = LEASE_MS }: RebuildOptions,
): Promise<Build> => {
  const deadline = machine.elapsed() + leaseMs * 1.5;
  for (;;) {
    try {
      return await openBuild(db, projection, kind, session);
    } catch (error) {
      if (!(error instanceof AlreadyBuildingError) || machine.elapsed() > deadline || signal.aborted) throw error;
      await pause(leaseMs / 10, { signal });
    }
  }
};

const reportBuilds = async (client: EventStoreClient, db: Db, builds: readonly Build[], { id }: WorkerSession) => {
  const unfinished = builds.filter(({ finished }) => !finished);
  if (unfinished.length === 0) return;
  const lag = await measureLag(
    client,
    unfinished.map(({ position }) => position),
  );
  const progressAt = new Date(await storeNow(db));
  await writeStatuses(
    db,
    unfinished.map(({ name, projection, position }) => ({
      _id: name,
      view: projection.name,
      group: 'rebuilds',
      state: 'rebuilding',
      position: formatPosition(position),
      tail: formatPosition(lag.tail),
      eventsBehind: lag.of(position).events,
      secondsBehind: lag.of(position).seconds,
      progressAt,
      worker: id,
    })),
  );
  // A build that finished meanwhile removed its status before this one was written.
  const finished = unfinished.filter((build) => build.finished).map(({ name }) => name);
  if (finished.length > 0) await statuses(db).deleteMany({ _id: { $in: finished } });
};
