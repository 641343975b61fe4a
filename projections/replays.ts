import type { Collection, Db } from 'mongodb';
import type { EventStoreClient } from '../platform/event-store/client.ts';
import { messageOf } from '../platform/subscriptions/transient.ts';
import type { Replay } from '../schemas/kernel/operations.ts';
import type { BuildProgress } from './kernel/build.ts';
import type { Projection } from './kernel/projection.ts';
import { rebuild } from './kernel/rebuild.ts';

/** What is kept in `replays` of the last replay of each view. */
type StoredReplay = Omit<Replay, 'view' | 'startedAt' | 'switchedAt'> & {
  _id: string;
  startedAt: Date;
  switchedAt?: Date;
  updatedAt: Date;
  /** Whoever does it is to stop. */
  stopAsked?: true;
};

const replays = (db: Db): Collection<StoredReplay> => db.collection<StoredReplay>('replays');

/** Milliseconds between two notes of how far a replay is, and after which one without a note is nobody's. */
const NOTE_EVERY = 200;
const LOST_AFTER = 10_000;

const isRunning = ({ state, updatedAt }: StoredReplay, now: number): boolean =>
  state === 'running' && now - updatedAt.getTime() < LOST_AFTER;

/** The last replay of every view that had one, whoever does it. */
export const readReplays = async (db: Db, now = Date.now()): Promise<Replay[]> => {
  const found = await replays(db).find().sort({ _id: 1 }).toArray();
  return found.map((replay) => {
    const { _id, state, startedAt, events, share, switchedAt, reason } = replay;
    return {
      view: _id,
      state: state === 'running' && !isRunning(replay, now) ? 'stopped' : state,
      startedAt: startedAt.toISOString(),
      events,
      share,
      ...(switchedAt ? { switchedAt: switchedAt.toISOString() } : {}),
      ...(reason === undefined ? {} : { reason }),
    };
  });
};

/**
 * Asks whoever does the replay of a view to stop it; one of several views stops for all of them.
 * @returns false when none is going on
 */
export const requestStop = async (db: Db, view: string): Promise<boolean> => {
  const isAlive = { $gt: new Date(Date.now() - LOST_AFTER) };
  const asked = await replays(db).updateOne(
    { _id: view, state: 'running', updatedAt: isAlive },
    { $set: { stopAsked: true } },
  );
  return asked.matchedCount > 0;
};

const shareOf = ({ position, from, tail }: BuildProgress): number => {
  const whole = Number(tail.commit - from.commit);
  return whole > 0 ? Math.min(1, Number(position.commit - from.commit) / whole) : 1;
};

/** Replays that go on behind the request that asked for them, and tell in the database how far they are. */
export type ReplayJobs = {
  /** @returns false when one of the views is being replayed already */
  start(projections: readonly Projection[]): Promise<boolean>;
  /** Stops what is going on: it goes on from there when it is asked for again. */
  stop(): Promise<void>;
};

export const replayJobs = (client: EventStoreClient, db: Db, onError: (error: unknown) => void): ReplayJobs => {
  const stopping = new AbortController();
  const going = new Set<Promise<void>>();

  const run = async (projections: readonly Projection[], views: readonly string[]): Promise<void> => {
    const note = (change: Partial<StoredReplay>) =>
      replays(db).updateMany({ _id: { $in: [...views] } }, { $set: { ...change, updatedAt: new Date() } });
    let progress = { events: 0, share: 0 };
    const asked = new AbortController();
    const signal = AbortSignal.any([stopping.signal, asked.signal]);
    const look = async () => {
      await note(progress);
      if (await replays(db).findOne({ _id: { $in: [...views] }, stopAsked: true })) asked.abort();
    };
    const noting = setInterval(() => void look().catch(onError), NOTE_EVERY);
    const outcome = await rebuild({
      client,
      db,
      projections,
      signal,
      onProgress(next) {
        progress = { events: next.events, share: shareOf(next) };
      },
    }).then(
      (done): Partial<StoredReplay> =>
        done ? { state: 'switched', switchedAt: new Date(), events: progress.events, share: 1 } : { state: 'stopped' },
      (error): Partial<StoredReplay> =>
        signal.aborted ? { state: 'stopped' } : { state: 'failed', reason: messageOf(error) },
    );
    clearInterval(noting);
    await note(outcome).catch(onError);
  };

  return {
    async start(projections) {
      const views = projections.map(({ name }) => name);
      const known = await replays(db)
        .find({ _id: { $in: views } })
        .toArray();
      const now = new Date();
      if (known.some((replay) => isRunning(replay, now.getTime()))) return false;
      const begun = { state: 'running' as const, startedAt: now, updatedAt: now, events: 0, share: 0 };
      await replays(db).bulkWrite(
        views.map((_id) => ({ replaceOne: { filter: { _id }, replacement: begun, upsert: true } })),
      );
      const job = run(projections, views).finally(() => going.delete(job));
      going.add(job);
      return true;
    },
    async stop() {
      stopping.abort();
      await Promise.all(going);
    },
  };
};
