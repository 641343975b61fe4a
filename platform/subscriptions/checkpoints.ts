import type { Collection, Db } from 'mongodb';
import { comparePositions, type Position, type Reached, type Revision, START } from '../event-store/types.ts';
import { machine } from '../machine/machine.ts';
import { type Consumer, LeaseLostError } from './consumer.ts';

/**
 * The progress of a consumer. Positions are decimal strings: the driver's 64-bit numbers lose precision in JSON and in
 * filters.
 */
export type Checkpoint = {
  _id: string;
  view: string;
  version: number;
  partitions: number;
  commit: string;
  prepare: string;
  /**
   * The newest of Plaza's events up to the position; it identifies the history. Left out before the first one, and by
   * older versions.
   */
  event?: { id: string; stream: string; revision: string; commit: string; prepare: string };
  /** The fencing token of the lease that wrote it. An older lease can no longer write. */
  token: number;
  /** Unique to the write that made it so: the next one requires it. Left out by older versions. */
  stamp?: string;
  /** Set while a rebuild replaces the view. No process works on the consumer until the rebuild has ended. */
  switching?: boolean;
  /** Identifies the collection that the checkpoint describes: of a build its name, of a live view its UUID. */
  collection?: string;
  updatedAt: Date;
};

export const checkpoints = (db: Db): Collection<Checkpoint> => db.collection<Checkpoint>('checkpoints');

const numbers = ({ commit, prepare }: Pick<Checkpoint, 'commit' | 'prepare'>): Position => ({
  commit: BigInt(commit),
  prepare: BigInt(prepare),
});

export const positionOf = ({ event, ...position }: Pick<Checkpoint, 'commit' | 'prepare' | 'event'>): Reached => ({
  ...numbers(position),
  ...(event && {
    event: {
      id: event.id,
      stream: event.stream,
      revision: BigInt(event.revision) as Revision,
      position: numbers(event),
    },
  }),
});

const decimals = ({ commit, prepare }: Position) => ({ commit: `${commit}`, prepare: `${prepare}` });

/** Returns a position as a checkpoint stores it. */
export const storedPosition = ({ event, ...position }: Reached): Pick<Checkpoint, 'commit' | 'prepare' | 'event'> => ({
  ...decimals(position),
  ...(event && {
    event: { id: event.id, stream: event.stream, revision: `${event.revision}`, ...decimals(event.position) },
  }),
});

/** A checkpoint that this process has claimed, as it knows the stored one. */
export type HeldCheckpoint = {
  readonly consumer: string;
  readonly token: number;
  /**
   * The stamps that the stored checkpoint may have: that of the last confirmed write, and those of writes since then
   * whose outcome is unknown. Replaced with every write.
   */
  stamps: readonly string[];
  /** The furthest position of all writes, whatever came of them. */
  furthest?: Position;
};

/**
 * Returns whether a stored checkpoint is older than this process knows: MongoDB was restored from a copy, or the
 * checkpoint was removed. Another process's claim is newer.
 */
export const isOutdated = (
  { token, stamps }: HeldCheckpoint,
  stored: Pick<Checkpoint, 'token' | 'stamp'> | undefined,
): boolean =>
  !stored || stored.token < token || (stored.token === token && !(stored.stamp && stamps.includes(stored.stamp)));

/**
 * Claims checkpoints for leases, against all older leases.
 * @param tokens the fencing tokens of the consumers
 * @returns the checkpoints of those that have one; undefined for one that a newer lease has claimed
 */
export const claimCheckpoints = async (
  db: Db,
  tokens: ReadonlyMap<string, number>,
): Promise<Map<string, (Checkpoint & { stamp: string }) | undefined>> => {
  const stamp = machine.uuid();
  await checkpoints(db).bulkWrite(
    [...tokens].map(([_id, token]) => ({
      updateOne: { filter: { _id, token: { $lte: token } }, update: { $set: { token, stamp } } },
    })),
    { ordered: false },
  );
  const standing = await checkpoints(db)
    .find({ _id: { $in: [...tokens.keys()] } })
    .toArray();
  return new Map(
    standing.map((checkpoint) => [checkpoint._id, checkpoint.stamp === stamp ? { ...checkpoint, stamp } : undefined]),
  );
};

/**
 * Claims one checkpoint.
 * @returns the checkpoint, or null when the consumer has none
 * @throws LeaseLostError when a newer lease has claimed it
 */
export const claimCheckpoint = async (
  db: Db,
  consumer: string,
  token: number,
): Promise<(Checkpoint & { stamp: string }) | null> => {
  const claimed = await claimCheckpoints(db, new Map([[consumer, token]]));
  if (!claimed.has(consumer)) return null;
  const own = claimed.get(consumer);
  if (!own) throw new LeaseLostError(`${consumer} was taken over`);
  return own;
};

/** Returns a checkpoint that this process has just claimed or made. */
export const heldCheckpoint = ({ _id, token, stamp }: Checkpoint & { stamp: string }): HeldCheckpoint => ({
  consumer: _id,
  token,
  stamps: [stamp],
});

type Identity = Pick<Consumer, 'name' | 'view' | 'version' | 'partitions'>;

/** Returns the first checkpoint of a consumer. */
export const newCheckpoint = (
  { name, view, version, partitions }: Identity,
  token: number,
): Checkpoint & { stamp: string } => ({
  _id: name,
  view,
  version,
  partitions,
  ...decimals(START),
  token,
  stamp: machine.uuid(),
  updatedAt: new Date(machine.now()),
});

/** Writes the first checkpoint of a consumer. */
export const createCheckpoint = async (db: Db, consumer: Identity, token: number): Promise<HeldCheckpoint> => {
  const checkpoint = newCheckpoint(consumer, token);
  await checkpoints(db).insertOne(checkpoint);
  return heldCheckpoint(checkpoint);
};

/** The most writes without an answer whose stamps are kept: none of them arrives after as many later ones. */
const UNKNOWN_MOST = 50;

export type CheckpointMove = { held: HeldCheckpoint; position: Reached };

/** Reads the stored checkpoints of claims, by consumer. */
export const readStamps = async (
  db: Db,
  claims: readonly HeldCheckpoint[],
): Promise<Map<string, Pick<Checkpoint, 'token' | 'stamp'>>> => {
  const standing = await checkpoints(db)
    .find({ _id: { $in: claims.map(({ consumer }) => consumer) } }, { projection: { token: 1, stamp: 1 } })
    .toArray();
  return new Map(standing.map((checkpoint) => [checkpoint._id, checkpoint]));
};

/** After a write without an answer its events are handled again, perhaps one by one: the stored position may be ahead. */
const isAhead = ({ held: { furthest }, position }: CheckpointMove): boolean =>
  furthest === undefined || comparePositions(position, furthest) >= 0;

/**
 * Moves checkpoints, each only over the one that its claim wrote last. So a checkpoint of a newer lease stays, one that
 * came back with an older copy of MongoDB is not moved past the events that the copy lacks, and a move that arrives
 * after a later one changes nothing: the checkpoint would go back, and stay there until the next event. A move to a
 * position before one that may have been written is left out.
 * @returns the consumers whose stored checkpoint is another one: it must be claimed again
 */
export const moveCheckpoints = async (db: Db, all: readonly CheckpointMove[]): Promise<string[]> => {
  const moves = all.filter(isAhead);
  if (moves.length === 0) return [];
  const updatedAt = new Date(machine.now());
  const stamp = machine.uuid();
  const writes = moves.map(({ held: { consumer, token, stamps }, position }) => ({
    updateOne: {
      filter: { _id: consumer, token, stamp: { $in: [...stamps] } },
      update: { $set: { ...storedPosition(position), stamp, updatedAt } },
    },
  }));
  for (const { held, position } of moves) {
    held.furthest = position;
    const [confirmed = '', ...unknown] = held.stamps;
    held.stamps = [confirmed, ...unknown.slice(-UNKNOWN_MOST), stamp];
  }
  const { matchedCount } = await checkpoints(db).bulkWrite(writes, { ordered: false });
  const confirm = ({ held }: CheckpointMove) => {
    held.stamps = held.stamps.slice(Math.max(0, held.stamps.indexOf(stamp)));
  };
  if (matchedCount === moves.length) {
    moves.forEach(confirm);
    return [];
  }
  const stored = await readStamps(
    db,
    moves.map(({ held }) => held),
  );
  const lost: string[] = [];
  for (const move of moves) {
    const { held } = move;
    const found = stored.get(held.consumer);
    if (found?.token !== held.token || isOutdated(held, found)) lost.push(held.consumer);
    else if (found.stamp === stamp) confirm(move);
  }
  return lost;
};

/**
 * Removes the checkpoints of a view if the stored one is older than this process knows, so that the view is built anew.
 * Documents that were written after MongoDB went back have a later position than the events that the copy lacks, so the
 * view would skip these events.
 */
export const forgetOutdated = async (db: Db, held: HeldCheckpoint, view: string): Promise<void> => {
  const stored = (await readStamps(db, [held])).get(held.consumer);
  if (stored && isOutdated(held, stored)) await checkpoints(db).deleteMany({ view });
};

/** Writes checkpoints for a whole process. Moves that arrive during a write go together in the next one. */
export type CheckpointWriter = {
  /** @returns false when the stored checkpoint is not the one that was written last */
  move(move: CheckpointMove): Promise<boolean>;
};

type Waiting = CheckpointMove & { settle: PromiseWithResolvers<boolean>[] };

export const checkpointWriter = (db: Db): CheckpointWriter => {
  let queue = new Map<string, Waiting>();
  let writing = false;

  const write = async (): Promise<void> => {
    while (queue.size > 0) {
      const moves = [...queue.values()];
      queue = new Map();
      try {
        const lost = new Set(await moveCheckpoints(db, moves));
        for (const { held, settle } of moves) for (const { resolve } of settle) resolve(!lost.has(held.consumer));
      } catch (error) {
        for (const { settle } of moves) for (const { reject } of settle) reject(error);
      }
    }
    writing = false;
  };

  return {
    move(move) {
      const settle = Promise.withResolvers<boolean>();
      const { consumer } = move.held;
      queue.set(consumer, { ...move, settle: [...(queue.get(consumer)?.settle ?? []), settle] });
      if (!writing) machine.nextTurn(write);
      writing = true;
      return settle.promise;
    },
  };
};
