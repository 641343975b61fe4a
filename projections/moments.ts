import type { Db } from 'mongodb';
import type { EventStoreClient } from '../platform/event-store/client.ts';
import { machine, pause } from '../platform/machine/machine.ts';
import { checkpoints } from '../platform/subscriptions/checkpoints.ts';
import { leases } from '../platform/subscriptions/leases.ts';
import { expire, type Moment, moments } from '../platform/subscriptions/moments.ts';
import { parked } from '../platform/subscriptions/parked.ts';
import { statuses } from '../platform/subscriptions/status.ts';
import { storeNow } from '../platform/subscriptions/store-clock.ts';
import { messageOf } from '../platform/subscriptions/transient.ts';
import { type LogLine, troublesOf } from '../platform/subscriptions/trouble.ts';
import { shareOf } from './kernel/build.ts';
import type { Projection } from './kernel/projection.ts';
import { buildAt } from './kernel/rebuild.ts';
import { noteRegularly } from './notes.ts';

export type MomentsOptions = {
  client: EventStoreClient;
  db: Db;
  projections: readonly Projection[];
  /** Milliseconds for which a moment is kept. */
  keepFor?: number;
  /** Milliseconds between the end of a moment and the removal of its collections. */
  grace?: number;
  log?: LogLine;
};

const HOUR = 3_600_000;
/** Longer than any query: one that found a moment ready reads it to its end. */
const GRACE = 60_000;
/** Milliseconds between two looks for moments to build. */
const LOOK_EVERY = 500;
const SWEEP_EVERY = 10_000;
const NOTE_EVERY = 250;
/** Milliseconds after which a build without a note is lost: its process died. */
const LOST_AFTER = 30_000;
/** Milliseconds for which a failure is shown; then the moment may be asked for again. */
const FAILED_FOR = 10_000;

/**
 * Builds the moments that the read side asks for, one at a time, and removes them after an hour. Those of an earlier
 * run end when it starts.
 * @returns a function that stops it
 */
export const startMoments = ({
  client,
  db,
  projections,
  keepFor = HOUR,
  grace = GRACE,
  log = () => {},
}: MomentsOptions): { stop(): Promise<void> } => {
  const contexts = [...new Set(projections.map(({ context }) => context.name))];
  const own = { context: { $in: contexts } };
  // A view with a document for each event is read up to the position instead.
  const folding = projections.filter(({ evolve }) => evolve !== undefined);
  const stopping = new AbortController();
  const { signal } = stopping;

  const claim = async (): Promise<Moment[]> => {
    const next = await moments(db).findOne({ ...own, state: 'waiting' }, { sort: { updatedAt: 1 } });
    if (!next) return [];
    const name = machine.uuid();
    await moments(db).updateMany(
      { ...own, position: next.position, state: 'waiting' },
      { $set: { state: 'building', claim: name, updatedAt: new Date(await storeNow(db)) } },
    );
    return moments(db).find({ claim: name, state: 'building' }).toArray();
  };

  const build = async (claimed: readonly Moment[]): Promise<void> => {
    const [{ claim: name, position } = {}] = claimed;
    if (name === undefined || position === undefined) return;
    const names = new Set(claimed.map(({ context }) => context));
    const lost = new AbortController();
    const note = async (change: Partial<Moment>): Promise<void> => {
      const updatedAt = new Date(await storeNow(db));
      const { matchedCount } = await moments(db).updateMany(
        { claim: name, state: 'building' },
        { $set: { ...change, updatedAt } },
      );
      if (matchedCount === 0) lost.abort();
    };
    let progress = { events: 0, share: 0 };
    const endNotes = noteRegularly(NOTE_EVERY, () => note(progress).catch(() => {}));
    try {
      const built = await buildAt(
        {
          client,
          db,
          projections: folding.filter(({ context }) => names.has(context.name)),
          signal: AbortSignal.any([signal, lost.signal]),
          onProgress({ events, ...reached }) {
            progress = { events, share: shareOf({ ...reached, tail: { commit: BigInt(position) } }) };
          },
        },
        BigInt(position),
      );
      await endNotes();
      if (!built) return;
      for (const context of names) {
        const collections = built.filter(({ view }) => view.startsWith(`${context}.`));
        const readyAt = new Date(await storeNow(db));
        await moments(db).updateOne(
          { claim: name, context, state: 'building' },
          { $set: { state: 'ready', ...progress, share: 1, collections, readyAt, updatedAt: readyAt } },
        );
      }
    } catch (error) {
      await endNotes();
      log(`the views as of ${position} cannot be built: ${messageOf(error)}`);
      await note({ state: 'failed', reason: messageOf(error) });
    }
  };

  const sweep = async (): Promise<void> => {
    const before = async (milliseconds: number) => ({ $lt: new Date((await storeNow(db)) - milliseconds) });
    await expire(db, { ...own, state: 'ready', readyAt: await before(keepFor) });
    await expire(db, { ...own, state: 'failed', updatedAt: await before(FAILED_FOR) });
    await moments(db).deleteMany({ ...own, state: 'expired', updatedAt: await before(grace) });
    await moments(db).deleteMany({ ...own, state: 'building', updatedAt: await before(LOST_AFTER) });
    await moments(db).deleteMany({ ...own, state: 'waiting', updatedAt: await before(keepFor) });
    await removeOrphans(db, contexts);
  };

  const troubles = troublesOf('moments', log);
  const run = async (): Promise<void> => {
    let sweptAt = Number.NEGATIVE_INFINITY;
    let isFirst = true;
    while (!signal.aborted) {
      try {
        if (isFirst) await expire(db, { ...own, state: { $in: ['ready', 'failed'] } });
        isFirst = false;
        if (machine.elapsed() - sweptAt > Math.min(SWEEP_EVERY, keepFor)) {
          await sweep();
          troubles.over('moments');
          sweptAt = machine.elapsed();
        }
        await build(await claim());
      } catch (error) {
        troubles.note('moments', error);
      }
      await pause(LOOK_EVERY, { signal });
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
};

/** Reads the name of a build, or of its collection: `parking.lots@at-4711`, `parking.lots.at-4711.1`. */
const BUILD = /^((.+)\.[^.]+)(?:@at-(\d+)|\.at-(\d+)\.\d+)$/;

/** Removes the collections and the bookkeeping of builds whose moment has ended. */
const removeOrphans = async (db: Db, contexts: readonly string[]): Promise<void> => {
  const collections = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  const named = await Promise.all(
    [checkpoints(db), leases(db), statuses(db)].map(async (each) =>
      (await each.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id),
    ),
  );
  // Read last: a build that began before has its moment by now.
  const alive = new Set(
    (
      await moments(db)
        .find({ state: { $in: ['building', 'ready', 'expired'] } })
        .toArray()
    ).map(({ _id }) => _id),
  );
  const isOrphan = (name: string): boolean => {
    const [, , context = '', ofBuild, ofCollection] = BUILD.exec(name) ?? [];
    const position = ofBuild ?? ofCollection;
    return position !== undefined && contexts.includes(context) && !alive.has(`${position} ${context}`);
  };
  const builds = [...new Set(named.flat())].filter(isOrphan);
  for (const each of [checkpoints(db), leases(db), statuses(db)])
    if (builds.length > 0) await each.deleteMany({ _id: { $in: builds } } as object);
  if (builds.length > 0) await parked(db).deleteMany({ member: { $in: builds } });
  for (const name of collections.filter(isOrphan)) await db.dropCollection(name);
};
