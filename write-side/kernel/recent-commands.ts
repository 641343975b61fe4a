import { hash } from 'node:crypto';
import type { EventMetadata } from '../../platform/event-store/types.ts';
import type { Outcome } from './request.ts';

/** How many commands a stream remembers. A repeat after that many others is a new command. */
export const REMEMBERED_COMMANDS = 2_000;

/** Where a stream's latest commands wrote: command id → revision of its first event. */
export type RecentCommands = {
  find(commandId: string): bigint | undefined;
  /**
   * Remembers a command that can come again, as its fingerprint tells; the oldest is forgotten. A command that is known
   * stays where it was.
   */
  add(command: Pick<EventMetadata, 'commandId' | 'fingerprint'>, revision: bigint): void;
  /** Forgets a command that turned out not to have written at this revision. */
  forget(commandId: string, revision: bigint): void;
  readonly size: number;
  /** What a snapshot keeps of it. */
  save(): [key: string, revision: string][];
};

const LONG = 48;

/** Long ids are remembered by 72 bits of a hash: a collision only costs a look at the stream, where the id itself is. */
const keyOf = (commandId: string): string =>
  commandId.length < LONG ? commandId : hash('sha256', commandId, 'base64url').slice(0, 12);

/** @param saved what {@link RecentCommands.save} returned */
export const recentCommands = (saved: readonly [key: string, revision: string][] = []): RecentCommands => {
  const revisions = new Map<string, bigint>(saved.map(([key, revision]) => [key, BigInt(revision)]));
  return {
    find: (commandId) => revisions.get(keyOf(commandId)),
    add({ commandId, fingerprint }, revision) {
      if (fingerprint === '') return;
      const key = keyOf(commandId);
      if (revisions.has(key)) return;
      revisions.set(key, revision);
      if (revisions.size > REMEMBERED_COMMANDS) revisions.delete(revisions.keys().next().value as string);
    },
    forget(commandId, revision) {
      const key = keyOf(commandId);
      if (revisions.get(key) === revision) revisions.delete(key);
    },
    get size() {
      return revisions.size;
    },
    save: () => [...revisions].map(([key, revision]) => [key, revision.toString()]),
  };
};

/** Answers of a stream's latest commands that changed nothing: no event remembers them. */
export type UnchangedAnswers = {
  /** Returns the first answer, `key-reused` when the id was another command's, or undefined for a new command. */
  find(command: Pick<EventMetadata, 'commandId' | 'fingerprint'>): Outcome | undefined;
  /** Remembers the answer to a command that can come again, unless the command did something; the oldest is forgotten. */
  add(command: Pick<EventMetadata, 'commandId' | 'fingerprint'>, outcome: Outcome): void;
  readonly size: number;
};

export const unchangedAnswers = (): UnchangedAnswers => {
  const answers = new Map<string, { fingerprint: string; outcome: Outcome }>();
  return {
    find({ commandId, fingerprint }) {
      const known = answers.get(commandId);
      return known && (known.fingerprint === fingerprint ? known.outcome : { kind: 'key-reused' });
    },
    add({ commandId, fingerprint }, outcome) {
      if (fingerprint === '' || outcome.kind !== 'done' || outcome.events.length > 0) return;
      if (answers.has(commandId)) return;
      answers.set(commandId, { fingerprint, outcome });
      if (answers.size > REMEMBERED_COMMANDS) answers.delete(answers.keys().next().value as string);
    },
    get size() {
      return answers.size;
    },
  };
};
