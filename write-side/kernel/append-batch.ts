import { defined } from '../../schemas/kernel/defined.ts';
import { type AnyDecider, type Decision, type DecisionInput, isRefusal, type Message } from './decider.ts';
import { type RecentCommands, replayed, type UnchangedAnswers } from './recent-commands.ts';
import type { Outcome, Request, Tried, Waiting } from './request.ts';

/** A command that yields events; `last` is the revision of the last of them. */
export type Decided = { waiting: Waiting; events: readonly Message[]; last: bigint };

/** The outcome of a command that seems to be in the stream already: the answer is read at this revision. */
export type Repeated = { kind: 'repeated'; at: bigint };

/** A command that yields no events. */
export type Concluded = { waiting: Waiting; outcome: Outcome | Tried | Repeated };

/** Commands that were decided together; their events go into one append. */
export type AppendBatch = {
  decided: readonly Decided[];
  /** Final outcomes: they do not depend on the state, or the stream was read after their commands came. */
  settled: readonly Concluded[];
  /** Outcomes that the append must confirm: they rest on events of this batch, or on a state that may be outdated. */
  resting: readonly Concluded[];
  /** Commands without an outcome yet, in the order in which they came: decided and resting. */
  members: readonly Waiting[];
  /** The state after the batch, and the revision of its last event. */
  folded: unknown;
  revision: bigint;
};

/** The state that a batch is decided on. */
export type Standing = {
  folded: unknown;
  revision: bigint;
  recent: Pick<RecentCommands, 'find'>;
  unchanged: Pick<UnchangedAnswers, 'find'>;
};

export type DecideOptions = {
  decider: AnyDecider;
  /** {@link DecisionInput.timeZone} */
  timeZone: string;
  /** Called with errors that a decision throws. */
  onError(error: unknown): void;
};

/** The limits of one append. */
export type BatchLimits = { commands: number; bytes: number };

/** The most bytes of an event that do not come from its command: fields from the state, and fixed metadata. */
const EVENT_OVERHEAD_BYTES = 1_000;

/** Returns an upper bound of the bytes of a command's events. */
const bytesOf = ({ command, metadata }: Request, events: number): number =>
  events * (3 * (JSON.stringify(command).length + metadata.commandId.length) + EVENT_OVERHEAD_BYTES);

const isStale = ({ ifMatch, ifNoneMatch }: Request, revision: bigint): boolean =>
  (ifNoneMatch === true && revision >= 0n) ||
  (ifMatch !== undefined && (revision < 0n || (ifMatch !== '*' && !ifMatch.includes(revision))));

/**
 * Takes commands from a queue and decides them in order, each on the state left by those before it, until the queue is
 * empty or an append is full.
 * @param queue loses the commands that were taken
 */
export const decideBatch = (
  { decider, timeZone, onError }: DecideOptions,
  standing: Standing,
  queue: Waiting[],
  limits: BatchLimits,
): AppendBatch => {
  const decided: Decided[] = [];
  const settled: Concluded[] = [];
  const resting: Concluded[] = [];
  const members: Waiting[] = [];
  const firstById = new Map<string, { fingerprint: string; outcome: Outcome }>();
  let { folded, revision } = standing;
  let bytes = 0;

  const isWithin = ({ within }: Request): boolean => {
    const value = within && decider.scope?.(folded)?.[within.field];
    return value !== undefined && within?.values.includes(value) === true;
  };

  const inputOf = ({ request: { prepared, metadata }, isTrial }: Waiting): DecisionInput => ({
    now: metadata.time,
    timeZone,
    revision: revision + 1n,
    isTrial,
    ...defined({ prepared }),
  });

  /** Returns as whom the caller may give a command; undefined for a caller who may not. */
  const standingOf = (request: Request): Pick<DecisionInput, 'asOwner'> | undefined => {
    const { command, ownedBy, within } = request;
    if ((ownedBy === undefined && within === undefined) || isWithin(request)) return {};
    return ownedBy !== undefined && decider.owner?.(command, folded) === ownedBy ? { asOwner: true } : undefined;
  };

  /** Decides a command. The owner is checked first, so that no outcome shows others whether the thing exists. */
  const consider = (
    waiting: Waiting,
  ): Outcome | Tried | { kind: 'decided'; events: readonly Message[]; after: unknown } => {
    const { request, isTrial } = waiting;
    try {
      const as = standingOf(request);
      if (!as) return { kind: 'not-owner' };
      if (isStale(request, revision)) return { kind: 'stale', revision };
      const decision: Decision<Message> = decider.decide(request.command, folded, { ...inputOf(waiting), ...as });
      if (isRefusal(decision)) return { kind: 'refused', refusal: decision };
      if (isTrial) return { kind: 'tried' };
      if (decision.length === 0) {
        const read = decider.read?.(request.command, folded);
        return { kind: 'done', events: [], revision, position: undefined, ...defined({ read }) };
      }
      const after = decision.reduce((state, event) => decider.evolve(state, event), folded);
      return { kind: 'decided', events: decision, after };
    } catch (error) {
      onError(error);
      return { kind: 'failed' };
    }
  };

  /** Returns the outcome of a command that came before. */
  const earlier = ({ metadata }: Request): Outcome | Repeated | undefined => {
    const first = firstById.get(metadata.commandId);
    if (first) return first.fingerprint === metadata.fingerprint ? replayed(first.outcome) : { kind: 'key-reused' };
    const at = standing.recent.find(metadata.commandId);
    return at === undefined ? standing.unchanged.find(metadata) : { kind: 'repeated', at };
  };

  /** Returns the refusal of a repeat whose first result has ended. */
  const ended = (waiting: Waiting): Outcome | undefined => {
    try {
      const refusal = decider.ended?.(waiting.request.command, folded, inputOf(waiting));
      return refusal && { kind: 'refused', refusal };
    } catch (error) {
      onError(error);
      return { kind: 'failed' };
    }
  };

  /** Records an outcome without events. It is final when it rests only on a read since the command came. */
  const conclude = (waiting: Waiting, outcome: Outcome | Tried | Repeated): void => {
    if (decided.length === 0 && waiting.state === 'confirmed') {
      settled.push({ waiting, outcome });
    } else {
      resting.push({ waiting, outcome });
      members.push(waiting);
    }
  };

  /** Returns whether there was room for the command. */
  const take = (waiting: Waiting): boolean => {
    const { request } = waiting;
    const { commandId, fingerprint } = request.metadata;
    if (request.isAbandoned?.()) {
      settled.push({ waiting, outcome: { kind: 'dropped' } });
      return true;
    }
    const known = earlier(request);
    if (known) {
      if (request.isNamedByContent) conclude(waiting, ended(waiting) ?? known);
      else if (firstById.has(commandId)) conclude(waiting, known);
      else settled.push({ waiting, outcome: known });
      return true;
    }
    const considered = consider(waiting);
    if (considered.kind !== 'decided') {
      if (considered.kind === 'done') firstById.set(commandId, { fingerprint, outcome: considered });
      conclude(waiting, considered);
      return true;
    }
    const { events, after } = considered;
    // A single command is appended whatever its size. Its bytes are measured only when another one joins it.
    const [alone] = decided;
    if (alone) {
      if (decided.length === 1) bytes = bytesOf(alone.waiting.request, alone.events.length);
      bytes += bytesOf(request, events.length);
      if (bytes > limits.bytes) return false;
    }
    folded = after;
    revision += BigInt(events.length);
    const own: Decided = { waiting, events, last: revision };
    decided.push(own);
    members.push(waiting);
    const outcome: Outcome = { kind: 'done', events, revision, position: undefined };
    firstById.set(commandId, { fingerprint, outcome });
    return true;
  };

  let taken = 0;
  while (taken < queue.length && decided.length < limits.commands && take(queue[taken]!)) taken += 1;
  queue.splice(0, taken);
  return { decided, settled, resting, members, folded, revision };
};
