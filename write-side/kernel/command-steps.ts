import type { Position } from '../../platform/event-store/types.ts';
import type { Refusal } from './decider.ts';

type Event = { type: string; data: object };

/** The outcome of a dispatched command. `unavailable`: it may have been done, and a repeat finds out. */
export type DispatchOutcome =
  | { kind: 'done'; events: readonly Event[]; revision: bigint; position: Position | undefined }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'unavailable' };

/** Sends a command to another stream, on behalf of the command that is being answered. */
export type Dispatch = (command: Event) => Promise<DispatchOutcome>;

/**
 * The outcome of the steps after a command. `later`: not known yet. The answer is then 202 where the command may take
 * longer, and 503 elsewhere.
 */
export type Settled =
  | { kind: 'done'; revision: bigint; position: Position | undefined; body?: object }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'later' };

/**
 * The side-effect steps of a command that comes over HTTP. The process may end between any two of them: a policy or a
 * deadline must then complete them.
 */
export type CommandSteps<Data extends object = object> = {
  /** The most of these commands that one process handles at a time, and the refusal of one more. */
  limit?: { most: number; refusal: Refusal };
  /** Checks in other streams or services whether the command may be decided. */
  check?(data: Data, dispatch: Dispatch): Promise<Refusal | undefined>;
  /** Takes the steps after the command, as far as the answer waits for them. */
  settle?(data: Data, events: readonly Event[], dispatch: Dispatch): Promise<Settled>;
  /** Milliseconds for `settle`. Then the answer is 202, and the steps continue. */
  settleWithin?: number;
};

/** The steps of commands, by their type. */
// biome-ignore lint/suspicious/noExplicitAny: each is checked against its own command where it is defined
export type StepsByCommand = Readonly<Record<string, CommandSteps<any>>>;
