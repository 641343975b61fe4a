import type { EventMetadata, Position } from '../../platform/event-store/types.ts';
import type { Decider, DecisionInput, Message, Refusal } from './decider.ts';

/** A command and its conditions. */
export type Request = {
  command: Message;
  /** The metadata of its events, without their schema version. A repeated command has the same `commandId`. */
  metadata: Omit<EventMetadata, 'schemaVersion'>;
  /** The revisions that the client accepts, or `*` for any existing stream. */
  ifMatch?: readonly bigint[] | '*';
  /** Requires that the stream does not exist. */
  ifNoneMatch?: boolean;
  /** The owner that the addressed thing must have, if given. */
  ownedBy?: string;
  /** The scope that the thing must be in. With `ownedBy`, one of the two suffices. */
  within?: { field: string; values: readonly string[] };
  /** {@link DecisionInput.prepared}: not part of the command, so a repeat may come with other values. */
  prepared?: DecisionInput['prepared'];
  /**
   * Whether the command's id is made from its content. A repeat then gets the first answer only while its result
   * stands ({@link Decider.ended}). With an id from the sender it is the same request, and always gets that answer.
   */
  isNamedByContent?: boolean;
  /** Whether the client has gone. A command that is not yet decided is then dropped. */
  isAbandoned?(): boolean;
};

/** The outcome of a command. Only `done` and an uncertain `unavailable` may have appended events. */
export type Outcome =
  | {
      kind: 'done';
      events: readonly Message[];
      revision: bigint;
      position: Position | undefined;
      read?: object;
      /** Set for the answer to an earlier command, which this one repeats. */
      isReplayed?: true;
    }
  | { kind: 'refused'; refusal: Refusal }
  /** The caller does not own the addressed thing, or it does not exist. */
  | { kind: 'not-owner' }
  /** The stream has another revision than the client requires; -1 for a stream that does not exist. */
  | { kind: 'stale'; revision: bigint }
  /** Another command had the same id. */
  | { kind: 'key-reused' }
  | { kind: 'too-large' }
  /** Other processes appended first, every time. */
  | { kind: 'conflicting' }
  /** Too many commands wait. */
  | { kind: 'overloaded'; limit?: Limit }
  | { kind: 'dropped' }
  /** The decider threw while it decided or folded events: a defect. */
  | { kind: 'failed' }
  /** The stream holds events that only a newer Plaza knows. */
  | { kind: 'too-new' }
  /** The stream holds an event of another program. */
  | { kind: 'foreign'; detail: string }
  /** The stream was deleted or truncated. */
  | { kind: 'truncated'; detail: string }
  /** `uncertain`: the command may have been done; a repeat under the same id finds out. */
  | { kind: 'unavailable'; uncertain: boolean };

/** The outcome of a trial of a command that would be done. Nothing was appended for it. */
export type Tried = { kind: 'tried' };

/** The outcome of a command that was done. */
export type Done = Extract<Outcome, { kind: 'done' }>;

/** The bound that was reached: how many commands may wait or be in flight, in all or for one stream. */
export type Limit = { name: 'commands' | 'stream'; most: number };

/** A command that waits for its outcome. */
export type Waiting = {
  readonly request: Request;
  /** Whether the command is only tried: it is decided, and what it yields is not appended. */
  readonly isTrial: boolean;
  /** Settles the command. Only the first outcome counts. */
  settle(outcome: Outcome | Tried): void;
  /**
   * `confirmed`: the stream was read after the command came, so the command may be refused. `settled`: the command has
   * its outcome.
   */
  state: 'queued' | 'confirmed' | 'settled';
};
