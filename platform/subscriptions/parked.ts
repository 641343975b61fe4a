import type { Collection, Db } from 'mongodb';
import type { Revision, StoredEvent } from '../event-store/types.ts';
import type { Consumer } from './consumer.ts';

/**
 * An event that a consumer could not handle.
 * - `parked`: the consumer went on without it, or stands before it when it `blocks`;
 * - `replaying`: an operator asked for it again; the process that works on the consumer does it;
 * - `discarded`: an operator decided that the consumer does without it, also in a rebuild.
 */
export type Parked = {
  /** `{consumer}:{event id}` */
  _id: string;
  /** The consumer by its name. */
  member: string;
  view: string;
  state: 'parked' | 'replaying' | 'discarded';
  blocks: boolean;
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
    /** JSON: a poisoned event may hold keys that MongoDB refuses. */
    data: string;
    metadata: string;
  };
};

export const parked = (db: Db): Collection<Parked> => db.collection<Parked>('parked');

/** Keeps an event paused, with the reason; once more if it was kept before. */
export const park = async (
  db: Db,
  { name, view, onPoison }: Pick<Consumer, 'name' | 'view' | 'onPoison'>,
  event: StoredEvent,
  reason: string,
): Promise<void> => {
  const { commit, prepare } = event.position;
  await parked(db).updateOne(
    { _id: `${name}:${event.id}` },
    {
      $set: {
        member: name,
        view,
        state: 'parked',
        blocks: onPoison === 'stop',
        reason,
        position: commit.toString(),
        parkedAt: new Date(),
        event: {
          id: event.id,
          type: event.type,
          stream: event.stream,
          revision: event.revision.toString(),
          commit: commit.toString(),
          prepare: prepare.toString(),
          data: JSON.stringify(event.data),
          metadata: JSON.stringify(event.metadata),
        },
      },
      $inc: { attempts: 1 },
    },
    { upsert: true },
  );
};

/** The event as it was when it was parked. */
export const parkedEvent = ({ event }: Parked): StoredEvent => ({
  id: event.id,
  type: event.type,
  stream: event.stream,
  revision: BigInt(event.revision) as Revision,
  position: { commit: BigInt(event.commit), prepare: BigInt(event.prepare) },
  data: JSON.parse(event.data),
  metadata: JSON.parse(event.metadata),
});

/** The events that operators took out of a view for good, by id. */
export const discardedEvents = async (db: Db, view: string): Promise<Set<string>> => {
  const found = await parked(db)
    .find({ view, state: 'discarded' }, { projection: { 'event.id': 1 } })
    .toArray();
  return new Set(found.map(({ event }) => event.id));
};

/**
 * Asks for a parked event once more. The process that holds the consumer's lease does it within about a second; the
 * event is gone from the list then, or back in it with a new reason.
 * @returns false when no such event is parked
 */
export const requestReplay = async (db: Db, id: string): Promise<boolean> => {
  const { matchedCount } = await parked(db).updateOne(
    { _id: id, state: { $in: ['parked', 'replaying'] } },
    { $set: { state: 'replaying', blocks: false } },
  );
  return matchedCount === 1;
};

/**
 * Takes a parked event out of its view for good; a consumer that stands before it goes on behind it.
 * @returns false when no such event is parked
 */
export const discard = async (db: Db, id: string): Promise<boolean> => {
  const { matchedCount } = await parked(db).updateOne(
    { _id: id, state: { $in: ['parked', 'replaying'] } },
    { $set: { state: 'discarded', blocks: false } },
  );
  return matchedCount === 1;
};
