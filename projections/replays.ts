import type { Collection, Db } from 'mongodb';
import type { EventStoreClient } from '../platform/event-store/client.ts';
import { machine, pause } from '../platform/machine/machine.ts';
import { DUPLICATE_KEY } from '../platform/subscriptions/leases.ts';
import { storeNow } from '../platform/subscriptions/store-clock.ts';
import { messageOf } from '../platform/subscriptions/transient.ts';
import { defined } from '../schemas/kernel/defined.ts';
import type { Replay } from '../schemas/kernel/operations.ts';
import { AlreadyBuildingError, type BuildProgress, shareOf } from './kernel/build.ts';
import type { Projection } from './kernel/projection.ts';
import { rebuild } from './kernel/rebuild.ts';
import { noteRegularly } from './notes.ts';

/** The last replay of a view, as `replays` stores it. Its times are by MongoDB's clock. */
type StoredReplay = Omit<Replay, 'view' | 'startedAt' | 'switchedAt'> & {
  _id: string;
  startedAt: Date;
  switchedAt?: Date;
  updatedAt: Date;
  /** Its request, which may be for several views. */
  request?: string;
  /** Tells the process that runs it to stop. */
  stopAsked?: true;
};

const replays = (db: Db): Collection<StoredReplay> => db.collection<StoredReplay>('replays');

/** Milliseconds between two progress notes, and after which a replay without one is lost: its process died. */
const NOTE_EVERY = 200;
const LOST_AFTER = 10_000;

const now = async (db: Db): Promise<Date> => new Date(await storeNow(db));
const lostSince = (time: Date): Date => new Date(time.getTime() - LOST_AFTER);

/** Returns the last replay of every view that had one, in any process. */
export const readReplays = async (db: Db): Promise<Replay[]> => {
  const found = await replays(db).find().sort({ _id: 1 }).toArray();
  const lost = lostSince(await now(db));
  return found.map((replay) => {
    const { _id, state, startedAt, updatedAt, events, share, switchedAt, reason } = replay;
    return {
      view: _id,
      state: state === 'running' && updatedAt <= lost ? 'stopped' : state,
      startedAt: startedAt.toISOString(),
      events,
      share,
      ...(switchedAt ? { switchedAt: switchedAt.toISOString() } : {}),
      ...defined({ reason }),
    };
  });
};

/**
 * Tells the process that replays a view to stop. A replay of several views stops for all of them.
 * @returns false when none is running
 */
export const requestStop = async (db: Db, view: string): Promise<boolean> => {
  const isAlive = { $gt: lostSince(await now(db)) };
  const asked = await replays(db).updateOne(
    { _id: view, state: 'running', updatedAt: isAlive },
    { $set: { stopAsked: true } },
  );
  return asked.matchedCount > 0;
};

/**
 * Claims views for one request, so that of several requests at the same time only one runs.
 * @returns false when a replay of one of them is running
 */
const claim = async (db: Db, views: readonly string[], request: string): Promise<boolean> => {
  const time = await now(db);
  const begun = { state: 'running' as const, startedAt: time, updatedAt: time, events: 0, share: 0, request };
  for (const _id of views) {
    const isFree = [{ state: { $ne: 'running' as const } }, { updatedAt: { $lte: lostSince(time) } }];
    const claimed =
      (await replays(db).replaceOne({ _id, $or: isFree }, begun)).matchedCount > 0 ||
      (await replays(db)
        .insertOne({ _id, ...begun })
        .then(() => true, isTaken));
    if (claimed) continue;
    await replays(db).updateMany({ request }, { $set: { state: 'stopped' } });
    return false;
  }
  return true;
};

const isTaken = (error: unknown): false => {
  if ((error as { code?: unknown }).code === DUPLICATE_KEY) return false;
  throw error;
};

/** Replays that continue after their request was answered, and note their progress in the database. */
export type ReplayJobs = {
  /** @returns false when a replay of one of the views is running */
  start(projections: readonly Projection[]): Promise<boolean>;
  /** Stops all of them. They continue from there when they are requested again. */
  stop(): Promise<void>;
};

/** Milliseconds between two attempts while another process builds one of the views for the first time or by command. */
const ATTEMPT_EVERY = 500;

export const replayJobs = (client: EventStoreClient, db: Db, onError: (error: unknown) => void): ReplayJobs => {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();

  const run = async (projections: readonly Projection[], request: string): Promise<void> => {
    const note = async (change: Partial<StoredReplay>): Promise<void> => {
      const updatedAt = await now(db);
      const switched = change.state === 'switched' ? { switchedAt: updatedAt } : {};
      await replays(db).updateMany({ request }, { $set: { ...change, ...switched, updatedAt } });
    };
    let progress = { events: 0, share: 0 };
    const asked = new AbortController();
    const signal = AbortSignal.any([stopping.signal, asked.signal]);
    const look = async () => {
      await note(progress);
      if (await replays(db).findOne({ request, stopAsked: true })) asked.abort();
    };
    const endNotes = noteRegularly(NOTE_EVERY, () => look().catch(onError));
    const onProgress = (next: BuildProgress) => {
      progress = { events: next.events, share: shareOf(next) };
    };
    const attempt = async (): Promise<boolean> => {
      try {
        return await rebuild({ client, db, projections, signal, onProgress });
      } catch (error) {
        if (!(error instanceof AlreadyBuildingError) || signal.aborted) throw error;
        await pause(ATTEMPT_EVERY, { signal });
        return attempt();
      }
    };
    const outcome = await attempt().then(
      (done): Partial<StoredReplay> =>
        done ? { state: 'switched', events: progress.events, share: 1 } : { state: 'stopped' },
      (error): Partial<StoredReplay> =>
        signal.aborted ? { state: 'stopped' } : { state: 'failed', reason: messageOf(error) },
    );
    await endNotes();
    await note(outcome).catch(onError);
  };

  return {
    async start(projections) {
      const request = machine.uuid();
      const views = projections.map(({ name }) => name);
      if (!(await claim(db, views, request))) return false;
      const job = run(projections, request).finally(() => running.delete(job));
      running.add(job);
      return true;
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
};
