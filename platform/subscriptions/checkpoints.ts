import type { Collection, Db } from 'mongodb';
import { type Position, START } from '../event-store/types.ts';
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
  /** The fencing token of the lease that wrote it. An older lease can no longer write. */
  token: number;
  /** The number of its last move. Numbers have an order in a filter; positions, which are texts, have none. */
  moves?: number;
  /** Set while a rebuild replaces the view. No process works on the consumer until the rebuild has ended. */
  switching?: boolean;
  /** Identifies the collection that the checkpoint describes: of a build its name, of a live view its UUID. */
  collection?: string;
  updatedAt: Date;
};

export const checkpoints = (db: Db): Collection<Checkpoint> => db.collection<Checkpoint>('checkpoints');

export const positionOf = ({ commit, prepare }: Pick<Checkpoint, 'commit' | 'prepare'>): Position => ({
  commit: BigInt(commit),
  prepare: BigInt(prepare),
});

const decimals = (position: Position) => ({ commit: position.commit.toString(), prepare: position.prepare.toString() });

/**
 * Claims checkpoints for leases, against all older leases. Their moves are numbered anew, since other processes have
 * other numbers and version 1.0.0 has none.
 * @param tokens the fencing tokens of the consumers
 * @returns the checkpoints of those that have one; a newer lease has claimed one with another token
 */
export const claimCheckpoints = async (
  db: Db,
  tokens: ReadonlyMap<string, number>,
): Promise<Map<string, Checkpoint>> => {
  await checkpoints(db).bulkWrite(
    [...tokens].map(([_id, token]) => ({
      updateOne: { filter: { _id, token: { $lte: token } }, update: { $set: { token, moves: 0 } } },
    })),
    { ordered: false },
  );
  const standing = await checkpoints(db)
    .find({ _id: { $in: [...tokens.keys()] } })
    .toArray();
  return new Map(standing.map((checkpoint) => [checkpoint._id, checkpoint]));
};

/**
 * Claims one checkpoint.
 * @returns the checkpoint, or null when the consumer has none
 * @throws LeaseLostError when a newer lease has claimed it
 */
export const claimCheckpoint = async (db: Db, consumer: string, token: number): Promise<Checkpoint | null> => {
  const claimed = (await claimCheckpoints(db, new Map([[consumer, token]]))).get(consumer);
  if (claimed && claimed.token !== token) throw new LeaseLostError(`${consumer} was taken over`);
  return claimed ?? null;
};

type Identity = Pick<Consumer, 'name' | 'view' | 'version' | 'partitions'>;

/** Returns the first checkpoint of a consumer. */
export const newCheckpoint = ({ name, view, version, partitions }: Identity, token: number): Checkpoint => ({
  _id: name,
  view,
  version,
  partitions,
  ...decimals(START),
  token,
  moves: 0,
  updatedAt: new Date(machine.now()),
});

/** Writes the first checkpoint of a consumer. */
export const createCheckpoint = async (db: Db, consumer: Identity, token: number): Promise<Checkpoint> => {
  const checkpoint = newCheckpoint(consumer, token);
  await checkpoints(db).insertOne(checkpoint);
  return checkpoint;
};

export type CheckpointMove = { consumer: string; token: number; position: Position };

/** The moves begun over each connection: a simulation has several processes in one. */
const begun = new WeakMap<Db, number>();

/**
 * Moves the checkpoints whose lease is still held. A move that reaches the database after a later one, as it may when
 * its connection broke, changes nothing: the checkpoint would go back, and stay there until the next event.
 * @returns the consumers whose lease was lost
 */
export const moveCheckpoints = async (db: Db, moves: readonly CheckpointMove[]): Promise<string[]> => {
  if (moves.length === 0) return [];
  const updatedAt = new Date(machine.now());
  const number = (begun.get(db) ?? 0) + 1;
  begun.set(db, number);
  const { matchedCount } = await checkpoints(db).bulkWrite(
    moves.map(({ consumer, token, position }) => ({
      updateOne: {
        filter: { _id: consumer, token, moves: { $lt: number } },
        update: { $set: { ...decimals(position), moves: number, updatedAt } },
      },
    })),
    { ordered: false },
  );
  if (matchedCount === moves.length) return [];
  const standing = await checkpoints(db)
    .find({ _id: { $in: moves.map(({ consumer }) => consumer) } })
    .toArray();
  const tokens = new Map(standing.map(({ _id, token }) => [_id, token]));
  return moves.filter(({ consumer, token }) => tokens.get(consumer) !== token).map(({ consumer }) => consumer);
};

/** Writes checkpoints for a whole process. Moves that arrive during a write go together in the next one. */
export type CheckpointWriter = {
  /** @returns false when the lease was lost */
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
        for (const { consumer, settle } of moves) for (const { resolve } of settle) resolve(!lost.has(consumer));
      } catch (error) {
        for (const { settle } of moves) for (const { reject } of settle) reject(error);
      }
    }
    writing = false;
  };

  return {
    move(move) {
      const settle = Promise.withResolvers<boolean>();
      queue.set(move.consumer, { ...move, settle: [...(queue.get(move.consumer)?.settle ?? []), settle] });
      if (!writing) machine.nextTurn(write);
      writing = true;
      return settle.promise;
    },
  };
};
