import { withDeadline } from '../../platform/machine/deadline.ts';
import { pause } from '../../platform/machine/machine.ts';
import { messageOf } from '../../platform/subscriptions/transient.ts';

/** Milliseconds for a store's answer, and between two reports. */
const ANSWER_WITHIN = 2_000;
const REPORT_EVERY = 5_000;

/** Returns a URL without user name and password. */
export const withoutPassword = (url: string): string => url.replace(/\/\/[^/?]*@/, '//');

export type Warnings = { warn(line: string): void };

const reasonOf = (error: unknown): string => withoutPassword(messageOf(error)).split('\n')[0] ?? '';

const late = () => new Error(`no answer within ${ANSWER_WITHIN} ms`);

/**
 * Reports a store that does not answer, at the start and every few seconds until it has answered once.
 * @param store the setting with its URL: `MONGODB_URL=mongodb://…`
 * @param ask asks the store something
 * @returns a function that ends the reports
 */
export const reportUnreachable = (store: string, ask: () => Promise<unknown>, log: Warnings): (() => void) => {
  const stopped = new AbortController();
  const { signal } = stopped;
  const name = withoutPassword(store);
  const watch = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await withDeadline(ask(), ANSWER_WITHIN, late);
        if (failures > 0) log.warn(`${name} answers`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`${name} cannot be reached, trying again: ${reasonOf(error)}`);
      }
      await pause(REPORT_EVERY, { signal });
    }
  };
  void watch();
  return () => stopped.abort();
};
