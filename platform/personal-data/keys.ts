import { Binary, type Collection, type Db, MongoBulkWriteError, MongoServerError } from 'mongodb';
import { StoreUnavailableError } from '../event-store/types.ts';
import { decrypt, encrypt } from '../machine/encryption.ts';
import { machine } from '../machine/machine.ts';
import { type MasterKey, nameOfKey, newKey } from './master-key.ts';

/** A key in use: its name is stored beside what it encrypts. */
export type Key = { name: string; bytes: Buffer };

/**
 * A stored key. An erased one stays as a name without its bytes, so that a lost key is never taken for an erased one.
 */
type StoredKey = {
  /** `{owner}:{count}`: an owner who returns after an erasure gets the next count. */
  _id: string;
  owner: string;
  /** {@link nameOfKey}: tells the key from another one that was made under the same id after this one was lost. */
  name: string;
  /** The master key that wraps it. */
  master?: string;
  wrapped?: Binary;
  createdAt: Date;
  erasedAt?: Date;
};

/** The keys of a stream's latest snapshots, the newest first, and how often they were erased; left out for never. */
type StoredSnapshotKeys = {
  _id: string;
  keys: { name: string; master: string; wrapped: Binary }[];
  erasures?: number;
};

/** The keys cannot be used: nothing is read or written without them. */
export class KeysUnavailableError extends StoreUnavailableError {}

/** PERSONAL_KEY is not the master key that wraps the stored keys. */
export class WrongMasterKeyError extends KeysUnavailableError {}

export type KeyStore = {
  /**
   * Returns the live key of each owner, and makes those that do not exist. Processes that do so at the same time get
   * the same key.
   */
  current(owners: readonly string[]): Promise<Map<string, Key>>;
  /** Reads keys by name: null for one that was erased, nothing for one that is not stored here. */
  byName(names: readonly string[]): Promise<Map<string, Buffer | null>>;
  /**
   * Makes a key for the next snapshot of a stream. The key of the last one stays, the one before is erased.
   * @param erasures as {@link snapshotKeys} returned it before the state of the snapshot was read
   * @returns undefined when the keys were erased since then: the state may have what was erased
   */
  newSnapshotKey(stream: string, erasures: number): Promise<Key | undefined>;
  /** Returns the keys of a stream's latest snapshots, and how often they were erased. */
  snapshotKeys(stream: string): Promise<{ keys: Key[]; erasures: number }>;
  /** Returns the name of an owner's latest key, which may be erased; undefined when there was never one. */
  latest(owner: string): Promise<string | undefined>;
  /** Erases a key by its name. Nothing happens for one that is erased already, or is not stored here. */
  erase(name: string): Promise<void>;
  /** Erases the keys of some streams' snapshots: the streams are folded from their events again. */
  eraseSnapshots(streams: readonly string[]): Promise<void>;
  /** Wraps every key with the first master key. @returns how many were wrapped by another one */
  rotate(): Promise<number>;
  /** Returns whether no key was ever stored. */
  isEmpty(): Promise<boolean>;
  /** Counts the keys, and returns the names of those that no master key of this process opens. */
  check(): Promise<{ live: number; erased: number; unreadable: string[] }>;
};

const DUPLICATE_KEY = 11000;
const AT_ONCE = 500;

const nameIn = (id: string, bytes: Buffer): string => `${id}:${nameOfKey(bytes)}`;
const idOf = (name: string): string => name.slice(0, name.lastIndexOf(':'));
const countOf = (id: string): number => Number(id.slice(id.lastIndexOf(':') + 1));

/** Calls the key store; an unreachable one is unavailable like the event store. */
const reached = async <Result>(call: () => Promise<Result>): Promise<Result> => {
  try {
    return await call();
  } catch (error) {
    if (error instanceof KeysUnavailableError) throw error;
    throw new KeysUnavailableError(`the keys of personal data cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
};

function* portions<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let from = 0; from < items.length; from += AT_ONCE) yield items.slice(from, from + AT_ONCE);
}

/**
 * Returns the keys in the collection `personal_keys`.
 * @param masters the first one wraps, all of them unwrap; without any, only `isEmpty` and `check` answer
 */
export const keyStore = (db: Db, masters: readonly MasterKey[]): KeyStore => {
  const keys: Collection<StoredKey> = db.collection('personal_keys', {
    writeConcern: { w: 'majority', journal: true },
  });
  const snapshots: Collection<StoredSnapshotKeys> = db.collection('snapshot_keys');
  const [newest] = masters;
  let prepared: Promise<void> | undefined;

  const unwrap = ({ _id, master, wrapped }: Pick<StoredKey, '_id' | 'master' | 'wrapped'>): Buffer => {
    const found = masters.find(({ id }) => id === master);
    if (!found || !wrapped)
      throw new WrongMasterKeyError(
        `PERSONAL_KEY is not the master key ${master}, which wraps ${_id}: set it as it was, or both after a rotation`,
      );
    return decrypt(found.bytes, Buffer.from(wrapped.buffer), _id);
  };

  const wrap = (_id: string, bytes: Buffer) => {
    if (!newest) throw new TypeError('without a master key no key can be made');
    return { master: newest.id, wrapped: new Binary(encrypt(newest.bytes, bytes, _id)) };
  };

  /** Refuses a wrong master key before the first key is made with it. */
  const prepare = async (): Promise<void> => {
    await keys.createIndex({ owner: 1 });
    const other = await keys.findOne({ master: { $exists: true, $nin: masters.map(({ id }) => id) } });
    if (other) unwrap(other);
  };

  const ready = async (): Promise<void> => {
    prepared ??= prepare().catch((error) => {
      prepared = undefined;
      throw error;
    });
    await prepared;
  };

  /** Returns the live keys of some owners, and the number of each owner's next key. */
  const live = async (owners: readonly string[]) => {
    const found = new Map<string, StoredKey>();
    const next = new Map<string, number>();
    for (const some of portions(owners))
      for (const stored of await keys.find({ owner: { $in: some } }).toArray()) {
        const count = countOf(stored._id);
        next.set(stored.owner, Math.max(next.get(stored.owner) ?? 0, count + 1));
        if (!stored.erasedAt) found.set(stored.owner, stored);
      }
    return { found, next };
  };

  /** Makes keys. One that another process has just made stays. */
  const make = async (ids: readonly { owner: string; _id: string }[]): Promise<void> => {
    const made = ids.map(({ _id, owner }): StoredKey => {
      const bytes = newKey();
      return { _id, owner, name: nameOfKey(bytes), ...wrap(_id, bytes), createdAt: new Date(machine.now()) };
    });
    try {
      await keys.insertMany(made, { ordered: false });
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError) || error.code !== DUPLICATE_KEY) throw error;
    }
  };

  /** @returns false when another process has changed the keys meanwhile */
  const addSnapshotKey = async (
    _id: string,
    before: StoredSnapshotKeys | null,
    made: StoredSnapshotKeys['keys'][number],
  ): Promise<boolean> => {
    if (before)
      return (
        (await snapshots.updateOne(before, { $set: { keys: [made, ...before.keys.slice(0, 1)] } })).matchedCount > 0
      );
    try {
      await snapshots.insertOne({ _id, keys: [made] });
      return true;
    } catch (error) {
      if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) throw error;
      return false;
    }
  };

  return {
    current: (owners) =>
      reached(async () => {
        await ready();
        let { found, next } = await live(owners);
        for (let missing = owners.filter((owner) => !found.has(owner)); missing.length > 0; ) {
          await make(missing.map((owner) => ({ owner, _id: `${owner}:${next.get(owner) ?? 0}` })));
          ({ found, next } = await live(owners));
          missing = owners.filter((owner) => !found.has(owner));
        }
        return new Map(
          [...found].map(([owner, stored]) => {
            const bytes = unwrap(stored);
            return [owner, { name: nameIn(stored._id, bytes), bytes }];
          }),
        );
      }),

    byName: (names) =>
      reached(async () => {
        const found = new Map<string, StoredKey>();
        for (const some of portions(names))
          for (const stored of await keys.find({ _id: { $in: some.map(idOf) } }).toArray())
            found.set(`${stored._id}:${stored.name}`, stored);
        return new Map(
          names.flatMap((name): [string, Buffer | null][] => {
            const stored = found.get(name);
            return stored ? [[name, stored.erasedAt ? null : unwrap(stored)]] : [];
          }),
        );
      }),

    newSnapshotKey: (stream, erasures) =>
      reached(async () => {
        await ready();
        const bytes = newKey();
        const made = { name: nameOfKey(bytes), ...wrap(stream, bytes) };
        for (;;) {
          const before = await snapshots.findOne({ _id: stream });
          if ((before?.erasures ?? 0) !== erasures) return undefined;
          if (await addSnapshotKey(stream, before, made)) return { name: made.name, bytes };
        }
      }),

    snapshotKeys: (stream) =>
      reached(async () => {
        const { keys = [], erasures = 0 } = (await snapshots.findOne({ _id: stream })) ?? {};
        return { keys: keys.map((key) => ({ name: key.name, bytes: unwrap({ _id: stream, ...key }) })), erasures };
      }),

    latest: (owner) =>
      reached(async () => {
        const stored = await keys.find({ owner }, { projection: { name: 1 } }).toArray();
        const [last] = stored.sort((a, b) => countOf(b._id) - countOf(a._id));
        return last && `${last._id}:${last.name}`;
      }),

    erase: (name) =>
      reached(async () => {
        const which = { _id: idOf(name), name: name.slice(idOf(name).length + 1), erasedAt: { $exists: false } };
        const change = { $set: { erasedAt: new Date(machine.now()) }, $unset: { wrapped: '', master: '' } } as const;
        await keys.updateOne(which, change);
      }),

    eraseSnapshots: (streams) =>
      reached(async () => {
        const update = { $set: { keys: [] }, $inc: { erasures: 1 } };
        for (const some of portions(streams))
          await snapshots.bulkWrite(
            some.map((_id) => ({ updateOne: { filter: { _id }, update, upsert: true } })),
            { ordered: false },
          );
      }),

    rotate: () =>
      reached(async () => {
        let count = 0;
        for await (const stored of keys.find({ master: { $exists: true, $ne: newest?.id ?? '' } })) {
          const filter = { _id: stored._id, master: stored.master! };
          const { modifiedCount } = await keys.updateOne(filter, { $set: wrap(stored._id, unwrap(stored)) });
          count += modifiedCount;
        }
        for await (const { _id, keys: before } of snapshots.find({ 'keys.master': { $ne: newest?.id ?? '' } })) {
          const after = before.map((key) => ({ name: key.name, ...wrap(_id, unwrap({ _id, ...key })) }));
          await snapshots.updateOne({ _id, keys: before }, { $set: { keys: after } });
          count += after.length;
        }
        return count;
      }),

    isEmpty: () => reached(async () => (await keys.findOne({})) === null),

    check: () =>
      reached(async () => {
        const checked = { live: 0, erased: 0, unreadable: [] as string[] };
        for await (const stored of keys.find()) {
          if (stored.erasedAt) {
            checked.erased += 1;
            continue;
          }
          checked.live += 1;
          try {
            if (nameOfKey(unwrap(stored)) !== stored.name) checked.unreadable.push(stored._id);
          } catch {
            checked.unreadable.push(stored._id);
          }
        }
        return checked;
      }),
  };
};
