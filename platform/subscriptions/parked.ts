import type { Collection, Db } from 'mongodb';
import { withoutSubjects } from '../event-store/actors.ts';
import { storedForm } from '../event-store/personal-data.ts';
import type { Revision, StoredEvent } from '../event-store/types.ts';
import type { Consumer } from './consumer.ts';
import { DUPLICATE_KEY } from './leases.ts';
import { storeNow } from './store-clock.ts';

/**
 * An event that a consumer could not handle.
 * - `parked`: waits for an operator; the consumer continues without it, or stops before it when it `blocks`;
 * - `replaying`: is handled again, on an operator's request or because it got no answer;
 * - `discarded`: an operator removed it from the view, also from rebuilds.
 */
export type Parked = {
  /** `{consumer}:{event id}` */
  _id: string;
  /** The consumer by its name. */
  member: string;
  view: string;
  state: 'parked' | 'replaying' | 'discarded';
  blocks: boolean;
  /** Set for consumers with keys. */
  key?: string;
  /** Never tried: it waits for an earlier event of its key and follows it automatically. */
  heldBack?: boolean;
  reason: string;
  attempts: number;
  position: string;
  parkedAt: Date;
  event: {
    id: string;
    type: string;
    stream: string;
    revision: string;
    commit: string;
    prepare: string;
    /**
     * JSON: a failing event may have keys that MongoDB refuses. Personal fields are encrypted as in the event store.
     */
    data: string;
    metadata: string;
  };
};

/** The states of an event that waits to be handled: no operator has discarded it. */
export const WAITING = { $in: ['parked', 'replaying'] satisfies Parked['state'][] };

export const parked = (db: Db): Collection<Parked> => db.collection<Parked>('parked');

type Parking = Pick<Consumer, 'name' | 'view' | 'onPoison'>;
type Marks = Pick<Parked, 'state' | 'reason'> & { key?: string | undefined; heldBack?: boolean };

/** @returns false when an operator has discarded the event, which stays discarded */
const write = async (db: Db, { name, view, onPoison }: Parking, event: StoredEvent, marks: Marks): Promise<boolean> => {
  const { commit, prepare } = event.position;
  const stored = storedForm(event);
  const { key, heldBack = false, ...stated } = marks;
  const changes = {
    member: name,
    view,
    ...stated,
    ...(key === undefined ? {} : { key, heldBack }),
    blocks: onPoison === 'stop',
    position: commit.toString(),
    parkedAt: new Date(await storeNow(db)),
    event: {
      id: event.id,
      type: event.type,
      stream: event.stream,
      revision: event.revision.toString(),
      commit: commit.toString(),
      prepare: prepare.toString(),
      data: JSON.stringify(stored.data),
      metadata: JSON.stringify(stored.metadata),
    },
  };
  try {
    await parked(db).updateOne(
      { _id: `${name}:${event.id}`, state: WAITING },
      { $set: changes, $inc: { attempts: heldBack ? 0 : 1 } },
      { upsert: true },
    );
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === DUPLICATE_KEY) return false;
    throw error;
  }
};

/**
 * Parks an event with the reason, also if it was parked before.
 * @returns false when an operator has discarded the event, which stays discarded
 */
export const park = (db: Db, consumer: Parking, event: StoredEvent, reason: string, key?: string): Promise<boolean> =>
  write(db, consumer, event, { state: 'parked', reason, key });

/** Parks an event without an answer: it is retried until it gets one. */
export const parkForRetry = (
  db: Db,
  consumer: Parking,
  event: StoredEvent,
  reason: string,
  key: string,
): Promise<boolean> => write(db, consumer, event, { state: 'replaying', reason, key });

/** Parks an event behind an earlier one of its key. */
export const holdBack = (db: Db, consumer: Parking, event: StoredEvent, key: string): Promise<boolean> =>
  write(db, consumer, event, { state: 'parked', reason: `waits for an earlier event of ${key}`, key, heldBack: true });

/** Records that a retry of a parked event got no answer either. */
export const noteRetry = async (db: Db, _id: string, reason: string): Promise<void> => {
  await parked(db).updateOne({ _id }, { $set: { reason }, $inc: { attempts: 1 } });
};

export const readParked = (db: Db, _id: string): Promise<Parked | null> => parked(db).findOne({ _id, state: WAITING });

export const forgetParked = async (db: Db, _id: string): Promise<void> => {
  await parked(db).deleteOne({ _id });
};

/** The fields of a parked event that decide when it is handled. */
export type Waiting = Pick<Parked, '_id' | 'state' | 'heldBack' | 'position'>;

/** Reads the parked events of a consumer by key, each key's in the order of the log. */
export const waitingByKey = async (db: Db, consumer: string): Promise<Map<string, Waiting[]>> => {
  const found = await parked(db)
    .find({ member: consumer, state: WAITING }, { projection: { state: 1, heldBack: 1, position: 1, key: 1 } })
    .toArray();
  found.sort((a, b) => (BigInt(a.position) < BigInt(b.position) ? -1 : 1));
  return Map.groupBy(found, ({ key = '' }) => key);
};

/** Returns the event as it is stored: its personal fields are not decrypted. */
export const parkedEvent = ({ event }: Parked): StoredEvent => ({
  id: event.id,
  type: event.type,
  stream: event.stream,
  revision: BigInt(event.revision) as Revision,
  position: { commit: BigInt(event.commit), prepare: BigInt(event.prepare) },
  data: JSON.parse(event.data),
  metadata: withoutSubjects(JSON.parse(event.metadata)),
});

/** Reads the ids of events that operators discarded, by view. */
export const discardedByView = async (db: Db, views: readonly string[]): Promise<Map<string, Set<string>>> => {
  const found = await parked(db)
    .find({ view: { $in: [...views] }, state: 'discarded' }, { projection: { view: 1, event: 1 } })
    .toArray();
  const byView = new Map(views.map((view) => [view, new Set<string>()]));
  for (const { view, event } of found) byView.get(view)!.add(event.id);
  return byView;
};

/** Reads the ids of events that operators discarded from a view. */
export const discardedEvents = async (db: Db, view: string): Promise<Set<string>> =>
  (await discardedByView(db, [view])).get(view)!;

/** @returns false when no such event is parked */
const decide = async (db: Db, _id: string, state: Parked['state']): Promise<boolean> => {
  const { matchedCount } = await parked(db).updateOne({ _id, state: WAITING }, { $set: { state, blocks: false } });
  return matchedCount === 1;
};

/**
 * Requests another attempt for a parked event. The process that holds the consumer's lease makes it within about a
 * second; afterwards the event is gone from the list, or is parked again with a new reason.
 * @returns false when no such event is parked
 */
export const requestReplay = (db: Db, id: string): Promise<boolean> => decide(db, id, 'replaying');

/**
 * Discards a parked event for good; a consumer that stopped before it continues after it.
 * @returns false when no such event is parked
 */
export const discard = (db: Db, id: string): Promise<boolean> => decide(db, id, 'discarded');
