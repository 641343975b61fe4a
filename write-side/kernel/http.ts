import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Position } from '../../platform/event-store/types.ts';
import { expressPath, jsonBody, withRefused } from '../../platform/http/app.ts';
import { ProblemError, problems } from '../../platform/http/problem.ts';
import { admit, admitUnscoped, type Identify } from '../../platform/identity/caller.ts';
import { machine, type Timer } from '../../platform/machine/machine.ts';
import { ruleOf } from '../../schemas/access.ts';
import type { CommandHttp, CommandSchema, ContextSchema } from '../../schemas/kernel/context.ts';
import { type CommandAnswers, commandAnswers } from './command-answer.ts';
import type { CommandHandler } from './command-handler.ts';
import { type CommandRequest, commandReader } from './command-request.ts';
import type { StepsByCommand } from './command-steps.ts';
import { door } from './door.ts';
import { type Reply, runSteps } from './run-steps.ts';

export type CommandRoutesOptions = {
  contexts: readonly ContextSchema[];
  handler: CommandHandler;
  /** Milliseconds until a command is answered with 503 when the event store does not answer. */
  answerWithin: number;
  /** Left out where sign-in is off. */
  identify?: Identify | undefined;
  /** The steps of commands that reach beyond their own stream. */
  steps?: StepsByCommand;
  /** The position of the store's newest event, for steps that a policy had done before. */
  tail(): Promise<Position>;
  /** Returns why commands are refused, if the event store is not the one that the views were made of. */
  finding?: (() => string | undefined) | undefined;
  /** Called with errors of the steps. */
  onError(error: unknown): void;
};

/** Returns the routes of every command that has one: validated, decided, and answered with revision and position. */
export const commandRoutes = (options: CommandRoutesOptions): Router => {
  const router = Router({ caseSensitive: true });
  const { finding = () => undefined } = options;
  const atTheDoor = [refusing(finding), door(options.answerWithin / 2)];
  for (const context of options.contexts) {
    for (const [type, schema] of Object.entries(context.commands)) {
      if (schema.http) addRoute(router, atTheDoor, options, context, type, schema, schema.http);
    }
  }
  const routes = options.contexts.flatMap(({ commands }) => Object.entries(commands));
  const impossible = routes.flatMap(([type, { http }]) =>
    http?.needsSteps && !Object.hasOwn(options.steps ?? {}, type) ? [http] : [],
  );
  return withRefused(router, impossible);
};

/** Refuses every command while there is a finding. */
const refusing =
  (finding: () => string | undefined): RequestHandler =>
  (_req, _res, next) => {
    const reason = finding();
    next(reason === undefined ? undefined : new ProblemError(problems.wrongEventStore(reason)));
  };

const addRoute = (
  router: Router,
  atTheDoor: readonly RequestHandler[],
  { handler, answerWithin, identify, steps: stepsByCommand = {}, tail, onError }: CommandRoutesOptions,
  context: ContextSchema,
  type: string,
  schema: CommandSchema,
  http: CommandHttp,
): void => {
  const read = commandReader(type, schema, http, handler);
  const answers = commandAnswers(context, type, http, handler);
  const steps = Object.hasOwn(stepsByCommand, type) ? stepsByCommand[type] : undefined;
  const mayTakeLonger = http.mayTakeLonger === true;
  const handleWithSteps = steps && runSteps(steps, { handler, mayTakeLonger, tail, onError });
  const admission = [admit(identify, ruleOf(context, type), context), ...(http.everywhere ? [admitUnscoped] : [])];
  const guards = [...admission, ...atTheDoor, jsonBody];
  const method = http.method.toLowerCase() as 'post' | 'put' | 'patch' | 'delete';

  router[method](expressPath(http.path), guards, async (req: Request, res: Response) => {
    const request = read(req, res);
    const reply = replyTo(res, request, answers);
    reply.orElse(() => reply.send({ kind: 'unavailable', uncertain: true }), answerWithin);
    if (handleWithSteps) return handleWithSteps(request, reply);
    reply.send(await handler.handle({ ...request.given, isAbandoned: reply.isAbandoned }));
  });
};

const replyTo = (res: Response, { data }: CommandRequest, answers: CommandAnswers): Reply => {
  let isAnswered = false;
  let timer: Timer | undefined;
  /** Returns whether an answer may be sent. */
  const begin = (): boolean => {
    if (isAnswered) return false;
    isAnswered = true;
    machine.clearTimer(timer);
    return !res.destroyed;
  };
  return {
    isAnswered: () => isAnswered,
    isAbandoned: () => isAnswered || res.destroyed,
    send(outcome, body) {
      if (begin()) answers.send(res, data, outcome, body);
    },
    sendAccepted(outcome) {
      if (begin()) answers.sendAccepted(res, data, outcome);
    },
    orElse(answer, milliseconds) {
      machine.clearTimer(timer);
      timer = machine.setTimer(answer, milliseconds);
    },
  };
};
