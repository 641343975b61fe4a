import type { Response } from 'express';
import { formatPosition } from '../../platform/event-store/types.ts';
import { type Problem, problem, problems, sendJson, sendProblem } from '../../platform/http/problem.ts';
import type { CommandHttp, ContextSchema } from '../../schemas/kernel/context.ts';
import type { CommandHandler } from './command-handler.ts';
import { fillPath } from './command-request.ts';
import type { Refusal } from './decider.ts';
import type { Done, Limit, Outcome } from './request.ts';

type Data = Record<string, unknown>;

/** Answers the requests of one route. */
export type CommandAnswers = {
  /** Sends the outcome of a command. @param body further fields of the answer */
  send(res: Response, data: Data, outcome: Outcome, body?: object): void;
  /** Sends 202: the command was done, and steps that belong to it have not ended. */
  sendAccepted(res: Response, data: Data, outcome: Done): void;
};

/** Returns how requests for a command are answered. */
export const commandAnswers = (
  context: ContextSchema,
  type: string,
  { status, location }: CommandHttp,
  handler: Pick<CommandHandler, 'answer'>,
): CommandAnswers => {
  const headersOf = (data: Data, { position, isReplayed }: Done): Record<string, string> => ({
    Location: fillPath(location, data),
    ...(isReplayed ? { 'Idempotent-Replayed': 'true' } : {}),
    ...(position === undefined ? {} : { 'Event-Position': formatPosition(position) }),
  });
  return {
    send(res, data, outcome, body) {
      if (outcome.kind !== 'done') return sendOutcomeProblem(res, context, outcome);
      const { events, revision } = outcome;
      const headers = { ETag: `"${revision}"`, ...headersOf(data, outcome) };
      sendJson(res, status, { ...handler.answer({ type, data }, events), ...body }, headers);
    },
    sendAccepted: (res, data, outcome) =>
      sendJson(res, 202, handler.answer({ type, data }, outcome.events), headersOf(data, outcome)),
  };
};

const sendOutcomeProblem = (res: Response, context: ContextSchema, outcome: Exclude<Outcome, Done>): void => {
  const limit = outcome.kind === 'overloaded' ? outcome.limit : undefined;
  sendProblem(res, outcomeProblem(context, outcome), limit && rateLimitHeaders(limit));
};

/** The limit that was reached, by draft-ietf-httpapi-ratelimit-headers. */
const rateLimitHeaders = ({ name, most }: Limit): Record<string, string> => ({
  'RateLimit-Policy': `"${name}";q=${most};qu="concurrent-requests"`,
  RateLimit: `"${name}";r=0`,
});

const outcomeProblem = (context: ContextSchema, outcome: Exclude<Outcome, Done>): Problem => {
  switch (outcome.kind) {
    case 'refused':
      return refusalProblem(context, outcome.refusal);
    case 'not-owner':
      return problems.notFound();
    case 'stale':
      return problems.preconditionFailed(
        outcome.revision < 0n ? 'it does not exist' : `it stands at "${outcome.revision}"`,
      );
    case 'key-reused':
      return problems.keyReused();
    case 'too-large':
      return problems.tooLarge();
    case 'conflicting':
      return problems.tooManyConflicts();
    case 'overloaded':
    case 'dropped':
      return problems.overloaded();
    case 'unavailable':
      return problems.eventStoreUnavailable(
        outcome.uncertain
          ? 'The command may have been done: repeat it with the same Idempotency-Key'
          : 'The command was not done',
      );
    case 'failed':
      return problems.internal();
    case 'too-new':
      return problems.writtenByNewer();
    case 'foreign':
      return problems.foreignEvent(outcome.detail);
    case 'truncated':
      return problems.streamTruncated(outcome.detail);
    default:
      return outcome satisfies never;
  }
};

const refusalProblem = (context: ContextSchema, { refused, ...shown }: Refusal): Problem => {
  const known = context.problems[refused];
  if (!known) throw new Error(`${context.name} declares no problem ${refused}`);
  const { status, title, ...usual } = known;
  return problem(status, refused, title, { ...usual, ...shown });
};
