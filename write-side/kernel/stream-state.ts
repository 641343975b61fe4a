import type { Streams } from '../../platform/event-store/streams.ts';
import type { Revision, StoredEvent } from '../../platform/event-store/types.ts';
import type { AppendBatch } from './append-batch.ts';
import type { AnyDecider, Message } from './decider.ts';
import { type RecentCommands, recentCommands } from './recent-commands.ts';
import { readSnapshot, type SnapshotSize, writeSnapshot } from './snapshot.ts';

/** Events between two snapshots; more when snapshots are large, so that they stay a small part of what is written. */
const SNAPSHOT_EVERY = 500;
const SNAPSHOT_BYTES_PER_EVENT = 50;
/** Events after the snapshot from which another one pays off when the state is dropped. */
const SNAPSHOT_BEFORE_LEAVING = 10;

/** A stream's state as of one of its events. */
export type StreamState = {
  folded: unknown;
  /** Of the last event folded; -1 when there is none. */
  revision: bigint;
  recent: RecentCommands;
  /** The newest snapshot: -1 when there is none. */
  snapshot: { revision: bigint } & SnapshotSize;
  /** How often snapshots of the stream had been erased before the state was read. */
  erasures: number;
};

/** A stream lacks events, so its state is unknown: it was deleted or truncated. */
export class TruncatedStreamError extends Error {
  override readonly name = 'TruncatedStreamError';
}

export type StreamStatesOptions = {
  stream: string;
  decider: AnyDecider;
  store: Streams;
  /** Returns an event in today's version. @throws UnknownEventVersionError */
  upcast(event: StoredEvent): Message;
  onError(error: unknown): void;
};

/**
 * Loads the state of a stream from its newest snapshot and the events after it, brings it up to date, and keeps
 * snapshots of it.
 */
export const streamStates = ({ stream, decider, store, upcast, onError }: StreamStatesOptions) => {
  let writing: Promise<boolean> | undefined;

  /**
   * Folds what other processes appended.
   * @returns false when the state's last event no longer exists, because the stream was deleted: the state is unusable
   * @throws StoreUnavailableError, TruncatedStreamError, and what `evolve` and `upcast` throw; the state is then unusable
   *   too
   */
  const catchUp = async (state: StreamState): Promise<boolean> => {
    let isHere = state.revision < 0n;
    for await (const event of store.read(stream, isHere ? 0n : state.revision)) {
      if (event.revision === state.revision) {
        isHere = true;
      } else if (!isHere) {
        return false;
      } else if (event.revision !== state.revision + 1n) {
        throw new TruncatedStreamError(`${stream} lacks the events before revision ${event.revision}`);
      } else {
        state.folded = decider.evolve(state.folded, upcast(event));
        state.revision = event.revision;
        state.recent.add(event.metadata, event.revision);
      }
    }
    return isHere;
  };

  const ofNewStream = (erasures = 0): StreamState => ({
    folded: decider.initialState,
    revision: -1n,
    recent: recentCommands(),
    snapshot: { revision: -1n, bytes: 0, parts: 0 },
    erasures,
  });

  const fromSnapshot = async (erasures: number): Promise<StreamState | undefined> => {
    const found = await readSnapshot(store, stream, decider.snapshotVersion, onError);
    if (!found) return undefined;
    const { state: folded, recent, ...snapshot } = found;
    return { folded, revision: snapshot.revision, recent: recentCommands(recent), snapshot, erasures };
  };

  /** @throws what {@link catchUp} throws */
  const load = async (): Promise<StreamState> => {
    const erasures = (await store.snapshots?.snapshotErasures(stream)) ?? 0;
    const state = await fromSnapshot(erasures);
    if (state && (await catchUp(state))) return state;
    const whole = ofNewStream(erasures);
    await catchUp(whole);
    if (whole.revision < 0n && (await store.isCut(stream)))
      throw new TruncatedStreamError(`${stream} was deleted or truncated`);
    return whole;
  };

  const write = async (state: StreamState): Promise<boolean> => {
    const { snapshot, erasures } = state;
    const revision = state.revision as Revision;
    const content = { revision, state: state.folded, recent: state.recent.save() };
    const written = await writeSnapshot(store, stream, decider.snapshotVersion, content, snapshot.parts, erasures);
    if (written === 'erased') return false;
    if (written) state.snapshot = { revision, ...written };
    return true;
  };

  const writeSafely = async (state: StreamState): Promise<boolean> => {
    try {
      if (await write(state)) return true;
      await write(await load());
      return false;
    } catch (error) {
      onError(error);
      return true;
    }
  };

  return {
    /** Returns the state of a stream without events. */
    ofNewStream: () => ofNewStream(),
    load,
    catchUp,
    /** Takes over a batch that was appended. */
    advance(state: StreamState, { decided, folded, revision }: AppendBatch): void {
      for (const { waiting, events, last } of decided)
        state.recent.add(waiting.request.metadata, last - BigInt(events.length) + 1n);
      state.folded = folded;
      state.revision = revision;
    },
    /**
     * Writes a snapshot if one is due. Never rejects.
     * @param leaving whether the state is about to be dropped
     * @returns false when the state may have personal data that was erased since it was read: it must be dropped, and
     *   the snapshot is one of the events instead
     */
    async snapshot(state: StreamState, leaving = false): Promise<boolean> {
      if (writing && !leaving) return true;
      await writing;
      const every = leaving
        ? SNAPSHOT_BEFORE_LEAVING
        : Math.max(SNAPSHOT_EVERY, state.snapshot.bytes / SNAPSHOT_BYTES_PER_EVENT);
      if (Number(state.revision - state.snapshot.revision) < every) return true;
      writing = writeSafely(state);
      const isCurrent = await writing;
      writing = undefined;
      return isCurrent;
    },
  };
};

export type StreamStates = ReturnType<typeof streamStates>;
