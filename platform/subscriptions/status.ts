import type { Collection, Db } from 'mongodb';
import type { EventStoreClient } from '../event-store/client.ts';
import { readAhead, readTail } from '../event-store/tail.ts';
import { comparePositions, type Position } from '../event-store/types.ts';
import { checkpoints } from './checkpoints.ts';
import { parked } from './parked.ts';
import { storeNow } from './store-clock.ts';

/** `catching-up` is behind the store's tail, `stopped` is nobody's work: not started, or standing before a poisoned event. */
export type ConsumerState = 'live' | 'catching-up' | 'rebuilding' | 'stopped';

/** What is kept in `projection_status` for each consumer of each group. */
export type ConsumerStatus = {
  _id: string;
  view: string;
  /** `projections` or `policies`. */
  group: string;
  state: ConsumerState;
  /** Decimal positions: the consumer's, and that of the newest event in the store when it was measured. */
  position: string;
  tail: string;
  /** Exact up to 500, an estimate above. */
  eventsBehind: number;
  /** For how long the oldest event that it has not handled has waited. */
  secondsBehind: number;
  /** When the consumer last moved. */
  progressAt: Date;
  /** The process that works on it. */
  worker: string | null;
  updatedAt: Date;
};

/** A status with what the reader adds. */
export type ReadStatus = ConsumerStatus & {
  /** Of its checkpoint; null before the first. */
  version: number | null;
  /** Parked events, without the discarded ones. */
  parked: number;
  /** For how long the oldest of the events that are retried has been parked; 0 without one. */
  secondsUnanswered: number;
  secondsSinceProgress: number;
  /** Since a process that works on it told of it. */
  secondsSinceReport: number;
};

export const statuses = (db: Db): Collection<ConsumerStatus> => db.collection<ConsumerStatus>('projection_status');

/** Milliseconds after which a status that nobody renewed counts as `stopped`. */
const STALE_AFTER = 5000;

/**
 * Reads the state and lag of every consumer that ever ran, sorted by name. One whose process is gone is `stopped`, whatever it
 * said last.
 */
export const readStatuses = async (db: Db, after = 0): Promise<ReadStatus[]> => {
  const [now, known, standing, waiting] = await Promise.all([
    storeNow(db),
    statuses(db).find().sort({ _id: 1 }).toArray(),
    checkpoints(db)
      .find({}, { projection: { version: 1 } })
      .toArray(),
    parked(db)
      .find({ state: { $in: ['parked', 'replaying'] } }, { projection: { member: 1, state: 1, parkedAt: 1 } })
      .toArray(),
  ]);
  const versions = new Map(standing.map(({ _id, version }) => [_id, version]));
  const secondsSince = (moment: Date) => Math.max(0, (now + after - moment.getTime()) / 1000);
  const parkedBy = Map.groupBy(waiting, ({ member }) => member);
  return known.map((status) => ({
    ...status,
    state: now + after - status.updatedAt.getTime() > STALE_AFTER ? 'stopped' : status.state,
    version: versions.get(status._id) ?? null,
    parked: parkedBy.get(status._id)?.length ?? 0,
    secondsUnanswered: Math.max(
      0,
      ...(parkedBy.get(status._id) ?? [])
        .filter(({ state }) => state === 'replaying')
        .map(({ parkedAt }) => secondsSince(parkedAt)),
    ),
    secondsSinceProgress: secondsSince(status.progressAt),
    secondsSinceReport: secondsSince(status.updatedAt),
  }));
};

/** Where the store ends, and what lies between some positions and its end. */
export type Lag = { tail: Position; of(position: Position): { events: number; seconds: number } };

const EXACT = 500;

/**
 * Measures against the store's own tail, not against what a subscription happened to deliver.
 * @param positions of the consumers; the read begins at the lowest
 * @throws what the client throws when the store is away
 */
export const measureLag = async (
  client: Pick<EventStoreClient, 'readAll'>,
  positions: readonly Position[],
  now = Date.now(),
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
