import type { EventMetadata, Position } from '../../platform/event-store/types.ts';
import type { Refusal } from './decider.ts';

type Event = { type: string; data: object };

/** What a command gives a desk, besides itself. */
export type Request = {
  command: { type: string; data: object };
  /** Everything but the event's own schema version. Its `commandId` is the same when the same command comes again. */
  metadata: Omit<EventMetadata, 'schemaVersion'>;
  /** What the client says the stream stands at: one of these revisions, or that it exists at all. */
  ifMatch?: readonly bigint[] | '*';
  /** The client says that the stream does not exist. */
  ifNoneMatch?: boolean;
  /** The owner that the addressed thing must have; left out, any. */
  ownedBy?: string;
  /** The scope that the thing must be in; with `ownedBy`, either will do. */
  within?: { field: string; values: readonly string[] };
  /** Whether nobody waits for the answer any more: a command that is not yet decided is then dropped. */
  isAbandoned?(): boolean;
};

/** How a command ended. Everything but `done` and an uncertain `unavailable` left nothing in the stream. */
export type Outcome =
  | { kind: 'done'; events: readonly Event[]; revision: bigint; position: Position | undefined }
  | { kind: 'refused'; refusal: Refusal }
  /** The caller owns nothing that the command names: it is somebody else's, or does not exist. */
  | { kind: 'not-owner' }
  /** The stream stands at another revision than the client said; -1 for a stream that does not exist. */
  | { kind: 'stale'; revision: bigint }
  /** The command's id was another command's. */
  | { kind: 'key-reused' }
  | { kind: 'too-large' }
  /** So many wait already; without a limit: other processes kept being faster. */
  | { kind: 'overloaded'; limit?: Limit }
  | { kind: 'dropped' }
  /** Its decision, or the fold of the stream's events, threw: a defect. */
  | { kind: 'failed' }
  /** The stream holds events that only a newer Plaza knows. */
  | { kind: 'too-new' }
  /** `uncertain`: it may have been done all the same; a repeat under the same id finds out. */
  | { kind: 'unavailable'; uncertain: boolean };

/** A bound that was reached: how many commands may wait or be in flight, in all or for one stream. */
export type Limit = { name: 'commands' | 'stream'; most: number };

/** A command that waits for its outcome. */
export type Waiting = {
  readonly request: Request;
  /** Gives the command its outcome. The first one counts. */
  settle(outcome: Outcome): void;
  /**
   * `confirmed`: the stream was read since the command came, so that it may be refused on what was read. `settled`: it
   * has its outcome.
   */
  state: 'queued' | 'confirmed' | 'settled';
};
