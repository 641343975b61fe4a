import { type Position, StoreUnavailableError } from '../../platform/event-store/types.ts';
import { machine, pause } from '../../platform/machine/machine.ts';
import { ForeignEventError, UnknownEventVersionError } from '../../schemas/kernel/upcast.ts';
import { type AppendOptions, append } from './append.ts';
import { type AppendBatch, type DecideOptions, decideBatch, type Repeated } from './append-batch.ts';
import { findAnswer } from './find-answer.ts';
import { type UnchangedAnswers, unchangedAnswers } from './recent-commands.ts';
import type { Outcome, Request, Tried, Waiting } from './request.ts';
import { sizeOfState } from './saved-state.ts';
import {
  type StreamState,
  type StreamStates,
  type StreamStatesOptions,
  streamStates,
  TruncatedStreamError,
} from './stream-state.ts';

/** The desk of one stream: its cached state, and the commands that wait for it. */
export type Desk = {
  /** Queues a command; commands are decided in the order in which they come. Never rejects. */
  submit(request: Request): Promise<Outcome>;
  /**
   * Queues a trial of a command: `tried` when it would be done, and nothing is appended. A repeat of a command that was
   * done gets its outcome. Never rejects.
   */
  attempt(request: Request): Promise<Outcome | Tried>;
  /** Returns how many commands wait or are in flight. */
  busy(): number;
  /** Returns about how many things its state holds. */
  size(): number;
  /** Writes a snapshot before the desk is dropped, if enough events have come since the last one. Never rejects. */
  leave(): Promise<void>;
};

export type DeskOptions = StreamStatesOptions & AppendOptions & DecideOptions;

/** The most that goes into one append: EventStoreDB accepts 1,048,576 bytes by default. */
const MAX_APPEND_BYTES = 900_000;
const MAX_APPEND_COMMANDS = 256;
const MAX_CONFLICTS = 10;

/** The desk of a stream: the state that commands are decided on, and the commands that wait. */
type Work = {
  readonly options: DeskOptions;
  readonly states: StreamStates;
  readonly queue: Waiting[];
  readonly unchanged: UnchangedAnswers;
  /** At first that of a new stream; undefined after a read or an append failed. */
  state: StreamState | undefined;
  /** The stream was not read yet, and no append has proven its revision. */
  isAssumed: boolean;
  busy: number;
  isWorking: boolean;
  /** Conflicts in a row. */
  conflicts: number;
  /** The most commands that go into the next append. */
  most: number;
};

/**
 * A desk decides the commands of one stream one after the other on a cached state, and appends what they yield in
 * batches: while an append is in flight the next commands queue, and form the next append. A command is answered when
 * the events that the answer rests on are durable. The append proves that no other process has written meanwhile; a
 * command that appends nothing is answered after such an append or a look at the stream.
 *
 * The first command is decided as if the stream were new. If that yields events, their append confirms it or conflicts.
 * The stream is read after a conflict, or before the first answer that rests on no event of its own.
 */
export const desk = (options: DeskOptions): Desk => {
  const states = streamStates(options);
  const work: Work = {
    options,
    states,
    queue: [],
    unchanged: unchangedAnswers(),
    state: states.ofNewStream(),
    isAssumed: true,
    busy: 0,
    isWorking: false,
    conflicts: 0,
    most: MAX_APPEND_COMMANDS,
  };
  return {
    submit: (request) =>
      new Promise((resolve) =>
        // Only a trial is `tried`.
        enqueue(work, waitingFor(work, request, false, resolve as (outcome: Outcome | Tried) => void)),
      ),
    attempt: (request) => new Promise((resolve) => enqueue(work, waitingFor(work, request, true, resolve))),
    busy: () => work.busy,
    size() {
      const { state, unchanged } = work;
      const held = state ? state.recent.size() + sizeOfState(state.folded) : 0;
      return 1 + unchanged.size() + held;
    },
    async leave() {
      if (work.state) await work.states.snapshot(work.state, true);
    },
  };
};

const waitingFor = (
  work: Work,
  request: Request,
  isTrial: boolean,
  resolve: (outcome: Outcome | Tried) => void,
): Waiting => {
  work.busy += 1;
  const waiting: Waiting = {
    request,
    isTrial,
    state: 'queued',
    settle(outcome) {
      if (waiting.state === 'settled') return;
      waiting.state = 'settled';
      work.busy -= 1;
      resolve(outcome);
    },
  };
  return waiting;
};

const enqueue = (work: Work, waiting: Waiting): void => {
  work.queue.push(waiting);
  if (!work.isWorking) void workOff(work);
};

/** Decides and appends until the queue is empty. */
const workOff = async (work: Work): Promise<void> => {
  const { options, queue } = work;
  work.isWorking = true;
  work.conflicts = 0;
  work.most = MAX_APPEND_COMMANDS;
  while (queue.length > 0) {
    let members: readonly Waiting[] | undefined;
    try {
      const state = work.state ?? (await refresh(work, []));
      const batch = decide(work, state);
      members = batch.members;
      if (batch.decided.length === 0 || (isNew(work, state) && (await mayBeDeleted(work, batch)))) {
        if (members.length > 0) await refresh(work, members);
        queue.unshift(...members);
        continue;
      }
      const result = await append(options, batch, state.revision);
      if (result?.ok && result.revision === batch.revision) finish(work, state, batch, result.position);
      else if (!result) abandon(work, members, { kind: 'unavailable', uncertain: true });
      else if (!result.ok && result.reason === 'too-large') halve(work, batch);
      else await resolveConflict(work, members);
    } catch (error) {
      abandon(work, members ?? queue.splice(0), failure(error, options.onError));
    }
  }
  work.isWorking = false;
};

/** Reads what is new in the stream. */
const refresh = async (work: Work, members: readonly Waiting[]): Promise<StreamState> => {
  const present = [...members, ...work.queue];
  let { state } = work;
  if (!state || work.isAssumed || !(await work.states.catchUp(state))) state = await work.states.load();
  work.state = state;
  work.isAssumed = false;
  for (const waiting of present) if (waiting.state === 'queued') waiting.state = 'confirmed';
  return state;
};

/** Returns whether the state is an assumption that no append has confirmed. */
const isNew = ({ isAssumed }: Work, { revision }: StreamState): boolean => isAssumed && revision < 0n;

/**
 * Returns whether the stream that a batch would begin was deleted: the store would let it begin again, at a later
 * revision. Not asked for the many streams that policies begin, because the read costs more than the append. Theirs is
 * found when it was appended.
 */
const mayBeDeleted = async ({ options }: Work, { decided }: AppendBatch): Promise<boolean> =>
  decided.some(({ waiting }) => !/^(?:policy|process):/.test(waiting.request.metadata.actor)) &&
  options.store.isCut(options.stream);

/** Takes the next batch from the queue, and settles the commands that need no append. */
const decide = (work: Work, state: StreamState): AppendBatch => {
  const { options, unchanged, queue, most } = work;
  const limits = { commands: isNew(work, state) ? 1 : most, bytes: MAX_APPEND_BYTES };
  const batch = decideBatch(options, { ...state, unchanged }, queue, limits);
  for (const { waiting, outcome } of batch.settled) settle(work, waiting, outcome);
  return batch;
};

/** Settles a command, and remembers an answer that no event contains. */
const settle = (work: Work, waiting: Waiting, outcome: Outcome | Tried | Repeated): void => {
  if (outcome.kind === 'repeated') return void answerRepeat(work, waiting, outcome.at);
  work.unchanged.add(waiting.request.metadata, outcome);
  waiting.settle(outcome);
};

/** Looks a repeat up beside the queue. A command that is not in the stream after all is queued again. */
const answerRepeat = async (work: Work, waiting: Waiting, at: bigint): Promise<void> => {
  try {
    const answer = await findAnswer(work.options, waiting.request, at);
    if (answer) return waiting.settle(answer);
    work.state?.recent.forget(waiting.request.metadata.commandId, at);
    enqueue(work, waiting);
  } catch (error) {
    waiting.settle(failure(error, work.options.onError));
  }
};

/** Answers a batch that was written, and takes over its state. */
const finish = (work: Work, state: StreamState, batch: AppendBatch, position: Position): void => {
  work.conflicts = 0;
  work.most = MAX_APPEND_COMMANDS;
  work.isAssumed = false;
  work.states.advance(state, batch);
  for (const { waiting, events, last } of batch.decided)
    waiting.settle({ kind: 'done', events, revision: last, position });
  for (const { waiting, outcome } of batch.resting)
    settle(work, waiting, outcome.kind === 'done' ? { ...outcome, position } : outcome);
  void snapshot(work, state);
};

/** Writes a snapshot if one is due. A state with erased data is dropped: the next command reads the stream. */
const snapshot = async (work: Work, state: StreamState): Promise<void> => {
  if (!(await work.states.snapshot(state)) && work.state === state) work.state = undefined;
};

/** Settles commands after a failure. The next command reads the stream again. */
const abandon = (work: Work, members: readonly Waiting[], outcome: Outcome): void => {
  work.state = undefined;
  for (const waiting of members) waiting.settle(outcome);
};

/** Queues a batch again that is too large for one append, and has fewer commands go into the next. */
const halve = (work: Work, { decided, members }: AppendBatch): void => {
  if (decided.length === 1) decided[0]?.waiting.settle({ kind: 'too-large' });
  work.most = Math.max(1, Math.floor(decided.length / 2));
  work.queue.unshift(...members.filter((member) => member.state !== 'settled'));
};

/** Reads what another process wrote, and queues the batch again unless others keep being faster. */
const resolveConflict = async (work: Work, members: readonly Waiting[]): Promise<void> => {
  const { observe, pause: wait = pause, random = machine.random } = work.options;
  if (!work.isAssumed) {
    observe?.conflicted?.();
    if (work.conflicts > 0) await wait(random() * 2 ** Math.min(work.conflicts, 6));
    work.conflicts += 1;
  }
  await refresh(work, members);
  if (work.conflicts <= MAX_CONFLICTS) {
    work.queue.unshift(...members);
    return;
  }
  work.conflicts = 0;
  for (const waiting of members) waiting.settle({ kind: 'conflicting' });
};

/** Returns the outcome of a command whose stream could not be read. */
const failure = (error: unknown, onError: (error: unknown) => void): Outcome => {
  if (error instanceof StoreUnavailableError) return { kind: 'unavailable', uncertain: false };
  onError(error);
  if (error instanceof TruncatedStreamError) return { kind: 'truncated', detail: error.message };
  if (error instanceof ForeignEventError) return { kind: 'foreign', detail: error.message };
  return error instanceof UnknownEventVersionError ? { kind: 'too-new' } : { kind: 'failed' };
};
