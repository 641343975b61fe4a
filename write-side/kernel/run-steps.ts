import type { Position } from '../../platform/event-store/types.ts';
import { machine } from '../../platform/machine/machine.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import type { CommandHandler, GivenCommand } from './command-handler.ts';
import type { CommandRequest } from './command-request.ts';
import type { CommandSteps, Dispatch, Settled } from './command-steps.ts';
import type { Done, Outcome } from './request.ts';

/** The answer to one request. Only the first one is sent, and none to a client that has closed the connection. */
export type Reply = {
  isAnswered(): boolean;
  /** Whether the client no longer waits for the answer. */
  isAbandoned(): boolean;
  send(outcome: Outcome, body?: object): void;
  /** Sends 202. */
  sendAccepted(outcome: Done): void;
  /** Calls a function unless there is an answer in time, in place of the function before. */
  orElse(answer: () => void, milliseconds: number): void;
};

export type RunStepsOptions = {
  handler: CommandHandler;
  /** Whether the command may be answered with 202. */
  mayTakeLonger: boolean;
  /** The position of the store's newest event, for steps that a policy had done before. */
  tail(): Promise<Position>;
  onError(error: unknown): void;
};

/** Milliseconds for the steps after a command, unless it has its own. */
const SETTLE_WITHIN = 5_000;

/** Returns a function that handles a command with its steps, and answers the request. */
export const runSteps = (steps: CommandSteps, options: RunStepsOptions) => {
  let running = 0;
  return async (request: CommandRequest, reply: Reply): Promise<void> => {
    const { limit } = steps;
    if (limit && running >= limit.most) return reply.send({ kind: 'refused', refusal: limit.refusal });
    running += 1;
    try {
      await run(steps, options, request, reply);
    } finally {
      running -= 1;
    }
  };
};

const run = async (steps: CommandSteps, options: RunStepsOptions, { given, data }: CommandRequest, reply: Reply) => {
  const { handler, mayTakeLonger, tail, onError } = options;
  const { isAbandoned } = reply;
  const command = { ...given, correlationId: given.correlationId ?? machine.uuid(), isAbandoned };
  const dispatch = dispatchFor(handler, command);
  const outcome = await decide(steps, options, { given: command, data }, dispatch);
  if (outcome.kind !== 'done' || !steps.settle || reply.isAnswered()) return reply.send(outcome);

  const later = () =>
    mayTakeLonger ? reply.sendAccepted(outcome) : reply.send({ kind: 'unavailable', uncertain: true });
  reply.orElse(later, steps.settleWithin ?? SETTLE_WITHIN);
  const isRepeat = outcome.isReplayed && !given.isNamedByContent;
  const settled = await steps.settle(data, outcome.events, dispatch, isRepeat).catch((error): Settled => {
    onError(error);
    return { kind: 'later' };
  });
  if (settled.kind === 'later') return later();
  if (settled.kind === 'as-decided') return reply.send(outcome);
  if (settled.kind === 'refused') return reply.send(settled);
  const position = settled.position ?? (await tail().catch(() => undefined));
  reply.send({ ...outcome, revision: settled.revision, position }, settled.body);
};

const notDone: Outcome = { kind: 'unavailable', uncertain: false };

/**
 * Returns whether a command was done, or may still be: after an unknown outcome, or when its client has gone without an
 * answer, the same command comes again, perhaps at this moment and by another process.
 */
const mayBeDone = (outcome: Outcome): boolean =>
  outcome.kind === 'done' || outcome.kind === 'dropped' || (outcome.kind === 'unavailable' && outcome.uncertain);

/**
 * Decides a command after the steps before it. Those that change something run only after a trial, and are undone
 * unless the command may be done.
 */
const decide = async (
  { check, prepare, onlyReads, undo }: CommandSteps,
  { handler, onError }: RunStepsOptions,
  { given, data }: CommandRequest,
  dispatch: Dispatch,
): Promise<Outcome> => {
  if (prepare && !onlyReads?.(data)) {
    const tried = await handler.attempt(given);
    if (tried.kind !== 'tried') return tried;
  }
  const [refusal, prepared] = await Promise.all([check?.(data, dispatch), prepare?.(data, dispatch)]);
  if (prepared === 'unavailable') return notDone;
  const outcome =
    refusal === undefined
      ? await handler.handle({ ...given, ...defined({ prepared }) })
      : refusal === 'unavailable'
        ? notDone
        : { kind: 'refused' as const, refusal };
  if (prepared && !mayBeDone(outcome)) await undo?.(data, prepared, dispatch).catch(onError);
  return outcome;
};

/** Dispatches commands on behalf of the one that is being answered. */
const dispatchFor =
  (handler: CommandHandler, given: GivenCommand): Dispatch =>
  async ({ asCaller = false, isTrial = false, ...command }) => {
    const { actor, commandId, correlationId, traceparent, ownedBy, within } = given;
    const outcome = await (isTrial ? handler.attempt : handler.handle)({
      ...command,
      actor,
      ...(asCaller ? defined({ ownedBy, within }) : {}),
      ...defined({ correlationId, causationId: commandId, traceparent }),
    });
    if (outcome.kind === 'tried') return { kind: 'done', events: [], revision: -1n, position: undefined };
    return outcome.kind === 'done' || outcome.kind === 'refused' ? outcome : { kind: 'unavailable' };
  };
