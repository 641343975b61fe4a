import { LRUCache } from 'lru-cache';
import { machine } from '../machine/machine.ts';
import { LeaseUncertainError, WriteConflictError } from './consumer.ts';
import { isOutOfSpace, isTransient, messageOf } from './transient.ts';

export type Level = 'info' | 'warn' | 'error';

/** Takes a line for operators; its level is info where none is given. */
export type LogLine = (line: string, level?: Level) => void;

/** A consumer's work takes so long that the others continue without it. */
export class SlowError extends Error {
  override readonly name = 'SlowError';
}

/** A cause that many consumers have at the same time: it is logged for the first one, and when the last one is well. */
type Cause = { name: string; level: Level; quiet: number };

/** Milliseconds after its last line in which a cause is not logged again. */
const QUIET = 10_000;
const SLOW_QUIET = 60_000;

const DISK_FULL: Cause = { name: 'full', level: 'error', quiet: QUIET };
const STORE_AWAY: Cause = { name: 'away', level: 'warn', quiet: QUIET };
const LOST_RACE: Cause = { name: 'race', level: 'info', quiet: QUIET };
const SLOW: Cause = { name: 'slow', level: 'info', quiet: SLOW_QUIET };

const causeOf = (who: string, error: unknown): Cause => {
  if (isOutOfSpace(error)) return DISK_FULL;
  if (error instanceof LeaseUncertainError || error instanceof WriteConflictError) return LOST_RACE;
  if (error instanceof SlowError) return SLOW;
  if (isTransient(error)) return STORE_AWAY;
  return { name: `${who}: ${messageOf(error)}`, level: 'error', quiet: QUIET };
};

/** The failures that consumers and jobs of a group retry. */
export type Troubles = {
  /** Notes the failure of an attempt. @param key of those whose keys fail independently */
  note(who: string, error: unknown, key?: string): void;
  /** Notes a success, or that there are no more attempts. */
  over(who: string, key?: string): void;
  /** Notes that a consumer, with all of its keys, is no longer this process's. */
  forget(who: string): void;
  /** For `/readyz`: fails while MongoDB has no disk space for what the group writes. */
  disk(): Promise<{ ok: boolean; detail?: string }>;
};

type Trouble = { cause: Cause; who: Set<string>; message: string; since: number; isLogged: boolean };

/**
 * Logs a trouble when it begins and when it is over, and not at each attempt. @param group names those that are in it
 */
export const troublesOf = (group: string, log: LogLine): Troubles => {
  const current = new Map<string, Trouble>();
  const loggedAt = new LRUCache<string, number>({ max: 500 });

  const leave = (isGone: (id: string) => boolean, except?: Trouble): void => {
    for (const trouble of current.values()) {
      if (trouble === except) continue;
      const { cause, who, since, isLogged, message } = trouble;
      for (const id of who) if (isGone(id)) who.delete(id);
      if (who.size > 0) continue;
      current.delete(cause.name);
      const seconds = ((machine.elapsed() - since) / 1000).toFixed(1);
      const level = cause.level === 'error' ? 'warn' : cause.level;
      if (isLogged && cause !== SLOW) log(`${group}: over after ${seconds} s: ${message}`, level);
    }
  };
  const only = (id: string) => (other: string) => other === id;

  return {
    note(who, error, key = '') {
      const cause = causeOf(who, error);
      const now = machine.elapsed();
      const message = `${who}: ${messageOf(error)}`;
      const trouble = current.get(cause.name) ?? { cause, who: new Set(), message, since: now, isLogged: false };
      current.set(cause.name, trouble);
      const id = `${who} ${key}`;
      leave(only(id), trouble);
      trouble.who.add(id);
      if (trouble.isLogged || now - (loggedAt.get(cause.name) ?? Number.NEGATIVE_INFINITY) < cause.quiet) return;
      trouble.isLogged = true;
      trouble.message = message;
      loggedAt.set(cause.name, now);
      log(message, cause.level);
    },
    over(who, key = '') {
      if (current.size > 0) leave(only(`${who} ${key}`));
    },
    forget(who) {
      leave((id) => id.startsWith(`${who} `));
    },
    async disk() {
      const full = current.get(DISK_FULL.name);
      return full ? { ok: false, detail: full.message } : { ok: true };
    },
  };
};
