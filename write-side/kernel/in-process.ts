import type { CommandHandler, GivenCommand } from './command-handler.ts';
import type { StepsByCommand } from './command-steps.ts';
import type { Outcome } from './request.ts';
import { type Reply, type RunStepsOptions, runSteps } from './run-steps.ts';

/** Handles a command as if it had come over HTTP: with its side-effect steps. */
export type GiveCommand = (command: GivenCommand) => Promise<Outcome>;

/** Returns a function that handles commands of this process itself. It waits for their steps without a limit. */
export const inProcess = (
  handler: CommandHandler,
  stepsByCommand: StepsByCommand,
  options: Pick<RunStepsOptions, 'tail' | 'onError'>,
): GiveCommand => {
  const withSteps = new Map(
    Object.entries(stepsByCommand).map(([type, steps]) => [
      type,
      runSteps(steps, { handler, mayTakeLonger: true, ...options }),
    ]),
  );
  return async (given) => {
    const run = withSteps.get(given.type);
    if (!run) return handler.handle(given);
    let answered: Outcome | undefined;
    const answer = (outcome: Outcome) => {
      answered ??= outcome;
    };
    const reply: Reply = {
      isAnswered: () => answered !== undefined,
      isAbandoned: () => false,
      send: answer,
      sendAccepted: answer,
      orElse() {},
    };
    await run({ given, data: given.data as Record<string, unknown> }, reply);
    return answered!;
  };
};
