import type { Collection, Db } from 'mongodb';
import type { EventStoreClient } from '../event-store/client.ts';
import { readAhead, readTail } from '../event-store/tail.ts';
import { comparePositions, type Position } from '../event-store/types.ts';
import { machine } from '../machine/machine.ts';
import { checkpoints } from './checkpoints.ts';
import { parked, WAITING } from './parked.ts';
import { storeNow } from './store-clock.ts';
import { workers } from './workers.ts';

/**
 * `catching-up`: behind the store's tail. `stopped`: no process works on it, or it waits before an event that it cannot
 * handle.
 */
export type ConsumerState = 'live' | 'catching-up' | 'rebuilding' | 'stopped';

/** The document of a consumer in `projection_status`. */
export type ConsumerStatus = {
  _id: string;
  view: string;
  /** `projections` or `policies`. */
  group: string;
  state: ConsumerState;
  /** Why it waits before an event; left out by older processes. */
  reason?: string | null;
  /** Decimal positions: the consumer's, and the newest event's when it was measured. */
  position: string;
  tail: string;
  /** Exact up to 500, an estimate above. */
  eventsBehind: number;
  /** Seconds for which the oldest unhandled event has waited. */
  secondsBehind: number;
  /** The time of the consumer's last progress. */
  progressAt: Date;
  /** The process that works on it. */
  worker: string | null;
  /** When the status last changed. It counts as reported until the worker's own `reportedAt`. */
  updatedAt: Date;
};

/** A status with the facts that the reader adds. */
export type ReadStatus = ConsumerStatus & {
  /** The version of its checkpoint; null before the first. */
  version: number | null;
  /** Number of parked events, without discarded ones. */
  parked: number;
  /** Seconds since the oldest of the retried events was parked; 0 without one. */
  secondsUnanswered: number;
  secondsSinceProgress: number;
  /** Seconds since a process last reported the status. */
  secondsSinceReport: number;
  /** Whether a process reports it. Otherwise `eventsBehind` is the least that it may be, `secondsBehind` the most. */
  isReported: boolean;
};

export const statuses = (db: Db): Collection<ConsumerStatus> => db.collection<ConsumerStatus>('projection_status');

/** Milliseconds after which a status that was not renewed counts as `stopped`. */
const STALE_AFTER = 5000;

/**
 * Reads the state and lag of every consumer that ever ran, sorted by name. A consumer whose process is gone is
 * `stopped`, whatever its last report: its lag in seconds grows, and it has events to handle when another consumer
 * knows of later ones.
 */
export const readStatuses = async (db: Db, after = 0): Promise<ReadStatus[]> => {
  const [now, known, reporting, standing, waiting] = await Promise.all([
    storeNow(db),
    statuses(db).find().sort({ _id: 1 }).toArray(),
    workers(db)
      .find({}, { projection: { reportedAt: 1 } })
      .toArray(),
    checkpoints(db)
      .find({}, { projection: { version: 1 } })
      .toArray(),
    parked(db)
      .find({ state: WAITING }, { projection: { member: 1, state: 1, parkedAt: 1 } })
      .toArray(),
  ]);
  const versions = new Map(standing.map(({ _id, version }) => [_id, version]));
  const reportedAt = new Map(reporting.map((worker) => [worker._id, worker.reportedAt]));
  const lastReport = ({ worker, updatedAt }: ConsumerStatus): Date => {
    const later = reportedAt.get(worker ?? '') ?? updatedAt;
    return later > updatedAt ? later : updatedAt;
  };
  const secondsSince = (moment: Date) => Math.max(0, (now + after - moment.getTime()) / 1000);
  const parkedBy = Map.groupBy(waiting, ({ member }) => member);
  const newest = known.reduce((newer, { tail }) => (BigInt(tail) > BigInt(newer) ? tail : newer), '-1');
  const unreported = ({ position, eventsBehind, secondsBehind }: ConsumerStatus, since: number) => ({
    state: 'stopped' as const,
    tail: newest,
    eventsBehind: BigInt(newest) > BigInt(position) ? Math.max(1, eventsBehind) : eventsBehind,
    secondsBehind: secondsBehind + since,
  });
  return known.map((status) => {
    const updatedAt = lastReport(status);
    const isReported = now + after - updatedAt.getTime() <= STALE_AFTER;
    return {
      ...status,
      ...(isReported ? {} : unreported(status, secondsSince(updatedAt))),
      updatedAt,
      isReported,
      version: versions.get(status._id) ?? null,
      parked: parkedBy.get(status._id)?.length ?? 0,
      secondsUnanswered: Math.max(
        0,
        ...(parkedBy.get(status._id) ?? [])
          .filter(({ state }) => state === 'replaying')
          .map(({ parkedAt }) => secondsSince(parkedAt)),
      ),
      secondsSinceProgress: secondsSince(status.progressAt),
      secondsSinceReport: secondsSince(updatedAt),
    };
  });
};

/** The end of the store's log, and the distance of positions from it. */
export type Lag = { tail: Position; of(position: Position): { events: number; seconds: number } };

const EXACT = 500;

/**
 * Measures against the store's own tail, not against the events that a subscription delivered.
 * @param positions of the consumers; the read begins at the lowest
 * @throws the client's error when the store does not answer
 */
export const measureLag = async (
  client: Pick<EventStoreClient, 'readAll'>,
  positions: readonly Position[],
  now = machine.now(),
): Promise<Lag> => {
  const tail = await readTail(client);
  const lowest = positions.reduce((a, b) => (comparePositions(b, a) < 0 ? b : a), tail);
  if (comparePositions(lowest, tail) >= 0) return { tail, of: () => ({ events: 0, seconds: 0 }) };
  const { events, more } = await readAhead(client, lowest, EXACT);
  const last = events.at(-1)?.position ?? lowest;
  const perPosition = events.length / Math.max(1, Number(last.commit - lowest.commit));
  return {
    tail,
    of(position) {
      if (comparePositions(position, tail) >= 0) return { events: 0, seconds: 0 };
      const waiting = events.filter((event) => comparePositions(event.position, position) > 0);
      const from = comparePositions(position, last) > 0 ? position : last;
      const beyond = more ? Math.round(Number(tail.commit - from.commit) * perPosition) : 0;
      const oldest = Date.parse((waiting[0] ?? events.at(-1))?.metadata.time ?? '');
      return {
        events: Math.max(1, waiting.length + beyond),
        seconds: Number.isNaN(oldest) ? 0 : Math.max(0, (now - oldest) / 1000),
      };
    },
  };
};

/** Writes the statuses of the consumers that this process works on. */
export const writeStatuses = async (db: Db, current: readonly Omit<ConsumerStatus, 'updatedAt'>[]): Promise<void> => {
  if (current.length === 0) return;
  const updatedAt = new Date(await storeNow(db));
  await statuses(db).bulkWrite(
    current.map(({ _id, ...status }) => ({
      updateOne: { filter: { _id }, update: { $set: { ...status, updatedAt } }, upsert: true },
    })),
    { ordered: false },
  );
};
