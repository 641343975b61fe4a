import { withDeadline } from '../../platform/machine/deadline.ts';
import { machine, pause } from '../../platform/machine/machine.ts';
import { messageOf } from '../../platform/subscriptions/transient.ts';

/** Milliseconds for a store's answer, and between two reports. */
const ANSWER_WITHIN = 2_000;
const REPORT_EVERY = 5_000;

/** Returns a URL without user name and password. */
export const withoutPassword = (url: string): string => url.replace(/\/\/[^/?]*@/, '//');

export type Warnings = { warn(line: string): void; error(line: string): void };

const reasonOf = (error: unknown): string => withoutPassword(messageOf(error)).split('\n')[0] ?? '';

/**
 * Reports a store that does not answer: at the start every few seconds until it has answered once, later once when it
 * is lost and once when it is back.
 * @param store the setting with its URL: `MONGODB_URL=mongodb://…`
 * @param ask asks the store something
 * @param patience milliseconds in which a store that starts with this process is not reported
 * @returns a function that ends the reports
 */
export const reportUnreachable = (
  store: string,
  ask: () => Promise<unknown>,
  log: Warnings,
  patience = 0,
): (() => void) => {
  const stopped = new AbortController();
  const { signal } = stopped;
  const name = withoutPassword(store);
  const began = machine.elapsed();

  /** Returns why there is no answer, undefined when there is one. */
  const problem = async (): Promise<string | undefined> => {
    const within = Math.max(ANSWER_WITHIN, patience - (machine.elapsed() - began));
    try {
      await withDeadline(ask(), within, () => new Error(`no answer within ${within.toFixed(0)} ms`));
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  };

  const watch = async (): Promise<void> => {
    let hasAnswered = false;
    let reportedAt: number | undefined;
    for (; !signal.aborted; await pause(REPORT_EVERY, { signal })) {
      const reason = await problem();
      if (signal.aborted) return;
      const now = machine.elapsed();
      if (reason === undefined) {
        if (reportedAt !== undefined) log.warn(`${name} answers, after ${((now - reportedAt) / 1000).toFixed(0)} s`);
        hasAnswered = true;
        reportedAt = undefined;
      } else if (!hasAnswered && now - began >= patience) {
        log.warn(`${name} cannot be reached, trying again: ${reason}`);
        reportedAt ??= now;
      } else if (hasAnswered && reportedAt === undefined) {
        log.error(`${name} does not answer any more: ${reason}`);
        reportedAt = now;
      }
    }
  };
  void watch();
  return () => stopped.abort();
};
