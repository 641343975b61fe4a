import type { Collection, Db } from 'mongodb';
import { exhaustMap, Subject, startWith, takeUntil } from 'rxjs';
import type { EventStoreClient } from '../event-store/client.ts';
import { hasEvent, readEnd } from '../event-store/tail.ts';
import { comparePositions, type Reached, WrongEventStoreError } from '../event-store/types.ts';
import { machine } from '../machine/machine.ts';
import { ticks } from '../machine/ticks.ts';
import { type Checkpoint, checkpoints, positionOf } from './checkpoints.ts';
import { DUPLICATE_KEY } from './leases.ts';
import { moments } from './moments.ts';
import { parked, WAITING } from './parked.ts';
import { storeNow } from './store-clock.ts';

/** That the event store is not the one that the views were made of. It stands until an operator decides. */
export type Finding = { reason: string; foundAt: Date; foundBy: string };

/** Counts the decisions: who compared before the last one finds nothing. */
type Findings = { _id: 'event-store'; decisions: number; finding?: Finding };

const findings = (db: Db): Collection<Findings> => db.collection<Findings>('findings');

const readFindings = (db: Db): Promise<Findings | null> => findings(db).findOne({ _id: 'event-store' });

/** Returns what was found and not decided yet. */
export const readFinding = async (db: Db): Promise<Finding | undefined> => (await readFindings(db))?.finding;

type Reader = Pick<EventStoreClient, 'readAll' | 'readStream'>;
type Standing = Pick<Checkpoint, '_id' | 'commit' | 'prepare' | 'event'>;

const REMEDY =
  'It was emptied or restored from an older copy, or it is another event store. Start the right one, or ' +
  'build the views from this one: npm run restored -- accept';

/** Returns what a checkpoint has that the event store lacks. */
const lackOf = async (client: Reader, end: Reached, { _id, ...stored }: Standing): Promise<string | undefined> => {
  const position = positionOf(stored);
  const { event } = position;
  if (event && !(await hasEvent(client, event)))
    return `The event store lacks event ${event.id} of ${event.stream}, which ${_id} has read at ${event.position.commit}`;
  // Those of older versions name no event. Its own streams may have been scavenged at the end.
  if (!event && comparePositions(position, end) > 0)
    return `The event store ends at ${end.commit}, but ${_id} has reached ${stored.commit}`;
  return undefined;
};

/**
 * Compares the event store with the checkpoints of everything that was made of it.
 * @returns what it lacks; undefined when it has all of it
 * @throws the driver's or the client's error when a store does not answer
 */
export const compareEventStore = async (client: Reader, db: Db): Promise<string | undefined> => {
  const standing = await checkpoints(db)
    .find({}, { projection: { commit: 1, prepare: 1, event: 1 } })
    .toArray();
  // Consumers of one subscription stand at the same few events.
  const distinct = new Map(standing.map((each) => [each.event?.id ?? each.commit, each]));
  if (distinct.size === 0) return undefined;
  const end = await readEnd(client);
  const lacks = await Promise.all([...distinct.values()].map((each) => lackOf(client, end, each)));
  const lack = lacks.find((each) => each !== undefined);
  return lack && `${lack}. ${REMEDY}`;
};

/**
 * Makes sure that the event store is the one that the views were made of, and that nothing else was found and not
 * decided yet.
 * @throws WrongEventStoreError
 */
export const requireEventStore = async (client: Reader, db: Db): Promise<void> => {
  const reason = (await readFinding(db))?.reason ?? (await compareEventStore(client, db));
  if (reason !== undefined) throw new WrongEventStoreError(reason);
};

/** Keeps a finding, unless there is one or an operator has decided since the event store was compared. */
const keepFinding = async (db: Db, before: Findings | null, reason: string): Promise<void> => {
  const finding = { reason, foundAt: new Date(await storeNow(db)), foundBy: machine.processName() };
  try {
    if (before) await findings(db).updateOne({ ...before, finding: { $exists: false } }, { $set: { finding } });
    else await findings(db).insertOne({ _id: 'event-store', decisions: 0, finding });
  } catch (error) {
    if ((error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
  }
};

/**
 * Makes the event store's history the one that counts, as an operator decides. If it has every event that was handled,
 * as after the right copy came back, everything continues. Otherwise the views are built anew, and policies, process
 * managers and timers begin at its first event: their commands have ids that derive from their events, so what was
 * done is not done again. What they keep from lost events is removed. An acceptance that was interrupted is repeated.
 * @returns whether the views are built anew
 */
export const acceptEventStore = async (client: Reader, db: Db): Promise<boolean> => {
  const isOther = (await compareEventStore(client, db)) !== undefined;
  if (isOther) {
    await moments(db).deleteMany({});
    // The tasks of process managers and timers, which these plan again from their events.
    await db.collection('schedule').deleteMany({});
    // The streams that lack events, and the position up to which they are known.
    await db.collection('truncated_streams').deleteMany({});
    await parked(db).deleteMany({ state: WAITING });
    // Last: they are what shows that the event store is another one.
    await checkpoints(db).deleteMany({});
  }
  await findings(db).updateOne(
    { _id: 'event-store' },
    { $unset: { finding: '' }, $inc: { decisions: 1 } },
    { upsert: true },
  );
  return isOther;
};

/** Watches whether the event store is the one that the views were made of. */
export type EventStoreWatch = {
  /** Returns what was found and not decided yet, as last seen. */
  finding(): string | undefined;
  /** Resolves after the first look for which both stores answered. */
  ready: Promise<void>;
  /** Looks now. @throws WrongEventStoreError, or an error of a store that does not answer */
  require(): Promise<void>;
  /** Calls a listener when something is found, and when an operator has decided. */
  onChange(listener: () => void): void;
  /** Returns the number of such changes. What was read before the last one may not count any more. */
  changes(): number;
  /** For /readyz. */
  check(): Promise<{ ok: boolean; detail?: string }>;
  stop(): void;
};

export type WatchOptions = {
  /** Left out in a process without one: it learns what others find. */
  client?: Reader;
  db: Db;
  /** Called with what is found, once. */
  onError(error: unknown): void;
};

/** Milliseconds between two looks at what processes have found. */
const LOOK_EVERY = 1_000;
/**
 * Milliseconds between two comparisons, which take more time. A subscription compares too, each time that it connects,
 * and an event store is not replaced without a new connection.
 */
const COMPARE_EVERY = 5_000;

/** Looks again and again, and keeps what it finds. While a store does not answer, the last outcome stands. */
export const watchEventStore = ({ client, db, onError }: WatchOptions): EventStoreWatch => {
  let known: string | undefined;
  let decisions: number | undefined;
  let count = 0;
  let comparedAt = Number.NEGATIVE_INFINITY;
  const changes = new Subject<void>();
  const { promise: ready, resolve: isReady } = Promise.withResolvers<void>();
  const compare = async (): Promise<string | undefined> => {
    const lack = client && (await compareEventStore(client, db));
    comparedAt = machine.elapsed();
    return lack;
  };
  const look = async (isRequired = false): Promise<void> => {
    const before = await readFindings(db);
    const kept = before?.finding?.reason;
    const isDue = isRequired || known !== undefined || machine.elapsed() - comparedAt >= COMPARE_EVERY;
    const reason = kept ?? (isDue ? await compare() : undefined);
    const isNew = (known === undefined) !== (reason === undefined);
    // Another process may have found something, and an operator decided, since the last look.
    const isDecided = decisions !== undefined && decisions !== (before?.decisions ?? 0);
    decisions = before?.decisions ?? 0;
    known = reason;
    isReady();
    if (isNew || isDecided) {
      count += 1;
      changes.next();
    }
    if (isNew && reason !== undefined) onError(new WrongEventStoreError(reason));
    if (kept === undefined && reason !== undefined) await keepFinding(db, before, reason);
  };
  const stopped = new Subject<void>();
  ticks(LOOK_EVERY, { ref: false })
    .pipe(
      startWith(0),
      takeUntil(stopped),
      exhaustMap(() => look().catch(() => {})),
    )
    .subscribe();
  return {
    finding: () => known,
    ready,
    async require() {
      await look(true);
      if (known !== undefined) throw new WrongEventStoreError(known);
    },
    changes: () => count,
    onChange: (listener) => void changes.pipe(takeUntil(stopped)).subscribe(listener),
    check: async () => (known === undefined ? { ok: true } : { ok: false, detail: known }),
    stop: () => stopped.next(),
  };
};
