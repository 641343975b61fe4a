import { randomUUID } from 'node:crypto';
import type { Position } from '../../platform/event-store/types.ts';
import type { Done } from './command-answer.ts';
import type { CommandHandler, GivenCommand } from './command-handler.ts';
import type { CommandRequest } from './command-request.ts';
import type { Around, Give, Settled } from './command-steps.ts';
import type { Outcome } from './request.ts';

/** The answer to one request. Only the first one is sent, and none to a client that has closed the connection. */
export type Reply = {
  isAnswered(): boolean;
  /** Whether nobody waits for the answer any more. */
  isAbandoned(): boolean;
  send(outcome: Outcome, body?: object): void;
  /** Sends 202. */
  sendAccepted(outcome: Done): void;
  /** Calls a function unless there is an answer in time, in place of the function before. */
  orElse(answer: () => void, milliseconds: number): void;
};

export type RunAroundOptions = {
  handler: CommandHandler;
  /** Whether the command may be answered with 202. */
  mayTakeLonger: boolean;
  /** The position of the store's newest event, for steps that a policy had done before. */
  tail: (() => Promise<Position>) | undefined;
  onError(error: unknown): void;
};

/** Milliseconds for the steps after a command, unless it has its own. */
const SETTLE_WITHIN = 5_000;

/** Returns a function that handles a command with the steps around it, and answers its request. */
export const runAround = (around: Around, options: RunAroundOptions) => {
  let running = 0;
  return async (request: CommandRequest, reply: Reply): Promise<void> => {
    const { atMost } = around;
    if (atMost && running >= atMost.count) return reply.send({ kind: 'refused', refusal: atMost.refusal });
    running += 1;
    try {
      await run(around, options, request, reply);
    } finally {
      running -= 1;
    }
  };
};

const run = async (around: Around, options: RunAroundOptions, { given, data }: CommandRequest, reply: Reply) => {
  const { handler, mayTakeLonger, tail, onError } = options;
  const command = { ...given, correlationId: given.correlationId ?? randomUUID() };
  const give = giveFor(handler, command);
  const refusal = await around.before?.(data, give);
  if (refusal) return reply.send({ kind: 'refused', refusal });
  const outcome = await handler.handle({ ...command, isAbandoned: reply.isAbandoned });
  if (outcome.kind !== 'done' || !around.after || reply.isAnswered()) return reply.send(outcome);

  const later = () =>
    mayTakeLonger ? reply.sendAccepted(outcome) : reply.send({ kind: 'unavailable', uncertain: true });
  reply.orElse(later, around.within ?? SETTLE_WITHIN);
  const settled = await around.after(data, outcome.events, give).catch((error): Settled => {
    onError(error);
    return { kind: 'later' };
  });
  if (settled.kind === 'later') return later();
  if (settled.kind === 'refused') return reply.send(settled);
  const position = settled.position ?? (await tail?.().catch(() => undefined));
  reply.send({ ...outcome, revision: settled.revision, position }, settled.body);
};

/** Gives commands in the name of the one that is being answered. */
const giveFor =
  (handler: CommandHandler, { actor, commandId, correlationId, traceparent }: GivenCommand): Give =>
  async (command) => {
    const outcome = await handler.handle({
      ...command,
      actor,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(commandId === undefined ? {} : { causationId: commandId }),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    return outcome.kind === 'done' || outcome.kind === 'refused' ? outcome : { kind: 'unavailable' };
  };
