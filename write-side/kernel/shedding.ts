import type { RequestHandler } from 'express';
import { problems, sendProblem } from '../../platform/http/problem.ts';
import { pause } from '../../platform/machine/machine.ts';
import type { CommandHandler } from './command-handler.ts';

/** Milliseconds that a refusal is held back, at least: clients that repeat at once come more slowly. */
const HELD_BACK = 500;
/** Refusals a second: beyond, they are held back for longer, so that they leave time for the commands in flight. */
const MOST_REFUSALS = 500;

/**
 * Refuses a command with 503 `overloaded`, before its body is read, while a new one would wait for too long: it would
 * be given up by its client or by its time limit, after it has taken the time of others.
 * @param patience milliseconds
 */
export const shedding = (handler: Pick<CommandHandler, 'expectedWait'>, patience: number): RequestHandler => {
  let held = 0;
  return async (_req, res, next) => {
    if (handler.expectedWait() <= patience) return next();
    held += 1;
    await pause(Math.max(HELD_BACK, (held * 1_000) / MOST_REFUSALS));
    held -= 1;
    if (!res.destroyed) sendProblem(res, problems.overloaded());
  };
};
