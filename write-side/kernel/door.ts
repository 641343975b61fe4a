import type { RequestHandler, Response } from 'express';
import { currentClient } from '../../platform/http/client.ts';
import { fairQueue } from '../../platform/http/fair-queue.ts';
import { problems, sendProblem } from '../../platform/http/problem.ts';
import { machine, pause } from '../../platform/machine/machine.ts';
import { expectedWait } from './expected-wait.ts';

/**
 * Milliseconds of work that commands in flight may make. Enough to keep the event store busy; a client with few
 * commands waits for no more than this, however many others send.
 */
const IN_FLIGHT_FOR = 100;

/** Milliseconds that a refusal is held back, at least: clients that repeat at once come more slowly. */
const HELD_BACK = 500;
/** Refusals a second: beyond, they are held back for longer, so that they leave time for the commands in flight. */
const MOST_REFUSALS = 500;

/**
 * Lets commands in before their bodies are read, while those in flight are soon done. The others wait outside, where
 * clients take turns. A command that would wait for too long is refused with 503: it would be given up by its client or
 * by its time limit, after it has taken the time of others.
 * @param patience milliseconds
 */
export const door = (patience: number): RequestHandler => {
  const wait = expectedWait();
  const queue = fairQueue<() => void>();
  let held = 0;

  const isOpen = () => wait.of(0) <= IN_FLIGHT_FOR;

  const letIn = (): void => {
    while (queue.size > 0 && isOpen()) queue.take()?.();
  };

  /** Counts a command as in flight until it is answered. */
  const enter = (res: Response): void => {
    const leave = wait.enter();
    res.once('close', () => {
      leave(res.headersSent && res.statusCode !== 503);
      letIn();
    });
  };

  const refuse = async (res: Response): Promise<void> => {
    const problem = wait.isSilent(2 * patience)
      ? problems.eventStoreUnavailable('It answers no command')
      : problems.overloaded();
    held += 1;
    await pause(Math.max(HELD_BACK, (held * 1_000) / MOST_REFUSALS));
    held -= 1;
    if (!res.destroyed) sendProblem(res, problem);
  };

  /** @returns whether the command's turn came in time */
  const turn = (res: Response): Promise<boolean> =>
    new Promise((resolve) => {
      let isLate = false;
      const timer = machine.setTimer(() => {
        isLate = true;
        resolve(false);
      }, patience);
      queue.add(currentClient(), () => {
        if (isLate) return;
        machine.clearTimer(timer);
        if (!res.destroyed) enter(res);
        resolve(!res.destroyed);
      });
    });

  return async (_req, res, next) => {
    if (queue.size === 0 && isOpen()) enter(res);
    else if (wait.of(queue.before(currentClient())) > patience || !(await turn(res))) return refuse(res);
    next();
  };
};
