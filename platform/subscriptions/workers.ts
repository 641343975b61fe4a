import type { Collection, Db } from 'mongodb';
import { machine, pause } from '../machine/machine.ts';
import { LeaseUncertainError } from './consumer.ts';

/** A process in a group. It is alive while its beat changes; its leases are valid for as long. */
export type Worker = {
  _id: string;
  /** The processes of one group share its consumers. */
  group: string;
  beat: number;
  /** The consumers that it can work on. */
  wants: string[];
  /** When it last measured the lag of its consumers, by MongoDB's clock. */
  reportedAt?: Date;
};

export const workers = (db: Db): Collection<Worker> => db.collection<Worker>('workers');

/** Notes that a worker has measured the lag of its consumers. A worker that has left stays away. */
export const noteReport = async (db: Db, worker: string, now: number): Promise<void> => {
  await workers(db).updateOne({ _id: worker }, { $set: { reportedAt: new Date(now) } });
};

/** Milliseconds without a beat after which a worker is dead and its leases are free. */
export const LEASE_MS = 3000;

/** Milliseconds of a clock that is never set and continues while the process is paused. */
const monotonic = (): number => machine.elapsed();

/**
 * Detects live workers from their beats. Each observer measures with its own clock how long a beat has stood still, so
 * differing clocks of machines do not matter.
 */
export const observer = (leaseMs: number, now: () => number = monotonic) => {
  const seen = new Map<string, { beat: number; since: number }>();
  return {
    /** Records the workers that were just read. */
    observe(read: readonly Pick<Worker, '_id' | 'beat'>[]): void {
      const names = new Set(read.map(({ _id }) => _id));
      for (const name of seen.keys()) if (!names.has(name)) seen.delete(name);
      for (const { _id, beat } of read) if (seen.get(_id)?.beat !== beat) seen.set(_id, { beat, since: now() });
    },
    /** Returns false for a worker whose beat stood still for longer than a lease, and for an unregistered one. */
    isAlive(worker: string): boolean {
      const last = seen.get(worker);
      return last !== undefined && now() - last.since <= leaseMs;
    },
  };
};

/** Waits for up to a lease for a sign of life of any worker. @returns whether one is alive */
export const isAnyAlive = async (db: Db): Promise<boolean> => {
  const beats = async () => new Map((await workers(db).find().toArray()).map(({ _id, beat }) => [_id, beat]));
  const before = await beats();
  for (const until = monotonic() + LEASE_MS; before.size > 0 && monotonic() < until; await pause(LEASE_MS / 10))
    for (const [worker, beat] of await beats()) if (before.get(worker) !== beat) return true;
  return false;
};

/** This process as a worker. */
export type WorkerSession = {
  id: string;
  /** Renews the session and reads the others. @returns all workers, and the moment to `confirm` */
  beat(wants: readonly string[]): Promise<{ all: Worker[]; sentAt: number }>;
  /** Confirms a beat after the leases were read and lost ones dropped: the others stay valid for a while. */
  confirm(sentAt: number): void;
  /** @throws LeaseUncertainError when the last confirmed beat is older than a lease */
  assertHeld(): void;
  /** A worker is always alive to itself: a late beat does not show who holds its leases. */
  isAlive(worker: string): boolean;
  leave(): Promise<void>;
};

export const joinWorkers = (db: Db, group: string, leaseMs = LEASE_MS): WorkerSession => {
  const id = `${machine.processName()}-${machine.uuid()}`;
  const { observe, isAlive } = observer(leaseMs);
  let confirmedAt = Number.NEGATIVE_INFINITY;
  return {
    id,
    isAlive: (worker) => worker === id || isAlive(worker),
    async beat(wants) {
      const sentAt = monotonic();
      const sign = { $set: { group, wants: [...wants] }, $inc: { beat: 1 } };
      await workers(db).updateOne({ _id: id }, sign, { upsert: true });
      const all = await workers(db).find().toArray();
      observe(all);
      return { all, sentAt };
    },
    confirm(sentAt) {
      confirmedAt = Math.max(confirmedAt, sentAt);
    },
    assertHeld() {
      if (monotonic() - confirmedAt >= leaseMs) throw new LeaseUncertainError('The lease was not renewed in time');
    },
    async leave() {
      await workers(db).deleteOne({ _id: id });
    },
  };
};

/** Removes dead workers. Their leases stay, owned by a name that is no longer alive. */
export const forgetWorkers = async (db: Db, dead: readonly string[]): Promise<void> => {
  if (dead.length > 0) await workers(db).deleteMany({ _id: { $in: [...dead] } });
};

/**
 * Removes all workers, so that their leases are free at once. Safe only when this process owns the store exclusively,
 * as after a crash.
 */
export const forgetAllWorkers = async (db: Db): Promise<void> => {
  await workers(db).deleteMany({});
};
