import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { readTail } from '../../platform/event-store/tail.ts';

/** Milliseconds for a store's answer, and between two reports. */
const ANSWER_WITHIN = 2_000;
const REPORT_EVERY = 5_000;

/** Returns a URL without user name and password. */
export const withoutPassword = (url: string): string => url.replace(/\/\/[^/?]*@/, '//');

/** A store and a question that it answers when it is reachable. */
export type Probe = { name: string; url: string; ask(): Promise<unknown> };

export const eventStoreProbe = (client: EventStoreClient, url: string): Probe => ({
  name: 'EVENTSTORE_URL',
  url,
  ask: () => readTail(client),
});

export const mongoProbe = (db: Db, url: string): Probe => ({
  name: 'MONGODB_URL',
  url,
  ask: () => db.command({ ping: 1 }),
});

type Log = { warn(line: string): void; info(line: string): void };

const reasonOf = (error: unknown): string =>
  withoutPassword(error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

const withinTime = (answer: Promise<unknown>, signal: AbortSignal): Promise<unknown> =>
  Promise.race([
    answer,
    pause(ANSWER_WITHIN, undefined, { signal }).then(() => {
      throw new Error(`no answer within ${ANSWER_WITHIN} ms`);
    }),
  ]);

/**
 * Reports each store that does not answer, at the start and every few seconds until it has answered once.
 * @returns a function that ends the reports
 */
export const reportUnreachable = (probes: readonly Probe[], log: Log, every = REPORT_EVERY): (() => void) => {
  const stopped = new AbortController();
  const { signal } = stopped;
  const watch = async ({ name, url, ask }: Probe): Promise<void> => {
    const store = `${name}=${withoutPassword(url)}`;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await withinTime(ask(), signal);
        if (failures > 0) log.warn(`${store} answers`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`${store} cannot be reached, trying again: ${reasonOf(error)}`);
      }
      await pause(every, undefined, { signal }).catch(() => {});
    }
  };
  for (const probe of probes) void watch(probe);
  return () => stopped.abort();
};
