import type { DecisionInput, Message, Refusal } from './decider.ts';
import type { Done, Outcome } from './request.ts';

/** The outcome of a dispatched command. `unavailable`: it may have been done, and a repeat finds out. */
export type DispatchOutcome = Done | Refused | { kind: 'unavailable' };

type Refused = Extract<Outcome, { kind: 'refused' }>;

/**
 * Sends a command to another stream, on behalf of the command that is being answered. With a `commandId` a repeat gets
 * the first outcome, as long as the stream remembers it. With `asCaller` only what the caller may address is found:
 * anything else is `unavailable`. With `isTrial` it is only tried: `done` means that it would be done.
 */
export type Dispatch = (
  command: Message & { commandId?: string; asCaller?: true; isTrial?: true },
) => Promise<DispatchOutcome>;

/**
 * The outcome of the steps after a command. `later`: not known yet. The answer is then 202 where the command may take
 * longer, and 503 elsewhere. `as-decided`: the answer of the command itself stands.
 */
export type Settled =
  | (Pick<Done, 'kind' | 'revision' | 'position'> & { body?: object })
  | Refused
  | { kind: 'as-decided' }
  | { kind: 'later' };

/** The steps so far may or may not have been done. A policy, a process manager or a deadline completes them. */
export const later: Settled = { kind: 'later' };

/** What steps prepared for a decision. */
export type Prepared = NonNullable<DecisionInput['prepared']>;

/** Returns why a dispatched command was not done. */
export const refusalIn = (outcome: DispatchOutcome): Refusal | 'unavailable' | undefined => {
  if (outcome.kind === 'done') return undefined;
  return outcome.kind === 'refused' ? outcome.refusal : outcome.kind;
};

/**
 * The side-effect steps of a command that comes over HTTP. The process may end between any two of them: a policy or a
 * deadline must then complete them.
 */
export type CommandSteps<Data extends object = object> = {
  /** The most of these commands that one process handles at a time, and the refusal of one more. */
  limit?: { most: number; refusal: Refusal };
  /**
   * Checks in other streams or services whether the command may be decided. It changes nothing. `unavailable`: that is
   * not known, so the command is not decided.
   */
  check?(data: Data, dispatch: Dispatch): Promise<Refusal | 'unavailable' | undefined>;
  /**
   * Reads or changes in other streams what the decision needs: `prepared` of its input. It is called only for a command
   * whose trial succeeds: the decider refuses it for nothing else, and its precondition, its idempotency key and the
   * caller's permission hold. It is not called for a repeat. `unavailable`: the command is not decided, and the answer
   * is 503.
   */
  prepare?(data: Data, dispatch: Dispatch): Promise<Prepared | undefined | 'unavailable'>;
  /** Returns whether `prepare` changes nothing for this command. It then needs no trial. */
  onlyReads?(data: Data): boolean;
  /**
   * Undoes what `prepare` changed for a command that was certainly not done. It is not called when the outcome is
   * unknown, when the client has gone without an answer, or when the process ends. A repeat then completes the command;
   * without one the command's own stream decides later, by a timer or for the next command that the change is in the
   * way of.
   * @param prepared the result of `prepare`
   */
  undo?(data: Data, prepared: Prepared, dispatch: Dispatch): Promise<void>;
  /**
   * Takes the steps after the command, as far as the answer waits for them.
   * @param isRepeat whether it is a repeat under a key, which gets the first answer also after its result has ended
   */
  settle?(data: Data, events: readonly Message[], dispatch: Dispatch, isRepeat?: boolean): Promise<Settled>;
  /** Milliseconds for `settle`. Then the answer is 202, and the steps continue. */
  settleWithin?: number;
};

/** The steps of commands, by their type. */
// biome-ignore lint/suspicious/noExplicitAny: each is checked against its own command where it is defined
export type StepsByCommand = Readonly<Record<string, CommandSteps<any>>>;
